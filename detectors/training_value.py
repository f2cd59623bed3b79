"""Training value: are the queries, by their words and their answers, those of who makes training data?

The words of every prompt and the length of its answer give log-odds
(``features.purpose``): prompts about prompts, personas, rubrics, worked
reasoning, rows for a data set, or tasks as they stand in one, and answers worth
keeping. Five things are read of an entity: the mean over its fresh prompts; the
mean over all its queries, in which each that asks nothing new counts as a surely honest
one; the share of queries above even odds (which shows a harvest hidden in
honest use, where a mean would drown it); the share far above; and the mean of the
*frame* that is worded most so, where a frame is a system prompt with the first words of the turn (64 are told apart, by
digest), drawn towards an honest query's for as long as it has few. What was taken
by them is the answers' tokens, weighted by the odds.

A harvest wants many subjects, whoever else speaks like one has a few: a teacher's lessons, the fixtures of one product.
So two more read topics, the cells of the codebook, of which each counts once however often it is asked about: how many
were asked about in words above even odds; and the sum of the topics' mean odds under the system prompt for which it is
highest, where the honest use that a harvest is hidden in comes under another.

Weakness: a prompt engineer, a teacher who has exercises made or the maker of
an evaluation speaks likewise, and a benchmark run once is as broad. A harvest that sends what ordinary users ask
says nothing here.

References
----------
[^1]: Wang, Y. et al., 2023. Self-Instruct: Aligning Language Models with
      Self-Generated Instructions. ACL.
[^2]: Xu, C. et al., 2024. WizardLM: Empowering Large Pre-Trained Language
      Models to Follow Complex Instructions. ICLR.
[^3]: Cui, G. et al., 2024. UltraFeedback: Boosting Language Models with
      Scaled AI Feedback. ICML (grading as a way to harvest).

"""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, ClassVar

import numpy as np

from detectors.core.detector import Group, Measurement, Score, SignalSpec
from detectors.core.judge import judge, rounded
from detectors.core.tail import Tail
from detectors.features import purpose
from detectors.features.codebook import CELLS

if TYPE_CHECKING:
    from collections.abc import Mapping

    from numpy.typing import NDArray

    from detectors.core.baseline import Baseline
    from detectors.core.observation import Observations
    from detectors.core.state import State

LIKELY, SURE = 1.5, 4.0
"""Log-odds from which a prompt counts: some 5 % and 1 % of honest simulated queries lie above."""
HONEST = -4.0
"""Log-odds of a query that asks nothing new: about the median of honest fresh ones."""
DAY = 86400.0
FRAMES = 64
_SHIFT, _SYSTEM, _MIX = np.uint64(58), np.uint64(62), np.uint64(0x9E3779B97F4A7C15)
_SUMS = ("odds", "likely", "sure", "fresh", "seen", "frame_odds", "frame_fresh", "topic_odds", "topic_fresh")
SETTLED = 20
"""Honest queries that every frame is mixed with: a frame of as many prompts counts half."""
SYSTEMS, TOPICS = 4, 32
"""System prompts, by digest, and groups of cells that mean odds are kept for."""
UNIT = 64
"""Log-odds are added up in such parts of one, in integers: exact in any order, room for four million queries each."""
SETTLED_TOPIC, DOUBT = 1.0, -2.0
"""Queries that every topic's mean is mixed with, and their log-odds: a topic of one prompt counts half."""
STATE = np.dtype(
    [
        ("time", "<f8"),
        ("odds", "<f8"),
        ("taken", "<f8"),
        ("likely", "<u8"),
        ("sure", "<u8"),
        ("fresh", "<u8"),
        ("seen", "<u8"),
        ("frame_odds", "<f8", FRAMES),
        ("frame_fresh", "<u4", FRAMES),
        ("cells", "u1", CELLS // 8),
        ("topic_odds", "<i4", (SYSTEMS, TOPICS)),
        ("topic_fresh", "<u4", (SYSTEMS, TOPICS)),
    ]
)


@dataclass(frozen=True, slots=True, kw_only=True)
class TrainingValue:
    """Log-odds of a harvest by words, over fresh prompts.

    Parameters
    ----------
    grace
        Fresh prompts before the first score.

    """

    name: ClassVar[str] = "training_value"
    version: ClassVar[int] = 3
    group: ClassVar[Group] = Group.TEMPLATE
    scopes: ClassVar[frozenset[str]] = frozenset({"account", "org", "end_user"})
    signals: ClassVar[Mapping[str, SignalSpec]] = {
        "training_value.purpose": SignalSpec(
            unit="log-odds",
            tail=Tail.UPPER,
            words="new prompts are worded and answered as a harvest for training data is, by {value} on average",
        ),
        "training_value.level": SignalSpec(
            unit="log-odds",
            tail=Tail.UPPER,
            words="counting what asks nothing new as honest, all queries are worded as a harvest by {value} on average",
        ),
        "training_value.likely_share": SignalSpec(
            unit="%", tail=Tail.UPPER, words="{value} of queries are new and worded as a harvest for training data"
        ),
        "training_value.sure_share": SignalSpec(
            unit="%", tail=Tail.UPPER, words="{value} of queries are new and beyond doubt worded as a harvest"
        ),
        "training_value.frame": SignalSpec(
            unit="log-odds",
            tail=Tail.UPPER,
            words="the most telling frame is worded as a harvest by {value} on average, a rare one by less",
        ),
        "training_value.topics": SignalSpec(
            unit="of 256 topics", tail=Tail.UPPER, words="{value} were asked about in the words of a harvest"
        ),
        "training_value.breadth": SignalSpec(
            unit="log-odds",
            tail=Tail.UPPER,
            words="over its topics the most telling system prompt adds up to {value} of a harvest",
        ),
        "training_value.taken_1d": SignalSpec(
            unit="tokens",
            tail=Tail.UPPER,
            words="answers to prompts worded as a harvest add up to {value} in the last days (half-life 1 day)",
            stratified=False,
        ),
    }

    grace: int = 15
    model: purpose.Purpose = field(default_factory=purpose.default, repr=False)

    def empty(self) -> State:
        """Nothing asked."""
        state = np.zeros((), STATE)
        state["time"] = -math.inf
        return state

    def update(self, state: State, batch: Observations) -> State:
        """The sums with the batch's fresh prompts in them, brought to the newest time of both."""
        out = state.copy()
        fresh = batch.fresh & batch.ok
        out["seen"] += np.uint64(np.count_nonzero(batch.has_text))
        if not fresh.any():
            return out
        odds = batch.derived(self.model.harvest)[fresh]
        time = batch.time[fresh]
        last = max(float(state["time"]), float(time.max()))
        new = batch.new_tokens[fresh]
        weights = np.exp2((time - last) / DAY) / (1.0 + np.exp(LIKELY - odds))
        out["taken"] = _leaked(state, last) + new @ weights
        out["time"] = last
        out["odds"] += odds.sum()
        out["likely"] += np.uint64(np.count_nonzero(odds >= LIKELY))
        out["sure"] += np.uint64(np.count_nonzero(odds >= SURE))
        out["fresh"] += np.uint64(len(odds))
        frames = batch.derived(_frames)[fresh]
        out["frame_odds"] += np.bincount(frames, odds, FRAMES)
        out["frame_fresh"] += np.bincount(frames, minlength=FRAMES).astype(np.uint32)
        asked = np.zeros(CELLS, np.bool_)
        asked[batch.cell[fresh][odds >= LIKELY]] = True
        out["cells"] |= np.packbits(asked)
        topics = batch.derived(_topics)[fresh]
        counts = np.bincount(topics, minlength=SYSTEMS * TOPICS).reshape(SYSTEMS, TOPICS)
        parts = np.bincount(topics, np.rint(odds * UNIT), SYSTEMS * TOPICS).reshape(SYSTEMS, TOPICS)
        out["topic_fresh"] += counts.astype(np.uint32)
        out["topic_odds"] += parts.astype(np.int32)
        return out

    def merge(self, a: State, b: State) -> State:
        """The sums of both at the later of their times."""
        out = a.copy()
        last = max(float(a["time"]), float(b["time"]))
        out["taken"] = _leaked(a, last) + _leaked(b, last)
        out["time"] = last
        for name in _SUMS:
            out[name] += b[name]
        out["cells"] |= b["cells"]
        return out

    def measure(self, state: State, at: float) -> Measurement | None:
        """Mean, shares and what was taken; None below ``grace`` fresh prompts."""
        fresh, seen = int(state["fresh"]), int(state["seen"])
        if fresh < self.grace:
            return None
        values = {
            "training_value.purpose": float(state["odds"]) / fresh,
            "training_value.level": (float(state["odds"]) + HONEST * (seen - fresh)) / seen,
            "training_value.likely_share": int(state["likely"]) / seen,
            "training_value.sure_share": int(state["sure"]) / seen,
            "training_value.frame": float(
                ((state["frame_odds"] + HONEST * SETTLED) / (state["frame_fresh"] + float(SETTLED))).max()
            ),
            "training_value.topics": float(np.unpackbits(state["cells"]).sum()),
            "training_value.breadth": _breadth(state),
            "training_value.taken_1d": _leaked(state, max(at, float(state["time"]))),
        }
        return Measurement({name: rounded(value) for name, value in values.items()})

    def score(self, state: State, baseline: Baseline, at: float) -> Score | None:
        """How far words and takings lie above those of benign entities."""
        measured = self.measure(state, at)
        return None if measured is None else judge(self.signals, measured, baseline)


def _breadth(state: State) -> float:
    """Mean log-odds of each topic, if above even, added up: of the system prompt for which that is most."""
    parts = state["topic_odds"] / UNIT + SETTLED_TOPIC * DOUBT
    means = np.maximum(parts / (state["topic_fresh"] + SETTLED_TOPIC), 0.0)
    return float(means.sum(axis=1).max())


def _topics(rows: Observations) -> NDArray[np.intp]:
    """System prompt and group of cells of each query, as one number."""
    return ((rows.system * _MIX) >> _SYSTEM).astype(np.intp) * TOPICS + rows.cell % TOPICS


def _frames(rows: Observations) -> NDArray[np.intp]:
    """Bucket of the frame of each query."""
    return (((rows.system ^ (rows.head * _MIX)) * _MIX) >> _SHIFT).astype(np.intp)


def _leaked(state: State, at: float) -> float:
    time = float(state["time"])
    return float(state["taken"]) * 2.0 ** ((time - at) / DAY) if math.isfinite(time) else 0.0
