"""The first tutorial does what it says."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Self

import pytest

from tests.architecture.source import ROOT
from tests.e2e.system import PATIENCE, listening, until
from tests.ports import free_port
from tests.site.tutorial import steps

if TYPE_CHECKING:
    from tests.site.tutorial import Step

PAGE = ROOT / "docs" / "tutorial" / "flagged.md"
pytestmark = pytest.mark.xdist_group("processes")


class Reader:
    """Somebody with two terminals in an empty folder; only the ports are others than the page's."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.ports = {"8080": free_port(), "8081": free_port()}
        kept = {name: value for name, value in os.environ.items() if not name.startswith("REVENUER_")}
        self.environment = kept | {
            "PATH": f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}",
            "REVENUER_LISTEN": f"127.0.0.1:{self.ports['8080']}",
            "REVENUER_CONTROL": f"127.0.0.1:{self.ports['8081']}",
        }
        self.output = (folder / "first-terminal").open("ab")
        self.first: subprocess.Popen[bytes] | None = None
        self.second = self._shell(stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.STDOUT)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.second.communicate(timeout=PATIENCE)
        self._interrupt()
        self.output.close()

    def follow(self, step: Step) -> None:
        """Run a block, and see that it prints what the page says."""
        if step.first:
            self._interrupt()
            self.first = self._shell("-c", f"exec {step.command}", stdout=self.output, stderr=self.output)
            until(lambda: all(map(listening, self.ports.values())), "revenuer serves")
        elif step.late:
            until(lambda: self._typed(step.command) == (0, step.printed), f"{step.command} prints {step.printed}", 180)
        else:
            status, printed = self._typed(step.command)
            assert status == 0, printed
            assert step.printed in {None, printed}

    def _typed(self, command: str) -> tuple[int, str]:
        """Status and output of a block in the second terminal, whose variables and functions stay."""
        for page, real in self.ports.items():
            command = command.replace(f"127.0.0.1:{page}", f"127.0.0.1:{real}")
        assert self.second.stdin is not None
        assert self.second.stdout is not None
        self.second.stdin.write(f'{command}\necho "=== $?"\n'.encode())
        self.second.stdin.flush()
        lines = []
        while not (line := self.second.stdout.readline().decode()).startswith("=== "):
            assert line, "the shell has ended"
            lines.append(line)
        return int(line[4:]), "".join(lines)

    def _shell(self, *arguments: str, **streams: int | object) -> subprocess.Popen[bytes]:
        return subprocess.Popen(["bash", *arguments], cwd=self.folder, env=self.environment, **streams)  # type: ignore[call-overload,no-any-return]

    def _interrupt(self) -> None:
        """Ctrl-C in the first terminal."""
        if self.first is not None:
            self.first.send_signal(signal.SIGINT)
            assert self.first.wait(PATIENCE) == 0


def test_first_tutorial(tmp_path: Path) -> None:
    """Every block of the page, run in order, ends well and prints what the page says it prints."""
    assert shutil.which("curl"), "the tutorial uses curl: install it, as its reader would have to"
    followed = steps(PAGE)
    assert len(followed) > 10
    with Reader(tmp_path) as reader:
        for step in followed:
            reader.follow(step)


def test_no_block_is_passed_over() -> None:
    """Every block of commands on the page is a step."""
    assert PAGE.read_text(encoding="utf-8").count("```sh") == len(steps(PAGE))
