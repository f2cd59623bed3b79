"""The suite of campaigns: what it notes, how it judges, and that what is handed on is found in a real run."""

from __future__ import annotations

import multiprocessing
import os
import signal
from collections import Counter
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import pytest

from service.bench.campaigns import judge
from service.bench.campaigns import large as module
from service.bench.campaigns.cases import CASES, passes, planted, scene
from service.bench.campaigns.drive import Run, Said, Setup, run
from service.bench.campaigns.figures import figures as of_cases
from service.bench.campaigns.linking import everything, linked
from service.bench.campaigns.links import figures as of_links
from service.bench.campaigns.maker import Work
from service.bench.campaigns.prints import Prints, printed
from service.bench.registry import suites
from service.bench.suite import BenchError
from service.model.flag import Severity
from service.simulate.hydra.crowds import CROWDS
from service.simulate.hydra.plan import Plan, Template
from service.simulate.hydra.stream import Scene, records
from service.simulate.texts import own

if TYPE_CHECKING:
    from pathlib import Path

large = module.large


def record(account: str, at: int, **label: Any) -> dict[str, Any]:
    """A query record with a label."""
    request = {"model": "m", "messages": [{"role": "user", "content": "hello"}]}
    return {"ts": at, "account": account, "path": "/v1/chat/completions", "request": request, "label": label}


def a_run(*said: Said) -> Run:
    """A campaign of ten accounts that ask ten times each, a second apart, and twenty honest ones of a course."""
    found = Run()
    made = [record(f"c{i % 10}", 1000 + i, attack=True, campaign="thin", family="thin") for i in range(100)]
    made += [record(f"h{i}", 2000 + i, attack=False, family="course") for i in range(20)]
    list(found.truth.noted(made))
    found.said = list(said)
    return found


def says(members: list[str], at: int, severity: Severity = Severity.MEDIUM, campaign: str = "k") -> Said:
    """A flag at a second."""
    return Said(campaign, severity, at * 1_000_000, tuple(members))


CAMPAIGN = [f"c{i}" for i in range(10)]
COURSE = [f"h{i}" for i in range(20)]


def test_the_registry_finds_it() -> None:
    """It is a suite as the others are."""
    assert suites()["campaigns"].summary


def test_earliness_is_of_the_first_flag_and_members_of_the_last() -> None:
    """Queries until the first flag of medium; recall and precision of what is named in the end."""
    found = judge.found(
        a_run(
            says(CAMPAIGN[:2], 1004, Severity.INFO),
            says(CAMPAIGN[:5], 1009),
            says([*CAMPAIGN[:9], "h1"], 1050, Severity.HIGH),
        )
    )["thin"]
    assert (found.before, found.share) == (10, 0.1)
    assert (found.recall, found.precision, found.entities) == (0.9, 0.9, 1)


def test_what_was_never_flagged_meets_no_target() -> None:
    """Without a flag there is no earliness, and no target is met by that."""
    figures = [f for f in of_cases(a_run()) if f.name.startswith("thin")]
    assert len(figures) == 3
    assert not any(figure.met for figure in figures)


def test_false_campaigns_and_crowds() -> None:
    """A flag about honest accounts is a false campaign, and an alarm about their crowd; at low it is neither."""
    quiet, loud = a_run(says(COURSE, 2050, Severity.LOW)), a_run(says(COURSE, 2050), says(CAMPAIGN, 1050, campaign="x"))
    assert judge.false(quiet) == []
    assert judge.false(loud) == ["k"]
    assert [crowd.is_alarm for run in (quiet, loud) for crowd in judge.crowded(run, ["course"])] == [False, True]


def test_successors_are_timed_from_their_first_query() -> None:
    """Hours and queries from the first query of a successor to the first flag that names one."""
    found = Run()
    made = [record("a", 1000 + i, attack=True, campaign="r", family="r") for i in range(5)]
    made += [record("b", 5000 + i, attack=True, campaign="r", family="r/successor") for i in range(5)]
    list(found.truth.noted(made))
    found.said = [says(["a"], 1002), says(["a", "b"], 5003)]
    values = {figure.name: figure.value for figure in of_cases(found)}
    assert values["r: hours until a successor is attached"] == pytest.approx(3 / 3600)
    assert values["r: queries until a successor is attached"] == 3
    assert values["r: successors found"] == 1.0


def test_scaling_keeps_enough_of_every_case() -> None:
    """However small the scale, a campaign has 40 accounts, and hands on as much an account as at full size."""
    small = scene(0.001)
    assert {plan.name for plan in small.campaigns} == {case.plan.name for case in CASES}
    assert all(plan.accounts >= 40 for plan in small.campaigns)
    assert planted(small)["output"] == pytest.approx(600 * 40 / 273, abs=1)


def test_what_is_handed_on_is_found_and_nothing_else() -> None:
    """Every sealed block and every answer that crosses orgs is recorded, and none among honest accounts."""
    both = [
        Plan(name="handing-on", accounts=8, per_account=4, days=1, replay_reasoning=12, template=Template.NONE),
        Plan(name="cleaning", accounts=8, per_account=4, days=1, reingest=12),
    ]
    hidden = Scene(campaigns=both, crowds=[replace(CROWDS["company"], accounts=8)], background=30, days=1)
    found = linked(printed(records(1, hidden, own())))
    values = {figure.name: (figure.value, figure.n) for figure in of_links(found, planted(hidden))}
    assert values["reasoning handed on: instances recorded"] == (1.0, 12)
    assert values["output handed on: instances recorded"] == (1.0, 12)
    assert values["handed on in error"][0] == 0


CLEANING = Plan(name="cleaning", accounts=12, per_account=6, days=1, reingest=12)
HANDING = Plan(
    name="handing-on", accounts=12, per_account=6, days=1, replay_reasoning=12, template=Template.NONE, after=1
)


@pytest.fixture(scope="module")
def prints() -> Prints:
    """A campaign with an instruction and one without, among a few honest accounts."""
    return printed(records(1, Scene(campaigns=[CLEANING, HANDING], background=20, days=1), own()))


def test_prints_are_what_the_pipeline_makes(prints: Prints) -> None:
    """Made once and linked, or straight through the pipeline: the same flags of campaigns, and the same links."""
    hidden = Scene(campaigns=[CLEANING, HANDING], background=20, days=1)
    whole, apart = run(records(1, hidden, own()), Setup(accounts=False)), linked(prints)
    # What the pipeline has not closed by the end of the stream is told of by linking alone.
    assert whole.said
    assert whole.said == apart.said[: len(whole.said)]
    assert Counter(whole.handed) == Counter(apart.handed)


def test_what_is_left_out_is_not_linked(prints: Prints) -> None:
    """Without a campaign none of its accounts is named, and without honest accounts they leave no footprint."""
    rest = linked(prints, left_out=["cleaning"])
    assert rest.taken < linked(prints).taken
    assert not {name for said in rest.said for name in said.members} & prints.truth.campaigns["cleaning"].accounts
    alone = linked(prints, left_out=["cleaning"], background=False)
    assert alone.taken == len(prints.truth.campaigns["handing-on"].done)
    assert "cleaning" not in rest.truth.campaigns


def test_without_its_keys_a_campaign_is_not_found(prints: Prints) -> None:
    """The instruction at the end of each request is what ties this campaign: the other keys do not matter."""
    found = {kind: len(linked(prints, left_out=["handing-on"], without=kind).said) for kind in ("", "head", "tail")}
    assert found[""] == found["head"] > found["tail"] == 0


def test_wordings_are_one_campaign_by_the_end() -> None:
    """Told of one by one until accounts tie them; then one flag names all of them, and the others are no more."""
    plan = Plan(name="paraphrased", accounts=120, per_account=6, days=1, template=Template.PARAPHRASED, wordings=5)
    whole = linked(printed(records(1, Scene(campaigns=[plan], background=20, days=1), own())))
    flagged = {said.campaign for said in whole.said}
    assert len(flagged) > 1
    assert flagged - {whole.said[-1].campaign} <= set(whole.said[-1].joined)
    found = judge.found(whole)["paraphrased"]
    assert (found.entities, found.recall) == (1, 1.0)


def test_campaigns_of_one_form_are_linked_apart(prints: Prints) -> None:
    """Of each pass one campaign at most sends an instruction; every campaign is in one pass."""
    assert passes([case.plan.name for case in CASES])[0] == ["bare", "bare-shared-hosts", "bare-topics", "handing-on"]
    assert [len(names) for names in passes([case.plan.name for case in CASES])[1:]] == [1] * (len(CASES) - 4)
    assert (
        everything(prints).taken
        == linked(prints, left_out=["cleaning"]).taken + linked(prints, left_out=["handing-on"]).taken
    )


FEW = Plan(name="february", accounts=40, per_account=12, days=1, reingest=10)
WHOLE: dict[str, Any] = {"seed": 1, "scale": 0.001, "plan": FEW, "batch": 60}


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory) -> Run:
    """A run that was not stopped."""
    return large(tmp_path_factory.mktemp("large"), **WHOLE).run


def killed(folder: Path, which: str) -> None:
    """A run of which one of the two processes is killed in the middle."""

    def kill(_: str) -> None:
        number = os.getpid() if which == "linking" else multiprocessing.active_children()[0].pid
        os.kill(number or 0, signal.SIGKILL)

    module.TOLD_EVERY = 300
    large(folder, **WHOLE, say=kill)


def test_two_processes_find_what_one_does(whole: Run) -> None:
    """Made here and linked there, committed batch by batch: the same flags and the same links."""
    work = Work(seed=1, scene=module.scene(FEW, 0.001), trail=module.TRAIL, batch=60, place=0)
    apart = linked(printed(records(work.seed, work.scene, own())))
    assert whole.said
    assert whole.said == apart.said[: len(whole.said)]
    assert len(whole.handed) == 10
    assert Counter(whole.handed) == Counter(apart.handed)
    assert whole.truth == apart.truth


@pytest.mark.parametrize("which", ["linking", "making"])
def test_a_killed_run_goes_on(which: str, whole: Run, tmp_path: Path) -> None:
    """Whichever of its processes is killed: begun again, a run takes every query once and says what it would have."""
    process = multiprocessing.get_context("spawn").Process(target=killed, args=(tmp_path, which))
    process.start()
    process.join()
    assert process.exitcode == (-signal.SIGKILL if which == "linking" else 1)
    went_on = large(tmp_path, **WHOLE).run
    assert 0 < went_on.taken < whole.taken == whole.truth.events
    assert went_on.said == whole.said
    assert went_on.truth == whole.truth
    assert whole.handed[-len(went_on.handed) :] == went_on.handed
    assert not list(tmp_path.glob("spool/*"))


def test_a_folder_of_another_run_is_refused(tmp_path: Path) -> None:
    """A run is gone on with under its own seed and scale only."""
    (tmp_path / "run.json").write_text('{"seed":2,"scale":1.0}')
    with pytest.raises(BenchError, match="another seed or scale"):
        large(tmp_path, seed=1)
