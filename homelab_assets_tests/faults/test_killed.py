"""Killed at any change that it makes: no half-written file, no dirtied checkout, and the next run finishes the work."""

import json
import os
import signal
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from homelab_assets_tests.forge.gitea_server import GiteaFace
from homelab_assets_tests.forge.server import serving
from homelab_assets_tests.forge.state import Repository
from homelab_assets_tests.remediation.world import TOKEN, World, lay_out

pytestmark = pytest.mark.scenario

MOST = 7
"""Points of each kind of work at which it is killed, spread over all of its changes."""


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory):  # type: ignore[no-untyped-def]
    root = tmp_path_factory.mktemp("killed")
    lay_out(root)
    with serving(GiteaFace(Repository(root / "origin.git"))) as face:
        yield World(root, face.repository, face)


def work(world: World, what: str, end: int = 0) -> subprocess.CompletedProcess[str]:
    world.lab()
    environment = {**os.environ, "GITEA_TOKEN": TOKEN, "HOMELAB_STATE": str(world.root / "state")}
    command = [sys.executable, "-m", "homelab_assets_tests.faults.killed", what, str(world.root / "lab.yaml"), str(end)]
    return subprocess.run(command, env=environment, capture_output=True, text=True, check=False, timeout=120)


def points(done: subprocess.CompletedProcess[str]) -> list[int]:
    assert done.returncode == 0, done.stderr
    changes = int(done.stdout)
    assert changes > MOST
    return sorted({1 + number * (changes - 1) // (MOST - 1) for number in range(MOST)})


def whole_files(root: Path) -> int:
    """Read everything that readers look at; hidden files are what was being written."""
    seen = 0
    for folder in ("state", "reports", "docs"):
        for file in (root / folder).rglob("*"):
            if not file.is_file() or file.name.startswith(".") or "worktrees" in file.parts:
                continue
            seen += 1
            text = file.read_text()
            if file.suffix == ".json":
                json.loads(text)
            elif file.suffix == ".md":
                assert text.startswith(("# ", "<!--")), file
                assert text.endswith("\n"), file
    return seen


def heads(world: World) -> list[str]:
    """The tool's branches on the remote."""
    command = ["git", "-C", str(world.origin), "for-each-ref", "--format=%(refname)", "refs/heads/fix"]
    return subprocess.run(command, capture_output=True, text=True, check=True).stdout.split()


def test_while_writing_reports_and_documents(world: World, tally: Callable[[str], None]) -> None:
    before = world.snapshot()
    work(world, "audit")
    wanted = points(work(world, "audit"))
    for end in wanted:
        killed = work(world, "audit", end)
        assert killed.returncode == -signal.SIGKILL, killed.stderr
        assert whole_files(world.root) > 20
        assert world.snapshot() == before
    again = work(world, "audit")
    assert again.returncode == 0, again.stderr
    assert whole_files(world.root) > 20
    tally(f"killed at {len(wanted)} points while reports and documents were written: nothing half-written")


def test_while_opening_a_pull_request(world: World, tally: Callable[[str], None]) -> None:
    before = world.snapshot()
    first = work(world, "remediate")
    wanted = points(first)
    assert len(world.repository.pulls) == 1
    for end in wanted:
        world.repository.pulls.clear()
        for head in heads(world):
            subprocess.run(["git", "-C", str(world.origin), "update-ref", "-d", head], check=True)
        killed = work(world, "remediate", end)
        assert killed.returncode == -signal.SIGKILL, killed.stderr
        again = work(world, "remediate")
        assert again.returncode == 0, again.stderr
        assert [(pull.state, pull.head.startswith("fix/drift-pihole-")) for pull in world.repository.pulls] == [
            ("open", True)
        ]
        assert len(heads(world)) == 1
        assert world.snapshot() == before
    tally(f"killed at {len(wanted)} points while a pull request was opened: exactly one in the end")
