"""Severity: the one table of thresholds, each with where its number comes from.

A flag says how often benign account-days look like this, in units of the
alarm budget that the operator stated. Nothing above ``info`` rests on one
group of signals, and nothing above ``low`` is said that the calibration is
too small to support.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from detectors.core.calibration import Calibration
    from detectors.core.fusion import Fused


@dataclass(frozen=True, slots=True)
class Thresholds:
    """What the severities mean in numbers."""

    group: float = 0.05
    """p-value below which a group counts as out of line. The usual level of a single test; with
    two such groups demanded, and the budget on top, it decides the words, not the alarm rate."""
    lone: float = 0.005
    """p-value of a single group worth an ``info``: rarer than one benign evaluation in 200, so that
    the listing is not flooded by every heavy customer."""
    medium: float = 1.0
    """Share of the alarm budget within which an analyst is asked to look: all of it, by definition."""
    high: float = 0.1
    critical: float = 0.01


THRESHOLDS = Thresholds()


def severity(fused: Fused, calibration: Calibration, budget: float) -> str | None:
    """``info`` to ``critical``, or None where nothing is worth a flag.

    Parameters
    ----------
    fused
        The entity's combined score.
    calibration
        Of the entity's scope.
    budget
        False alerts of ``medium`` or above per benign account-day that the operator accepts.

    """
    out_of_line = sum(p <= THRESHOLDS.group for p in fused.groups.values())
    if out_of_line >= 2:
        rate = calibration.assured(fused.score)
        for name in ("critical", "high", "medium"):
            if rate <= getattr(THRESHOLDS, name) * budget:
                return name
        return "low"
    lone = min(fused.groups.values(), default=1.0) <= THRESHOLDS.lone
    return "info" if lone else None


def unsupported(calibration: Calibration, budget: float) -> str | None:
    """Why no flag can be ``medium`` at this budget, and what is needed; None where it can."""
    if calibration.supports(budget):
        return None
    return (
        f"a budget of {budget:g} false alerts per benign account-day needs {calibration.needed(budget):,} benign"
        f" account-days, the baseline has {calibration.n:,}: flags stay at low until it has them"
    )
