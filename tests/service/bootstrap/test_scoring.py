from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from detectors.core.baseline import BaselineError, Baselines
from detectors.features import Extractor
from service.bootstrap.replay import STRANGER, in_memory, key
from service.bootstrap.scoring import Brain, baselines
from service.ports import Commit, TrailEntry
from service.settings import Settings, SettingsError

if TYPE_CHECKING:
    from pathlib import Path


def a_baseline(path: Path, *, features: str = "features-1", **detectors: int) -> Path:
    """A baseline file that says it was fitted with these versions."""
    Baselines(references={}, calibrations={}, features=features, detectors=detectors, provenance={}).save(path)
    return path


@pytest.mark.parametrize(("features", "detectors"), [("features-2", {}), ("features-1", {"volume": 999})])
def test_a_baseline_of_other_versions_is_refused(features: str, detectors: dict[str, int], tmp_path: Path) -> None:
    """Numbers that were measured in another way are no measure: asked for, such a baseline is an error."""
    path = a_baseline(tmp_path / "b.npz", features=features, **detectors)
    with pytest.raises(BaselineError, match=r"was fitted with other versions of .* fit a new one"):
        baselines(Settings(data=tmp_path), path, features="features-1")


def test_ones_own_baseline_of_other_versions_is_passed_over(tmp_path: Path) -> None:
    """After an upgrade that changed the features the shipped one serves until a new one is learnt."""
    settings = Settings(data=tmp_path)
    a_baseline(settings.own_baseline, features="features-0")
    assert baselines(settings, features="features-1") is Baselines.default()
    a_baseline(settings.own_baseline, features="features-1")
    assert baselines(settings, features="features-1").features == "features-1"


def test_a_replay_has_the_key_of_the_environment(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Digests are keyed as the live run's were, wherever its key is kept; without an installation by a fixed one."""
    settings = Settings(data=tmp_path)
    assert key(settings) == STRANGER
    for name in ("PEPPER", "SPOOL_KEY", "TOKEN_KEY", "DIGEST_KEY"):
        monkeypatch.setenv(f"REVENUER_{name}", "ab" * 32)
    assert key(settings) == b"\xab" * 32


def test_a_replay_remembers_as_long_as_the_live_run(tmp_path: Path) -> None:
    """``retention.trail`` holds for both, so that a re-run is one in both."""
    day = 86_400_000_000
    settings = Settings.model_validate({"data": tmp_path, "retention": {"trail": 14}})
    _, checkpoint = in_memory(settings, Brain(Extractor(STRANGER), Baselines.empty()), STRANGER)
    checkpoint.commit(Commit(trail={b"d": TrailEntry("acct-1", 100 * day)}))
    checkpoint.purge(110 * day)
    assert checkpoint.trail([b"d"])
    checkpoint.purge(115 * day)
    assert not checkpoint.trail([b"d"])


def test_a_detector_that_is_off_is_not_run(tmp_path: Path) -> None:
    """Settings take it out; the others go on."""
    settings = Settings.model_validate({"data": tmp_path, "scoring": {"detectors": {"shift": "off"}}})
    scorer, _ = in_memory(settings, Brain(Extractor(STRANGER), Baselines.empty()), STRANGER)
    names = {detector.name for detector in scorer.detectors("account")}
    assert "shift" not in names
    assert "volume" in names


def test_a_mode_of_no_detector_is_refused(tmp_path: Path) -> None:
    """A name that was misspelt must not leave a detector on that was meant to be off."""
    settings = Settings.model_validate({"data": tmp_path, "scoring": {"detectors": {"shfit": "off"}}})
    with pytest.raises(SettingsError, match="'shfit', which is no detector"):
        in_memory(settings, Brain(Extractor(STRANGER), Baselines.empty()), STRANGER)
