"""Episodes: measured once, the same each time, and judged as the live pipeline would have judged them."""

from __future__ import annotations

import gzip
import json
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest

from detectors.core.baseline import Baselines
from detectors.core.combiner import Combiner
from detectors.features import Extractor
from service.bench.episodes import folds, plan, unseen
from service.bench.episodes.crossing import affordable, crossed, held_out, learnt
from service.bench.episodes.episode import Episode, records
from service.bench.episodes.folds import FOLDS
from service.bench.episodes.judge import verdicts
from service.bench.episodes.known import Known
from service.bench.episodes.library import OWN, Library
from service.bench.episodes.measure import Bench, measure
from service.bench.episodes.resample import Sample, area, found, interval, median
from service.bench.statistics import auroc, tpr_at
from service.bench.suite import BenchError
from service.bootstrap.replay import STRANGER, in_memory
from service.bootstrap.scoring import Brain
from service.gateway.dialects import Dialects
from service.model.entity import Scope
from service.replay.records import read
from service.replay.runner import run
from service.settings import Settings
from service.simulate.dice import Dice
from service.simulate.kinds import ALL, ATTACKS, BENIGN

if TYPE_CHECKING:
    from pathlib import Path

    from service.model.flag import Evaluation
    from service.model.query import QueryEvent


def an_episode(kind: str = "writer", **fields: Any) -> Episode:
    """An episode of some sixty queries."""
    return Episode(**{"number": 3, "seed": 4, "kind": kind, "floor": 60, "ceiling": 60, **fields})


def a_folder(folder: Path, **classes: str) -> Path:
    """Corpora of these names and classes, two of each owner."""
    for index, (name, cls) in enumerate(classes.items()):
        lines = [
            {"text": f"Text {i} of {name}?", "cls": cls, "source": f"owner{index // 2}/{name}", "extra": {"i": i}}
            for i in range(40)
        ]
        with gzip.open(folder / f"{name}.jsonl.gz", "wt") as file:
            file.write("\n".join(map(json.dumps, lines)))
    return folder


def test_every_kind_has_a_fold() -> None:
    """Each kind is dealt exactly once, each fold has some of everything, and covers are of the harvest's own fold."""
    assert all(0 <= folds.fold(kind) < FOLDS for kind in ALL)
    assert {folds.fold(kind) for kind in ATTACKS} == {folds.fold(kind) for kind in BENIGN} == set(range(FOLDS))
    for kind in folds.harvests():
        assert len(folds.covers(kind)) >= 3
        assert {folds.fold(cover) for cover in folds.covers(kind)} == {folds.fold(kind)}


def test_no_fold_shares_words() -> None:
    """Without corpora the project's own domains are dealt into the folds."""
    held = [{d.name for d in Library().texts(fold, Dice(1), attack=False)[1].domains} for fold in range(FOLDS)]
    assert all(not a & b for i, a in enumerate(held) for b in held[:i])


def test_owners_are_on_one_side(tmp_path: Path) -> None:
    """Corpora of one owner are never dealt into two folds, and a harvest is of nothing but its corpus."""
    library = Library(a_folder(tmp_path, a1="A", a2="A", b1="B", b2="B", c1="C", c2="C", a3="A"))
    places: dict[str, set[int]] = {}
    for shelf in library.shelves:
        places.setdefault(shelf.owner, set()).add(library.fold(shelf))
    assert all(len(where) == 1 for where in places.values())
    fold = next(library.fold(shelf) for shelf in library.shelves if shelf.cls == "A")
    source, texts = library.texts(fold, Dice(2), attack=True)
    assert source.startswith("a")
    assert all(source in next(iter(texts.fresh("task", Dice(i)))) for i in range(5))


def test_hours_of_clients(tmp_path: Path) -> None:
    """Arrivals of known clients become weights of the hours, one set a client."""
    rows = [{"client": "a", "t": 3 * 3600, "rate_rps": 5}, {"client": "b", "t": 27 * 3600, "rate_rps": 1}]
    (tmp_path / "d.jsonl").write_text("\n".join(map(json.dumps, rows)))
    rhythms = Library(tmp_path).rhythms
    assert [int(np.argmax(rhythm)) for rhythm in rhythms] == [3, 3]


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ('{"text": "x", "cls": "A"}', "no corpus of class B, C"),
        ('{"text": 1}', "bad.jsonl:1: "),
        ("{", "bad.jsonl:1: "),
    ],
)
def test_unfit_folder(tmp_path: Path, content: str, message: str) -> None:
    """What is missing, or where a line cannot be read, is said."""
    (tmp_path / "bad.jsonl").write_text(content)
    with pytest.raises(BenchError, match=message):
        _ = Library(tmp_path).shelves


@pytest.mark.parametrize(
    "episode", [an_episode(), an_episode("evolve", share=0.25, cover="screen")], ids=["honest", "mixed"]
)
def test_same_each_time(episode: Episode) -> None:
    """An episode is the same whenever it is measured and whatever was measured before."""
    first = Bench(Library()).measure(episode)
    other = Bench(Library())
    other.measure(an_episode("chat", number=9))
    assert other.measure(episode) == first
    assert first.moments
    assert first.source == OWN


def test_processes_change_nothing() -> None:
    """Spread over processes or not, the same is measured in the same order."""
    episodes = [an_episode(number=number, floor=25, ceiling=25) for number in range(9)]
    assert list(measure(episodes, Library(), processes=2)) == list(measure(episodes, Library(), processes=1))


def test_no_two_alike() -> None:
    """Two episodes that differ in their number alone are two accounts."""
    first, second = (list(records(an_episode(number=n), Library())[1]) for n in (1, 2))
    assert first[0]["account"] != second[0]["account"]
    assert [r["ts"] for r in first] != [r["ts"] for r in second]


@pytest.mark.parametrize("kind", ["writer", "thoughts", "product"])
def test_judged_as_live(kind: str) -> None:
    """What is judged afterwards from the values is what the pipeline says under the same baseline."""
    episode = an_episode(kind, floor=150, ceiling=150)
    known = Known(Baselines.default(), Combiner.default())
    [verdict] = verdicts([Bench(Library()).measure(episode)], known, budget=0.01)
    live = _live(episode, budget=0.01)
    assert len(verdict.judged) >= len(live) >= 3
    for held, evaluation in zip(verdict.judged, live, strict=False):
        assert held.queries == evaluation.queries
        assert held.score == pytest.approx(evaluation.score, abs=1e-9)
        if evaluation.p_value <= 0.01:
            assert held.severity == evaluation.severity


def _live(episode: Episode, *, budget: float) -> list[Evaluation]:
    events: list[QueryEvent] = [
        read(record, dialects=Dialects(), number=i) for i, record in enumerate(records(episode, Library())[1])
    ]
    found: list[Evaluation] = []
    settings = Settings.model_validate({"scoring": {"budget": budget}})
    extractor = Extractor(STRANGER, model=unseen.purpose(episode.fold))
    brain = Brain(extractor, Baselines.default(), unseen.detectors(episode.fold))
    scorer, checkpoint = in_memory(settings, brain, STRANGER)
    ordered = sorted(events, key=lambda event: (event.done, event.id))
    run(ordered, scorer=scorer, checkpoint=checkpoint, on_evaluation=found.append)
    return [evaluation for evaluation in found if evaluation.entity.scope == Scope.ACCOUNT]


def test_held_out() -> None:
    """Nobody is judged by what has seen its kind, and everybody is judged once."""
    episodes = [*plan.benign(1, plan.SMALL, ordinary_each=2, hard_each=2), *plan.attacks(2, plan.SMALL, each=1)]
    tested = list(measure(episodes, Library(), processes=1))
    sides = [[m for m in tested if m.episode.attack is attack] for attack in (False, True)]
    known = crossed(*sides, seed=1)
    assert len(held_out(tested, known, budget=0.1)) == len(tested)
    for fold, held in enumerate(known):
        without = learnt(*([m for m in side if m.episode.fold != fold] for side in sides), seed=1)
        assert held.baselines.version == without.baselines.version
        assert held.combiner == without.combiner
    smallest = min(held.days for held in known)
    assert affordable(1e-6, known) == pytest.approx(1 / (smallest + 1))
    assert affordable(0.5, known) == 0.5


def a_sample(scores: list[float], kinds: str) -> Sample:
    """Scores with a letter each for the kind."""
    return Sample.of([(score, kind, OWN) for score, kind in zip(scores, kinds, strict=True)])


def test_weights_of_one() -> None:
    """With every account once, the weighted figures are the plain ones, ties included."""
    random = np.random.default_rng(3)
    scores = np.round(random.random(80), 1).tolist(), np.round(random.random(200), 1).tolist()
    attack, benign = a_sample(scores[0], "ab" * 40), a_sample(scores[1], "cd" * 100)
    ones = np.ones(80), np.ones(200)
    assert area(attack, benign, *ones) == pytest.approx(auroc(*scores))
    for fpr in (0.005, 0.1, 0.3):
        assert found(attack, benign, fpr, *ones) == pytest.approx(tpr_at(*scores, fpr))
    assert median(np.array([5.0, 1.0, np.inf]), np.ones(3)) == 5.0


def test_whole_kinds_are_drawn() -> None:
    """Where all of a kind are found and none of another, the interval is as wide as two trials allow."""
    attack, benign = a_sample([1.0] * 50 + [0.0] * 50, "a" * 50 + "b" * 50), a_sample([0.5] * 40, "c" * 40)
    low, high = interval(attack, benign, lambda a, b: found(attack, benign, 0.0, a, b), seed=1, rounds=200)
    assert (low, high) == (0.0, 1.0)
