"""``revenuer detectors`` and ``revenuer declare``: the listing is whole, a declaration is kept."""

from __future__ import annotations

from typing import TYPE_CHECKING

from detectors.core.registry import all_detectors

if TYPE_CHECKING:
    from tests.service.cli.conftest import Installation


def test_every_detector_is_listed_with_its_mode(here: Installation) -> None:
    """Name, version and mode of each, in an installation that was never started too; settings decide the mode."""
    here.data.mkdir()
    config = here.data / "revenuer.yaml"
    config.write_text("scoring: {detectors: {shift: shadow, pivot: 'off'}}\n", encoding="utf-8")
    lines = {
        line.split()[0]: line.split()
        for line in here.run("detectors", "--config", str(config)).stdout.splitlines()
        if line.strip()
    }
    for detector in all_detectors():
        mode = {"shift": "shadow", "pivot": "off"}.get(detector.name, "live")
        assert lines[detector.name][1:4] == [str(detector.version), str(detector.group), mode]


JOB = ("declare", "--account", "acct-1", "--kind", "evaluation", "--until", "7d", "--budget", "5000")


def test_a_declaration_is_kept_and_taken_back(here: Installation) -> None:
    """It is listed with its owner and reason, taken back for good, and both are in the audit log."""
    assert here.run("db", "upgrade").exit_code == 0
    assert "0 of 0 flags" in here.run(*JOB, "--preview").stdout
    assert "acct-1" not in here.run("declare").stdout
    made = here.run(*JOB, "--owner", "platform", "--reason", "nightly")
    assert made.exit_code == 0, made.output
    listed = here.run("declare").stdout
    assert all(word in listed for word in ("acct-1", "in force", "5,000", "platform", "nightly"))
    assert here.run("declare", "--account", "acct-1", "--remove").exit_code == 0
    assert "taken back" in here.run("declare").stdout
    assert here.run("declare", "--account", "acct-1", "--remove").exit_code == 2
    audited = here.run("audit", "list").stdout
    assert all(word in audited for word in ("job.declared", "job.withdrawn", "system:"))


def test_half_a_declaration_is_refused(here: Installation) -> None:
    """Without an end and a budget nothing is declared."""
    assert here.run("db", "upgrade").exit_code == 0
    result = here.run("declare", "--account", "acct-1", "--kind", "batch")
    assert result.exit_code == 2
    assert "needs --account, --kind, --until and --budget" in result.stderr
