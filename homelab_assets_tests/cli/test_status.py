"""`drift-detector status`: what it says of the last runs, its exit code, who answers now, and looking again and again."""

import json
import os
import pty
import select
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest

from homelab_assets_tests.cli.terminal import detect


def report(home: Path, *, clean: bool = False) -> None:
    """Leave the report of an audit behind; a clean one has nothing but services as git says."""
    file = home / "reports" / f"drift-{datetime.now(UTC):%Y-%m-%d}.json"
    file.parent.mkdir(exist_ok=True)
    document = json.loads(detect("diff", "--format", "json").stdout)
    if clean:
        document["services"] = [one for one in document["services"] if one["status"] == "clean"]
    file.write_text(json.dumps(document))


def test_without_an_audit_nothing_can_be_told(home: Path) -> None:
    result = detect("status")
    assert result.exit_code == 2
    assert "drift-detector audit" in result.stdout
    assert [path.name for path in home.iterdir() if path.name != ".homelab_state"] == []


def test_drift_asks_for_attention(home: Path) -> None:
    report(home)
    result = detect("status", "--format", "json")
    status = json.loads(result.stdout)
    assert result.exit_code == 1
    assert status["audit"]["result"] == "drifted"
    assert "radarr" in {service["service"] for service in status["attention"]}


def test_a_clean_audit_is_all_well(home: Path) -> None:
    report(home, clean=True)
    result = detect("status")
    assert result.exit_code == 0, result.output
    assert "clean" in result.stdout


@pytest.fixture
def silent_port() -> Iterator[int]:
    """A port of all loopback addresses that takes connections no more: who connects waits."""
    with socket.socket() as listening:
        listening.bind(("0.0.0.0", 0))
        listening.listen(0)
        waiting = []
        for _ in range(4):
            waiting.append(socket.socket())
            waiting[-1].setblocking(False)
            waiting[-1].connect_ex(("127.0.0.1", listening.getsockname()[1]))
        yield listening.getsockname()[1]
        for one in waiting:
            one.close()


def test_a_hundred_silent_hosts_are_asked_side_by_side(home: Path, silent_port: int) -> None:
    with socket.create_server(("127.0.0.1", 0)) as alive:
        hosts = {f"dead-{n}": f"tcp://127.0.1.{n}:{silent_port}" for n in range(1, 101)}
        hosts["alive"] = f"tcp://127.0.0.1:{alive.getsockname()[1]}"
        lab = "\n".join(f"  {name}: {{docker: '{address}'}}" for name, address in hosts.items())
        (home / "lab.yaml").write_text(f"hosts:\n{lab}\nrepositories: {{}}\n")
        begin = time.monotonic()
        result = detect("status", "--ping", "--format", "json")
        took = time.monotonic() - begin
    pings = {ping["name"]: ping for ping in json.loads(result.stdout)["pings"]}
    assert result.exit_code == 2
    assert took < 30
    assert set(pings) == set(hosts)
    assert [name for name, ping in pings.items() if ping["milliseconds"] is not None] == ["alive"]
    assert all(ping["error"] for name, ping in pings.items() if name != "alive")


def test_watch_looks_again_until_it_is_told_to_stop(home: Path) -> None:
    ours, theirs = pty.openpty()
    shown = bytearray()
    with subprocess.Popen(
        [sys.executable, "-c", "from homelab_assets.cli import main; main()", "status", "--watch", "0.5"],
        stdin=theirs, stdout=theirs, stderr=theirs, env={**os.environ, "TERM": "xterm"}, start_new_session=True,
    ) as process:  # fmt: skip
        os.close(theirs)
        try:
            while shown.count(b"What to do next") < 2 and (more := _read(ours)):
                shown += more
            process.send_signal(signal.SIGINT)
            while more := _read(ours):
                shown += more
            code = process.wait(60)
        finally:
            process.kill()
            os.close(ours)
    assert shown.count(b"What to do next") >= 2, shown.decode()
    assert shown.count(b"\x1b[2J") >= 2, "the screen is cleared in between"
    assert b"Traceback" not in shown
    assert code == 130


def _read(terminal: int) -> bytes:
    """Read what was written to a terminal; b"" once nobody has it open, or nothing comes within a minute."""
    try:
        return os.read(terminal, 65536) if select.select([terminal], [], [], 60)[0] else b""
    except OSError:
        return b""
