"""Known: what has been learnt, and accounts are judged by."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from service.model.entity import Scope

if TYPE_CHECKING:
    from detectors.core.baseline import Baselines
    from detectors.core.combiner import Combiner


@dataclass(frozen=True, slots=True)
class Known:
    """Baseline and combiner."""

    baselines: Baselines
    combiner: Combiner

    @property
    def days(self) -> int:
        """Benign account-days that calibrate it."""
        return self.baselines.calibration(Scope.ACCOUNT).n
