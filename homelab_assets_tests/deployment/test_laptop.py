"""A laptop as `docs/deployment.md` describes it: `dagster dev` on SQLite, with the checkout's own `dagster.yaml`.

One server for all tests, in this order: what goes on by itself (the schedule of every minute) does so meanwhile.
"""

import os
import sys
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest

from homelab_assets_tests.deployment.conftest import EVERY_MINUTE
from homelab_assets_tests.deployment.servers import ROOT, Webserver, free_port, service, until
from homelab_assets_tests.orchestration.world import Repository, make_lab

pytestmark = pytest.mark.skipif(
    os.environ.get("HOMELAB_LAB_REQUIRED") != "1", reason="takes over a minute: set HOMELAB_LAB_REQUIRED=1, as CI does"
)
MONITORING = "run_monitoring:\n  enabled: true\n"


class Laptop:
    """A folder with `lab.yaml`, and Dagster in it while it is on."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.apps = Repository(folder, "apps")
        self.lab = make_lab(
            folder, repositories={"apps": {"path": "apps", "ref": "origin/main"}}, schedule=EVERY_MINUTE
        )
        settings = (ROOT / "dagster.yaml").read_text()
        assert MONITORING in settings
        # Run monitoring looks every two minutes, which is too rarely for a test.
        (folder / "dagster.yaml").write_text(settings.replace(MONITORING, f"{MONITORING}  poll_interval_seconds: 2\n"))
        self.web = Webserver(free_port())

    @contextmanager
    def on(self) -> Iterator[Webserver]:
        """Run `dagster dev` until the end of the block."""
        port = self.web.url.rpartition(":")[2]
        command = [sys.executable, "-m", "dagster", "dev", "-w", str(ROOT / "workspace.yaml"), "-p", port]
        environment = {"PATH": os.environ["PATH"], "HOME": str(self.folder), "PYTHONWARNINGS": "ignore"}
        log = self.folder / "dagster.log"
        with service("dagster dev", command, cwd=self.folder, environment=environment, log=log):
            until("the web server knows the code location", self.web.loaded, seconds=90)
            yield self.web

    def finished(self, run: str) -> str:
        """Wait for a run and return its status."""
        return str(until("the run ends", lambda: self.web.ended(run), seconds=90))

    def steps(self, run: str) -> set[str]:
        """Return the steps that a run has started."""
        events = self.web.events(run)
        return {event["stepKey"] for event in events if event["__typename"] == "ExecutionStepStartEvent"}


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Laptop, ExitStack]]:
    """A laptop that is on; closing the stack turns it off."""
    laptop = Laptop(tmp_path_factory.mktemp("laptop"))
    with ExitStack() as stack:
        stack.enter_context(laptop.on())
        yield laptop, stack


@pytest.fixture
def laptop(server: tuple[Laptop, ExitStack]) -> Laptop:
    return server[0]


def test_a_failed_run_goes_on_from_its_failure(laptop: Laptop) -> None:
    laptop.lab.reports.write_text("a file where the reports should be")
    failed = laptop.web.launch("daily_audit")
    assert laptop.finished(failed) == "FAILURE"
    assert {"capture_hosts", "load_baselines", "drift", "drift_report"} <= laptop.steps(failed)
    laptop.lab.reports.unlink()
    again = laptop.web.from_failure(failed)
    assert laptop.finished(again) == "SUCCESS", laptop.web.events(again)
    # What had succeeded is read from storage.
    assert laptop.steps(again) == {"structure_report", "cleanup_report", "documentation", "drift_report"}
    assert list(laptop.lab.reports.glob("drift-*.md"))


def test_a_run_that_waits_for_git_for_too_long_is_ended(laptop: Laptop) -> None:
    # A pool without a slot: whoever needs git waits for ever. Of audits one runs at a time, and this one goes by another
    # kind: an audit that the schedule starts meanwhile would wait in front of it.
    laptop.web.ask('mutation { setConcurrencyLimit(concurrencyKey: "git", limit: 0) }')
    try:
        run = laptop.web.launch("daily_audit", dagster__max_runtime="3", homelab__kind="slow")
        assert laptop.finished(run) == "FAILURE"
    finally:
        laptop.web.ask('mutation { deleteConcurrencyLimit(concurrencyKey: "git") }')
    assert "load_baselines" not in laptop.steps(run)
    assert any("maximum runtime" in str(event.get("message")) for event in laptop.web.events(run))


def test_of_audits_one_runs_at_a_time_and_the_schedule_starts_them(laptop: Laptop) -> None:
    both = [laptop.web.launch("daily_audit") for _ in range(2)]
    assert [laptop.finished(run) for run in both] == ["SUCCESS", "SUCCESS"]

    def scheduled() -> list[dict[str, Any]]:
        return [run for run in laptop.web.runs(homelab__trigger="schedule") if run["status"] == "SUCCESS"]

    until("the schedule's audit ends", scheduled, seconds=150, every=1)
    spans = sorted(
        (run["startTime"], run["endTime"]) for run in laptop.web.runs(homelab__kind="audit") if run["endTime"]
    )
    started = [span for span in spans if span[0]]
    assert len(started) >= 4
    assert all(before[1] <= after[0] for before, after in pairwise(started)), started


def test_a_merge_while_it_was_off_is_validated_once(server: tuple[Laptop, ExitStack]) -> None:
    laptop, stack = server
    until("the sensor has looked", lambda: laptop.web.ticks("repository_merge_sensor"), seconds=90)
    stack.close()
    commit = laptop.apps.merge("README.md", "# merged while nobody looked\n")
    stack.enter_context(laptop.on())

    def validated() -> list[dict[str, Any]]:
        runs = laptop.web.runs(homelab__trigger="merge")
        return [run for run in runs if run["status"] == "SUCCESS"]

    until("the merge is validated", validated, seconds=120, every=1)
    (run,) = laptop.web.runs(homelab__trigger="merge")
    assert {"key": "git/commit", "value": commit} in run["tags"]
