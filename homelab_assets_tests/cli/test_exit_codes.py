"""How each end of a verb becomes an exit code: 0 nothing found, 1 findings, 2 not completed."""

import logging
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import click
import pytest

from homelab_assets.cli import program
from homelab_assets.cli.common import Options, verb
from homelab_assets.errors import UserError
from homelab_assets_tests.cli.terminal import detect
from homelab_assets_tests.deployment.servers import ROOT
from homelab_assets_tests.orchestration.world import make_lab


def end(action: Callable[[], int | None], monkeypatch: pytest.MonkeyPatch) -> int:
    """Run a verb that does this as the program would, and return its exit code."""

    @click.command
    @verb()
    def command(options: Options) -> int | None:
        return action()

    monkeypatch.setattr(sys, "argv", ["drift-detector"])
    with pytest.raises(SystemExit) as ended:
        program(command)
    assert isinstance(ended.value.code, int)
    return ended.value.code


def fails(error: Exception) -> Callable[[], None]:
    def action() -> None:
        raise error

    return action


@pytest.mark.parametrize("code", [None, 0, 1, 2])
def test_the_result_of_a_verb_is_the_exit_code(code: int | None, monkeypatch: pytest.MonkeyPatch) -> None:
    assert end(lambda: code, monkeypatch) == (code or 0)


@pytest.mark.parametrize(
    ("error", "told"),
    [
        (UserError("is gone", where="lab.yaml:3", hint="bring it back"), "error: lab.yaml:3: is gone (bring it back)"),
        (OSError(28, "No space left on device"), "error: [Errno 28] No space left on device"),
        (click.UsageError("these exclude one another"), "Error: these exclude one another"),
    ],
)
def test_what_a_person_can_mend_is_not_completed_and_has_no_traceback(
    error: Exception, told: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    assert end(fails(error), monkeypatch) == 2
    shown = capsys.readouterr().err
    assert told in shown
    assert "Traceback" not in shown


@pytest.mark.parametrize("data", ["password=hunter2hunter2", "sunny-otter-77x", 'it\'s "x" hunter2'])
def test_a_defect_is_not_taken_for_a_finding_and_its_traceback_shows_no_data(
    data: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def action() -> None:
        try:
            int(data)
        except ValueError as error:
            raise KeyError(data) from error

    assert end(action, monkeypatch) == 2
    shown = capsys.readouterr().err
    assert shown.startswith("error: a defect of drift-detector")
    assert "Traceback" in shown
    assert "ValueError: invalid literal for int() with base 10: …" in shown
    assert shown.index("ValueError") < shown.index("KeyError: …")
    assert not any(secret in shown for secret in ("hunter2", "otter"))


@pytest.fixture
def gone(home: Path) -> Path:
    """A lab whose host and whose repository are gone, in the current folder."""
    make_lab(home, hosts={"dead": f"unix://{home}/no.sock"}, repositories={"apps": {"path": "nowhere"}})
    return home


@pytest.mark.parametrize("words", [["docs"], ["remediate"], ["cleanup"], ["docs", "--format", "json"]])
def test_whatever_is_not_completed_says_why_even_if_it_is_quiet(gone: Path, words: list[str]) -> None:
    result = detect(*words, "-q")
    assert result.exit_code == 2
    assert "not audited: dead: " in result.stderr
    assert f"not audited: {gone}/nowhere: no such folder" in result.stderr


def test_nothing_is_said_to_be_well_where_nothing_could_be_read(gone: Path) -> None:
    assert detect("cleanup").stdout == "Nothing is known to be stale\n"
    assert detect("remediate").stdout == "Nothing to backport.\n"


@pytest.mark.parametrize(("words", "told"), [([], True), (["-q"], False)])
def test_a_quiet_verb_warns_of_nothing(gone: Path, words: list[str], told: bool) -> None:
    make_lab(gone, hosts={"dead": "tcp://127.0.0.1:1"})
    command = [sys.executable, "-c", "from homelab_assets.cli import program; program()", "diff", *words]
    done = subprocess.run(command, cwd=gone, capture_output=True, text=True, check=False)
    assert done.returncode == 2
    assert bool(done.stderr) == ("without TLS" in done.stderr) == told


def test_a_quiet_verb_leaves_the_log_of_its_process_as_it_was(gone: Path) -> None:
    detect("docs", "-q")
    assert logging.getLogger("homelab_assets").isEnabledFor(logging.WARNING)


@pytest.mark.scenario  # its steps are tried again, as their policy says
def test_an_audit_that_broke_off_says_why_even_if_it_is_quiet(gone: Path) -> None:
    (gone / ".homelab_state").mkdir()
    (gone / ".homelab_state" / "assets").write_text("no folder")
    result = detect("audit", "-q")
    assert result.exit_code == 2
    assert result.stderr.startswith("error: ")
    assert "assets" in result.stderr


def test_what_was_found_is_printed_though_nothing_of_the_audit_can_be_kept(home: Path) -> None:
    storage = home / ".homelab_state" / "dagster"
    storage.mkdir(parents=True)
    (storage / "history").write_text("no folder")
    result = detect("audit", "-q")
    assert result.exit_code == 2
    assert result.stderr.startswith(f"error: {storage}: Dagster's storage can't be used: ")
    assert result.stderr.count("\n") == 1
    assert "10 drifted" in result.stdout


def test_a_pipeline_test_is_printed_though_its_report_can_not_be_written(home: Path) -> None:
    (home / "reports").write_text("no folder")
    result = detect("pipeline", "-q")
    assert result.exit_code == 2
    assert "can't be written" in result.stderr
    assert "checks pass" in result.stdout


@pytest.mark.parametrize("closed", ["<&-", ">&-", "2>&-", "<&- >&- 2>&-"])
@pytest.mark.parametrize(("words", "code"), [("validate", 1), ("init --print", 0), ("status --format json", 2)])
def test_a_stream_that_is_closed_leads_nowhere(tmp_path: Path, closed: str, words: str, code: int) -> None:
    environment = {"PATH": os.environ["PATH"], "HOME": str(tmp_path), "PYTHONPATH": str(ROOT)}
    line = f"{sys.executable} -c 'from homelab_assets.cli import program; program()' {words} {closed}"
    done = subprocess.run(
        ["sh", "-c", line], cwd=tmp_path, env=environment, capture_output=True, text=True, check=False
    )
    assert done.returncode == code, done.stderr
    assert "Traceback" not in done.stderr


def into(stdout: int, folder: Path, *words: str, stderr: int = subprocess.PIPE) -> tuple[int, str]:
    """Run a verb on the demo lab with this standard output, as buffered as a pipe is."""
    environment = {"PATH": os.environ["PATH"], "HOME": str(folder), "PYTHONPATH": str(ROOT)}
    command = [sys.executable, "-c", "from homelab_assets.cli import program; program()", *words]
    done = subprocess.run(
        command, cwd=folder, env=environment, stdout=stdout, stderr=stderr, text=True, check=False, timeout=60
    )
    return done.returncode, done.stderr or ""


@pytest.mark.parametrize("words", [["diff"], ["validate"], ["init", "--print"], ["diff", "--service", "bazarr"]])
def test_a_result_that_no_disk_has_room_for_is_not_completed(tmp_path: Path, words: list[str]) -> None:
    full = os.open("/dev/full", os.O_WRONLY)
    try:
        assert into(full, tmp_path, *words, "-q") == (2, "error: [Errno 28] No space left on device\n")
    finally:
        os.close(full)


@pytest.mark.parametrize(
    ("words", "code"),
    [
        (["diff"], 1),
        (["validate"], 1),
        (["init", "--print"], 0),
        (["diff", "--service", "bazarr"], 0),
        (["status", "--watch"], 2),
    ],
)
def test_who_has_read_enough_changes_nothing_about_what_was_found(tmp_path: Path, words: list[str], code: int) -> None:
    reading, writing = os.pipe()
    os.close(reading)
    try:
        assert into(writing, tmp_path, *words, "-q") == (code, "")
    finally:
        os.close(writing)


def test_an_audit_goes_on_when_nobody_reads_how_it_goes(tmp_path: Path) -> None:
    reading, writing = os.pipe()
    os.close(reading)
    try:
        assert into(writing, tmp_path, "audit", stderr=writing) == (1, "")
    finally:
        os.close(writing)
    assert list((tmp_path / "reports").glob("drift-*.md"))
    assert (tmp_path / "docs" / "SERVICE_CATALOG.md").is_file()
