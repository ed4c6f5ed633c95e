"""The lock: one holder, a clear message, no stale locks."""

import multiprocessing
import os
import signal
import time
from pathlib import Path

import pytest

from homelab_assets.errors import UserError
from homelab_assets.fingerprint_key import load_key
from homelab_assets.locking import exclusive


def test_a_second_holder_is_told_who_holds_it(tmp_path: Path) -> None:
    file = tmp_path / "state" / "lock"
    with (
        exclusive(file, doing="writing the drift report"),
        pytest.raises(UserError, match="writing the drift report"),
        exclusive(file, doing="the same", wait=0.1),
    ):
        pass
    with exclusive(file, doing="again", wait=0):
        pass


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="there is no /dev/full")
def test_a_full_disk_costs_the_holder_s_name_only() -> None:
    with (
        exclusive(Path("/dev/full"), doing="writing"),
        pytest.raises(UserError, match="held by another run"),
        exclusive(Path("/dev/full"), doing="the same", wait=0.1),
    ):
        pass


def _hold(file: Path, ready: "multiprocessing.synchronize.Event") -> None:
    with exclusive(file, doing="holding"):
        ready.set()
        time.sleep(60)


def test_a_killed_holder_leaves_no_lock(tmp_path: Path) -> None:
    context = multiprocessing.get_context("spawn")
    ready = context.Event()
    process = context.Process(target=_hold, args=(tmp_path / "lock", ready))
    process.start()
    assert ready.wait(10)
    os.kill(process.pid or 0, signal.SIGKILL)
    process.join()
    with exclusive(tmp_path / "lock", doing="after", wait=1):
        pass


def test_two_threads_of_a_first_run_have_one_key(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    link, keys = os.link, []

    def second_comes_first(source: Path, target: Path) -> None:
        monkeypatch.setattr(os, "link", link)
        keys.append(load_key(tmp_path))
        link(source, target)

    monkeypatch.setattr(os, "link", second_comes_first)
    keys.append(load_key(tmp_path))
    assert keys[0] == keys[1] == load_key(tmp_path)
    assert [path.name for path in tmp_path.iterdir()] == ["fingerprint.key"]
