"""The suites about accounts, in their quick form: every figure stands on the accounts it says, and can be wrong."""

from __future__ import annotations

from service.bench import accounts, contamination, false_alarms, hard_negatives, shift
from service.bench.episodes import plan
from service.bench.registry import suites
from service.bench.suite import Given, Outcome, Suite
from service.review.highest import SHOWN

QUICK = Given(quick=True, seed=3)
TESTED = len(plan.benign(0, plan.SMALL, ordinary_each=1, hard_each=1))
HARVESTS = len(plan.attacks(0, plan.SMALL, each=1, shares=(1.0,)))


def outcome(suite: Suite) -> Outcome:
    """A quick run."""
    return suite.run(QUICK)


def test_found_by_the_bench() -> None:
    """All five are suites of the bench."""
    assert {"accounts", "hard-negatives", "false-alarms", "contamination", "shift"} <= suites().keys()


def test_accounts() -> None:
    """There is a share found for each share of the harvest, rising with it but for chance, each with its interval."""
    found = outcome(accounts.SUITE)
    figures = {figure.name: figure for figure in found.figures}
    shares = [figures[f"found at 0.5 % FPR, {share:.0%} share"] for share in plan.SHARES]
    assert all(figure.n == HARVESTS for figure in shares)
    assert all(figure.interval and figure.interval[0] <= figure.value <= figure.interval[1] for figure in shares)
    ordinary, hard = (figures[f"AUROC at full share, against {name}"] for name in ("ordinary", "hard"))
    assert ordinary.n + hard.n == TESTED + 2 * HARVESTS
    assert ordinary.value > 0.5
    assert [table.title.partition(",")[0] for table in found.tables][-1].startswith("Ablation")


def test_shift() -> None:
    """Every workload is begun by as many accounts, and what came before the change is not counted."""
    found = outcome(shift.SUITE)
    overall, worst, windows = found.figures
    assert overall.n == len(shift.WORKLOADS) == len(found.tables[0].rows)
    assert worst.value >= overall.value
    assert windows.n >= overall.n // 2


def test_hard_negatives() -> None:
    """Each kind has its row, and the worst of them its figure."""
    found = outcome(hard_negatives.SUITE)
    overall, worst, eased, eased_worst, shipped = found.figures
    assert eased.value <= overall.value
    assert eased_worst.value <= worst.value
    assert overall.n == shipped.n == sum(int(row[3]) for row in found.tables[0].rows)
    assert worst.value >= overall.value
    assert worst.target
    assert overall.target


def test_false_alarms() -> None:
    """Days, not accounts, are counted, and the limit lies above the rate."""
    found = outcome(false_alarms.SUITE)
    for known in ("known kinds", "new kinds"):
        rate, limit = (f for f in found.figures if f.name.endswith(known))
        assert limit.value > rate.value
        assert limit.n == rate.n >= TESTED // 2


def test_contamination() -> None:
    """Each part of harvests is learnt from twice, as it comes and looked through."""
    found = outcome(contamination.SUITE)
    assert len(found.figures) == 1 + (2 * 2 + 1) * len(contamination.PARTS)
    rows = [*zip(*[iter(found.tables[0].rows)] * 2, strict=True)]
    assert len(rows) == 1 + len(contamination.PARTS)
    kept = [int(comes[2]) for comes, _ in rows]
    assert kept == sorted(kept)
    for comes, looked in rows:
        assert comes[1] == "-"
        assert int(looked[1]) >= SHOWN + int(comes[2]) - int(looked[2])
        assert int(looked[2]) < max(1, int(comes[2]))
