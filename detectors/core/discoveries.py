"""Discoveries: which of a day's accounts stand out when all of them were looked at (e-BH).

The calibration bounds alarms for each benign account-day. Where thousands of
accounts are looked at, some alarm by chance; e-BH says which may be called
discoveries so that of these at most a share ``level`` is expected to be
false, whatever the dependence between accounts (they share a calibration).

A calibrated p-value becomes an e-value by 1 / 2 · p^(-1/2), whose mean is at most 1
where p is uniform or larger. An account has one p-value a day, that of its highest score:
nothing is multiplied over the windows of a day, since they share the account's own mean.

Weakness: with n calibration account-days no e-value exceeds √(n + 1) / 2, so among
m accounts there is no discovery with fewer than 2 · m / (level · √(n + 1)) of them at
that bound. It tells a wave from chance, not a single account.

References
----------
[^1]: Wang, R., Ramdas, A., 2022. False Discovery Rate Control with E-values. JRSS B 84.
[^2]: Vovk, V., Wang, R., 2021. E-values: Calibration, Combination and Applications. Annals of Statistics 49.

"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence

LEVEL = 0.05


def e_value(p_value: float) -> float:
    """The e-value of a p-value."""
    return 0.5 / math.sqrt(p_value)


def discoveries(p_values: Sequence[float], level: float = LEVEL) -> list[int]:
    """Places of the accounts that are discoveries, in the order given.

    Parameters
    ----------
    p_values
        One of every account that was looked at that day.
    level
        Expected share of false ones among them, at most.

    """
    order = sorted(range(len(p_values)), key=lambda i: p_values[i])
    found = 0
    for k, place in enumerate(order, 1):
        if e_value(p_values[place]) >= len(p_values) / (level * k):
            found = k
    return sorted(order[:found])
