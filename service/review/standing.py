"""Standing: which campaigns are one by now, by what reviewers said and by what was seen since."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from service.model.campaign import Correction
    from service.model.flag import Flag

    Corrections = Mapping[str, Correction]


@dataclass(slots=True)
class Standing:
    """Where every campaign belongs. What a reviewer said of one goes before what was seen of it."""

    corrections: Corrections
    joined: Mapping[str, str] = field(default_factory=dict)
    """Campaign -> the one that it was seen to be."""
    ones: Mapping[str, tuple[str, ...]] = field(init=False)
    """Campaign -> those that were seen to be part of it, in order of their ids: its flags speak for them too."""

    def __post_init__(self) -> None:
        ones: dict[str, list[str]] = defaultdict(list)
        for old, new in sorted(self.joined.items()):
            name = self.root(old)
            if self.root(new) == name:
                ones[name].append(old)
        self.ones = {name: tuple(some) for name, some in ones.items()}

    @classmethod
    def of(cls, flags: Iterable[Flag], corrections: Corrections) -> Standing:
        """By these flags, of which a later one in the list has the last word.

        Newest first, so that what a reviewer did with a campaign goes on for those that were part of it by then.
        """
        return cls(corrections, {old: flag.entity.value for flag in flags for old in flag.joined})

    def root(self, name: str) -> str:
        """The campaign that a campaign is part of by now."""
        path = [self._told(name)]
        while (new := self.joined.get(path[-1])) is not None:
            at = self._told(new)
            if at in path:
                # What people and the machine said goes round: all of these are one.
                return min(path[path.index(at) :])
            path.append(at)
        return path[-1]

    def merged(self, name: str) -> str:
        """The campaign that a reviewer put it into; empty where nobody did."""
        correction = self.corrections.get(name)
        return correction.into if correction else ""

    def _told(self, name: str) -> str:
        """Where it belongs by what reviewers said alone."""
        seen = {name}
        while (at := self.merged(name)) and at not in seen:
            name = at
            seen.add(name)
        return name
