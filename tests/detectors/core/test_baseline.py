"""Baseline: conformal p-values, strata, and a file that is whole or refused."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import numpy as np
import pytest

from detectors.core.baseline import Baselines, Reference, stratum
from detectors.core.baseline_file import BaselineError
from detectors.core.tail import Tail
from tests.detectors.factories import baselines

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

HUNDRED_LESS_ONE = Reference.of(np.arange(1.0, 100.0))


@pytest.mark.parametrize(
    ("queries", "expected"), [(5, 0), (20, 0), (39, 0), (40, 1), (79, 1), (80, 2), (160, 3), (10**9, 12)]
)
def test_strata_double(queries: int, expected: int) -> None:
    """20-39 queries are stratum 0, and each next is twice as wide."""
    assert stratum(queries) == expected


@pytest.mark.parametrize(
    ("value", "tail", "expected"),
    [
        pytest.param(1000.0, Tail.UPPER, 1 / 100, id="above-all"),
        pytest.param(99.0, Tail.UPPER, 2 / 100, id="ties-count-as-extreme"),
        pytest.param(0.0, Tail.UPPER, 1.0, id="below-all"),
        pytest.param(0.0, Tail.LOWER, 1 / 100, id="low-below-all"),
        pytest.param(1.0, Tail.LOWER, 2 / 100, id="low-ties"),
        pytest.param(1000.0, Tail.BOTH, 2 / 100, id="both-is-twice-the-smaller"),
        pytest.param(50.0, Tail.BOTH, 1.0, id="both-in-the-middle"),
    ],
)
def test_p_value_by_hand(value: float, tail: Tail, expected: float) -> None:
    """(r + 1) / (n + 1) over the values 1 to 99."""
    assert HUNDRED_LESS_ONE.p_value(value, tail) == pytest.approx(expected)


@pytest.mark.parametrize("tail", list(Tail))
def test_thinning_never_accuses(tail: Tail) -> None:
    """Of 20,000 values 512 are kept: p-values are exact in the tails, never smaller, and off by 0.4 % at most."""
    values = np.random.default_rng(1).lognormal(size=20_000)
    thin, full = Reference.of(values), Reference(np.sort(values), np.arange(20_000), 20_000)
    assert len(thin.values) == 328
    for at in np.quantile(values, [0.0, 0.001, 0.004, 0.2, 0.5, 0.7, 0.996, 0.999, 1.0]):
        assert 0 <= thin.p_value(at, tail) - full.p_value(at, tail) <= 0.016
    extreme = np.sort(values)[-3]
    assert thin.p_value(extreme, Tail.UPPER) == full.p_value(extreme, Tail.UPPER) == pytest.approx(4 / 20_001)


def test_p_values_are_valid() -> None:
    """Over fresh draws a p-value of at most u comes about with a share of at most u (conformal guarantee)."""
    random = np.random.default_rng(7)
    found = []
    for _ in range(400):
        draws = random.gamma(2.0, size=60)
        reference = Reference.of(draws[:49])
        found += [reference.p_value(value, Tail.UPPER) for value in draws[49:]]
    for level in (0.02, 0.1, 0.3):
        # Three standard deviations for 400 independent references.
        assert np.mean(np.array(found) <= level) <= level + 3 * np.sqrt(level / 400)


def test_nothing_known_is_no_evidence() -> None:
    """An unknown signal has p 1.0, no median and n 0."""
    empty = Baselines.empty().of("account", 40)
    assert empty.p_value("volume.x", 1e9, Tail.UPPER) == 1.0
    assert empty.median("volume.x") is None
    assert empty.reference("volume.x") is None
    assert empty.n("volume.x") == 0


def test_the_nearest_stratum_stands_in() -> None:
    """A count beyond what was fitted is compared with the nearest stratum of its scope."""
    known = baselines(references={("account", 2, "a.b"): HUNDRED_LESS_ONE, ("org", 9, "a.b"): HUNDRED_LESS_ONE})
    assert known.of("account", 20).stratum == 2
    assert known.of("account", 10**6).stratum == 2
    assert known.of("account", 10**6).median("a.b") == 50.0


def a_file(folder: Path) -> Path:
    """A sound baseline on disk."""
    path = folder / "baseline.npz"
    references = {
        ("account", 0, "a.b"): HUNDRED_LESS_ONE,
        ("org", 1, "c.d"): Reference.of(np.arange(3.0)),
    }
    baselines(references=references).save(path)
    return path


def test_round_trip(tmp_path: Path) -> None:
    """What is loaded is what was saved, down to its version."""
    loaded = Baselines.load(a_file(tmp_path))
    again = tmp_path / "again.npz"
    loaded.save(again)
    assert Baselines.load(again).version == loaded.version
    assert loaded.of("org", 50).median("c.d") == 1.0
    assert loaded.calibration("account").n == 3
    assert loaded.calibration("org").n == 0
    assert loaded.detectors == {"volume": 1}
    assert loaded.provenance["licences"] == ["CC0-1.0"]


def test_version_is_of_the_contents() -> None:
    """Equal contents have equal versions, other contents another."""
    assert baselines().version == baselines().version
    assert baselines().version != baselines(features="2/test").version


def rewritten(path: Path, **changes: object) -> None:
    """The file with some of its arrays replaced; a dict is merged into what it says about itself."""
    with np.load(path, allow_pickle=False) as stored:
        arrays = {name: stored[name] for name in stored.files}
    about = changes.pop("about", None)
    if isinstance(about, dict):
        arrays["about"] = np.array(json.dumps(json.loads(str(arrays["about"])) | about))
    np.savez(path, **(arrays | changes))


def a_lone_array(path: Path) -> None:
    """What ``np.save`` writes, under the name of an npz."""
    with path.open("wb") as out:
        np.save(out, np.zeros(3))


@pytest.mark.parametrize(
    "spoil",
    [
        pytest.param(lambda p: p.unlink(), id="missing"),
        pytest.param(lambda p: p.write_bytes(b""), id="empty"),
        pytest.param(lambda p: p.write_bytes(b"not a baseline at all"), id="other-bytes"),
        pytest.param(lambda p: p.write_bytes(p.read_bytes()[:200]), id="torn"),
        pytest.param(a_lone_array, id="a-lone-array"),
        pytest.param(lambda p: np.savez(p, x=np.zeros(3)), id="another-npz"),
        pytest.param(lambda p: rewritten(p, about={"format": "revenuer-baseline-0"}), id="other-format"),
        pytest.param(lambda p: rewritten(p, about={"version": "0" * 16}), id="other-version"),
        pytest.param(lambda p: rewritten(p, about={"references": [["a", 0]]}), id="short-index"),
        pytest.param(lambda p: rewritten(p, about={"references": "x"}), id="index-of-another-kind"),
        pytest.param(lambda p: rewritten(p, about={"detectors": None}), id="nothing-where-a-map-was"),
        pytest.param(lambda p: rewritten(p, values=np.zeros(2)), id="too-few-values"),
        pytest.param(lambda p: rewritten(p, values=np.full(102, np.nan)), id="no-numbers"),
        pytest.param(lambda p: rewritten(p, values=np.arange(102.0)[::-1]), id="not-rising"),
        pytest.param(lambda p: rewritten(p, scores=np.array([0.1, 2.0, 9.0])), id="scores-out-of-range"),
        pytest.param(lambda p: rewritten(p, ranks=np.zeros(102, np.int32)), id="other-dtype"),
        pytest.param(lambda p: rewritten(p, values=np.array([{}], object)), id="a-pickle"),
    ],
)
def test_bad_files_are_refused(tmp_path: Path, spoil: Callable[[Path], None]) -> None:
    """Every bad file gets one error that names it and says what to do."""
    path = a_file(tmp_path)
    spoil(path)
    with pytest.raises(BaselineError, match=r"baseline\.npz cannot be used: .+; fit a new one"):
        Baselines.load(path)


def test_a_failed_save_leaves_the_old_file(tmp_path: Path) -> None:
    """A baseline that cannot be written whole changes nothing and leaves no scrap."""
    path = a_file(tmp_path)
    before = path.read_bytes()
    with pytest.raises(ValueError, match="not JSON compliant"):
        baselines(provenance={"share": float("nan")}).save(path)
    assert path.read_bytes() == before
    assert list(tmp_path.iterdir()) == [path]


def test_the_shipped_one_loads() -> None:
    """The package's own baseline is sound."""
    assert Baselines.default().version
