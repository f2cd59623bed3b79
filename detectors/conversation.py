"""Conversation: what people and agents leave behind, and harvests hardly do. It clears; it convicts nobody.

Four things: queries that go on with a conversation of the caller's own (from
the Trail), requests that carry earlier turns of the model, sessions in which
tools gave something back, and end users whose queries come one by one and who
come again. Each is a share of the queries, and the combiner may only count it
in the caller's favour.

Weakness: each can be made up for a price: earlier turns cost tokens, end users
cost a rhythm. A client that trims its turns looks as if it had none.

References
----------
[^1]: Zheng, L. et al., 2024. LMSYS-Chat-1M: A Large-Scale Real-World LLM
      Conversation Dataset. ICLR (how people go on).
[^2]: Wang, Y. et al., 2023. Self-Instruct: Aligning Language Models with
      Self-Generated Instructions. ACL (single turns are what is harvested).

"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar

import numpy as np

from detectors.core.detector import Group, Measurement, Score, SignalSpec
from detectors.core.judge import judge, quantity, rounded
from detectors.sketches import hll

if TYPE_CHECKING:
    from collections.abc import Mapping

    from detectors.core.baseline import Baseline
    from detectors.core.observation import Observations
    from detectors.core.state import State

USERS = 256
MINUTE = 60.0
SHOWN = 0.1
"""Share from which it is worth a sentence to the reviewer."""
_MIX = np.uint64(0x9E3779B97F4A7C15)
_COUNTS = ("continued", "carried", "tools", "named", "seen")
STATE = np.dtype([("users", "u1", USERS), ("minutes", "u1", USERS), *((name, "<u8") for name in _COUNTS)])


@dataclass(frozen=True, slots=True, kw_only=True)
class Conversation:
    """Shares of queries that belong to a session or to a person.

    Parameters
    ----------
    grace
        Queries before the first score.

    """

    name: ClassVar[str] = "conversation"
    version: ClassVar[int] = 1
    group: ClassVar[Group] = Group.CONTENT
    scopes: ClassVar[frozenset[str]] = frozenset({"account", "org", "end_user"})
    signals: ClassVar[Mapping[str, SignalSpec]] = {
        "conversation.continued_share": SignalSpec(
            unit="%", tail=None, clears=True, words="{value} of queries continue an earlier conversation"
        ),
        "conversation.carried_share": SignalSpec(
            unit="%", tail=None, clears=True, words="{value} of requests carry earlier turns of the model"
        ),
        "conversation.tool_share": SignalSpec(
            unit="%", tail=None, clears=True, words="{value} of requests carry what a tool gave back"
        ),
        "conversation.people_share": SignalSpec(
            unit="%",
            tail=None,
            clears=True,
            words="{value} of queries come from end users who ask at their leisure and come again",
        ),
        "conversation.users": SignalSpec(unit="end users", tail=None, words="about {value} were named"),
    }

    grace: int = 20

    def empty(self) -> State:
        """Nothing seen."""
        return np.zeros((), STATE)

    def update(self, state: State, batch: Observations) -> State:
        """The counts with the batch in them."""
        out = state.copy()
        out["seen"] += np.uint64(len(batch))
        out["continued"] += np.uint64(np.count_nonzero(batch.continues))
        carried = batch.depth > 0
        out["carried"] += np.uint64(np.count_nonzero(carried))
        out["tools"] += np.uint64(np.count_nonzero(carried & batch.tools))
        named = np.flatnonzero(batch.end_user)
        if len(named):
            users = batch.end_user[named]
            slots = (batch.time[named] // MINUTE).astype(np.uint64) * _MIX
            # Of two keyed digests or a digest and a count, one odd multiple each: uniform again.
            out["users"] = hll.add(state["users"], users)
            out["minutes"] = hll.add(state["minutes"], (users ^ slots) * _MIX ^ (users >> np.uint64(29)))
            out["named"] += np.uint64(len(named))
        return out

    def merge(self, a: State, b: State) -> State:
        """The counts of both."""
        out = a.copy()
        for name in ("users", "minutes"):
            out[name] = hll.merge(a[name], b[name])
        for name in _COUNTS:
            out[name] += b[name]
        return out

    def measure(self, state: State, at: float) -> Measurement | None:  # noqa: ARG002 - shares do not age
        """Shares of the queries; None below ``grace`` of them."""
        seen = int(state["seen"])
        if seen < self.grace:
            return None
        users = hll.estimate(state["users"])
        values = {
            "conversation.continued_share": int(state["continued"]) / seen,
            "conversation.carried_share": int(state["carried"]) / seen,
            "conversation.tool_share": int(state["tools"]) / seen,
            "conversation.people_share": people(int(state["named"]), users, hll.estimate(state["minutes"])) / seen,
            "conversation.users": users,
        }
        return Measurement({name: rounded(value) for name, value in values.items()}, _against(values))

    def score(self, state: State, baseline: Baseline, at: float) -> Score | None:
        """No suspicion of its own: what clears, for the combiner and the reviewer."""
        measured = self.measure(state, at)
        return None if measured is None else judge(self.signals, measured, baseline)


def people(named: int, users: float, minutes: float) -> float:
    """Queries that look like people's: of end users who come again, and not several times a minute.

    Parameters
    ----------
    named
        Queries that name an end user.
    users
        Distinct end users.
    minutes
        Distinct pairs of an end user and a minute.

    """
    if not named or users < 2:
        return 0.0
    again = max(1.0 - users / named, 0.0)
    return named * min(minutes / named, 1.0) * again


def _against(values: Mapping[str, float]) -> dict[str, str]:
    found = {}
    for name, words in (
        ("conversation.continued_share", "{} of queries continue an earlier conversation"),
        ("conversation.tool_share", "{} of requests go on with what a tool gave back, as agents do"),
        ("conversation.people_share", "{} of queries come from end users who ask at their leisure and come again"),
    ):
        if values[name] >= SHOWN:
            found[name] = words.format(quantity(values[name], "%"))
    return found
