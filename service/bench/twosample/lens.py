"""Lens: texts to features, and sums of features over a window and over the rest to statistics."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Protocol

if TYPE_CHECKING:
    from collections.abc import Sequence

    import numpy as np
    from numpy.typing import NDArray

    from service.bench.twosample.views import Views


class Lens(Protocol):
    """One way to look at texts. ``fit`` comes first and once, on the reference half."""

    @property
    def statistics(self) -> Sequence[str]:
        """Names of what ``compare`` gives; high values say that the window is not like the rest."""
        ...

    @property
    def pooled(self) -> bool:
        """Whether features are the same whatever was fitted, so that the reference may join the rest."""
        ...

    def fit(self, reference: Views) -> None:
        """Learn what is benign."""
        ...

    def features(self, texts: Views) -> Any:
        """A row of features a text, dense or sparse."""
        ...

    def compare(self, window: NDArray[np.float64], n: int, rest: NDArray[np.float64], m: int) -> NDArray[np.float64]:
        """The statistics of windows, of shape (windows, statistics).

        Parameters
        ----------
        window
            Sums of features over the ``n`` texts of each window, shape (windows, features).
        rest
            Sums over the ``m`` texts that each is compared with, same shape.

        """
        ...
