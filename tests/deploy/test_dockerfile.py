"""The image: what its recipe promises."""

from __future__ import annotations

import re

from tests.architecture.source import ROOT
from tests.deploy.manifests import NUMBER, OURS

TEXT = (ROOT / "Dockerfile").read_text()
STAGES = re.split(r"(?m)^FROM ", TEXT)[1:]
COMMANDS = re.findall(r"(?ms)^RUN (.*?[^\\])$", STAGES[1])


def test_it_comes_from_the_lock_alone() -> None:
    """Every package is installed by its hash, from a wheel; revenuer itself without asking for anything."""
    installs = re.findall(r"pip install ([^\\\n]+)", TEXT)
    assert len(installs) == 2
    assert "--require-hashes --only-binary :all: -r requirements/run.lock" in installs[0]
    assert "--no-deps --no-build-isolation ." in installs[1]
    assert not re.search(r"apt-get|curl|wget|ADD ", TEXT)


def test_two_builds_are_alike() -> None:
    """The time of the build is the commit's, files carry it, and byte code is checked by content."""
    assert "ENV SOURCE_DATE_EPOCH=${SOURCE_DATE_EPOCH}" in STAGES[0]
    assert "--invalidation-mode checked-hash" in STAGES[0]
    assert 'touch --no-dereference --date="@${SOURCE_DATE_EPOCH}"' in STAGES[0]


def test_both_stages_stand_on_one_named_base() -> None:
    """The base has a full tag, can be given by digest, and is the same in both stages."""
    assert re.search(r"^ARG BASE=python:3\.\d+-slim-\w+$", TEXT, re.MULTILINE)
    assert [stage.split()[0] for stage in STAGES] == ["${BASE}", "${BASE}"]


def test_the_final_image_builds_nothing() -> None:
    """No compiler and no installer: one folder is copied, and one is made."""
    assert [command.split()[0] for command in COMMANDS] == ["install"]
    assert "pip uninstall --yes pip" in STAGES[0]
    assert re.findall(r"(?m)^COPY (.*)$", STAGES[1]) == ["--from=build /opt/revenuer /opt/revenuer"]


def test_it_does_not_run_as_root() -> None:
    """It runs as a number that Kubernetes can tell is not root's, and owns its folder."""
    assert f"USER {NUMBER}:{NUMBER}" in STAGES[1]
    assert [f"install -d -o {NUMBER} -g {NUMBER} -m 0700 /data"] == COMMANDS


def test_every_variable_is_known() -> None:
    """Revenuer reads each one that the image sets."""
    assert set(re.findall(r"REVENUER_[A-Z_]+", STAGES[1])) <= OURS


def test_what_is_copied_is_let_in() -> None:
    """.dockerignore keeps out everything but what the recipe copies."""
    let_in = set(re.findall(r"(?m)^!(.*)$", (ROOT / ".dockerignore").read_text()))
    copied = {word.split("/")[0] for line in re.findall(r"(?m)^COPY (.*)$", STAGES[0]) for word in line.split()[:-1]}
    assert copied == let_in
    assert all((ROOT / name).exists() for name in copied)
