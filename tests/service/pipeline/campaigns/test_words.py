"""What is said of a campaign, in numbers that a person reads."""

from __future__ import annotations

import pytest

from service.pipeline.campaigns.words import together


@pytest.mark.parametrize(
    ("share", "median", "said"),
    [(1.0, 0.0, ("100 % of", "honest groups: 0 %")), (0.0312, 0.995, ("3.1 % of", "honest groups: 100 %"))],
)
def test_a_share_is_said_without_powers_of_ten(share: float, median: float, said: tuple[str, str]) -> None:
    """All of them is 100 %, and a small share keeps two digits."""
    text = together("network", share, median)
    assert all(part in text for part in said), text
