"""`drift-detector capture`, as a person runs it."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

from homelab_assets_tests.engine.fake_engine import UnixEngine, container, engine_answers
from homelab_assets_tests.lab import RealLab
from homelab_assets_tests.lab.homelab import environment


def capture(folder: Path, *words: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-c", "from homelab_assets.cli import main; main()", "capture", *words]
    return subprocess.run(command, cwd=folder, capture_output=True, text=True)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "lab.yaml").write_text(
        f"hosts:\n  nas: {{docker: 'unix://{tmp_path}/docker.sock'}}\n  again: {{docker: 'capture:recorded'}}\n"
    )
    return tmp_path


def test_a_host_is_recorded(folder: Path) -> None:
    with UnixEngine(folder / "docker.sock", engine_answers(container("a"))):
        done = capture(folder, "nas", "--output", "recorded")
    assert done.returncode == 0, done.stderr
    assert "nas: 1 container written to recorded" in done.stderr
    assert json.loads((folder / "recorded" / "containers.json").read_text())[0]["Name"] == "/a"
    again = capture(folder, "again", "--output", "copy")
    assert again.returncode == 0, again.stderr
    for name in ("containers", "images", "networks", "volumes"):
        file = f"{name}.json"
        assert (folder / "copy" / file).read_bytes() == (folder / "recorded" / file).read_bytes()


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (["nas", "--output", "x"], "error: nas: there is no Docker socket"),
        (["nas"], "--output is missing"),
        (["nobody", "--output", "x"], "no host is named 'nobody' (known: again, nas"),
        (["again", "--output", "x"], "no such folder"),
    ],
)
def test_what_cannot_be_done(words: list[str], message: str, folder: Path) -> None:
    done = capture(folder, *words)
    assert done.returncode == 2
    assert message in done.stderr
    assert "Traceback" not in done.stderr
    assert not (folder / "x").exists()


def test_its_help_says_that_output_is_a_folder(folder: Path) -> None:
    assert "--output DIR" in capture(folder, "--help").stdout


def test_a_real_host(deployed_lab: RealLab, tmp_path: Path) -> None:
    done = subprocess.run(
        [
            sys.executable,
            "-c",
            "from homelab_assets.cli import main; main()",
            "capture",
            "ct-media-01",
            "--output",
            "m",
        ],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        env=environment(deployed_lab),
    )
    assert done.returncode == 0, done.stderr
    assert len(json.loads((tmp_path / "m" / "containers.json").read_text())) == 12
