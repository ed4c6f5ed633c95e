"""Endurance: some hundred audits in one process, against real engines over SSH, while containers come and go.

Needs root and the real lab (`bash .ci/provision`). Every audit is a day later than the one before: the clock that the
jobs are given is moved, and so is the moment that Dagster noted for the run, so that reports and history grow old
enough to be forgotten. Each tenth day somebody pushes to the repository, `drift_remediation` runs against a simulated
forge, and `history_retention` keeps a month. Prints what is open and stored over time, and whether it stays bounded.

    python benchmarks/soak.py [--audits 200] [--rows 10]
"""

import argparse
import json
import os
import sqlite3
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Mapping
from contextlib import closing
from datetime import UTC, datetime, timedelta
from pathlib import Path

import dagster as dg
import yaml

from homelab_assets.lab.settings import load_lab
from homelab_assets.orchestration.assembly import build_defs
from homelab_assets.orchestration.resources import Laboratory
from homelab_assets_tests.forge.gitea_server import GiteaFace
from homelab_assets_tests.forge.server import serving
from homelab_assets_tests.forge.state import Repository
from homelab_assets_tests.lab import RealLab, why_unavailable

HOSTS = ("ct-docker-01", "ct-media-01")
STACKS = ("infra-core", "dns-pihole", "portainer-agent", "media-indexers")
IMAGE = "lscr.io/linuxserver/radarr:5.2.6"
MONTH = {"ops": {"forget_old_runs": {"config": {"health_days": 7, "days": 30}}}}
QUIET = {"loggers": {"console": {"config": {"log_level": "CRITICAL"}}}}
# What a figure may be above that of the middle third, and still count as bounded: a tenth, and this much.
SLACK = {"RSS, MiB": 8, "open files": 4, "threads": 4, "storage, KiB": 512, "state and docs, KiB": 64}


class Soak:
    """One lab, one process, one Dagster instance; `day` is how far the clock has been moved."""

    def __init__(self, lab: RealLab, forge: GiteaFace) -> None:
        self.lab, self.day = lab, 0
        self.home, self.temporary = lab.directory / "home", lab.directory / "tmp"
        self.home.mkdir()
        self.temporary.mkdir()
        tempfile.tempdir = str(self.temporary)
        (self.home / "dagster.yaml").write_text("telemetry: {enabled: false}\n")
        settings = lab.settings(HOSTS)
        settings["repositories"]["homelab-apps"]["forge"] = {
            "kind": "gitea",
            "url": forge.url,
            "slug": "larry/homelab-apps",
        }
        settings["reports"] = {"keep_days": 30}
        settings["remediation"] = {"max_open": 20, "max_new_per_run": 20}
        (self.home / "lab.yaml").write_text(yaml.safe_dump(settings))
        environment = {**os.environ, "GITEA_TOKEN": "t0ken-of-the-test"}
        self.settings = load_lab(str(self.home / "lab.yaml"), environment)
        laboratory = Laboratory(self.settings, now=lambda: self.now().strftime("%Y-%m-%dT%H:%M:%SZ"))
        self.definitions = build_defs(lab=self.settings, resource_overrides={"laboratory": laboratory})
        self.instance = dg.DagsterInstance.from_config(str(self.home))

    def now(self) -> datetime:
        """The moment as the jobs see it."""
        return datetime.now(UTC) + timedelta(days=self.day)

    def run(self, job: str, config: Mapping[str, object] | None = None) -> None:
        """Run a job in this process, and date its record to the day that it is."""
        result = self.definitions.resolve_job_def(job).execute_in_process(
            instance=self.instance, raise_on_error=False, run_config={**QUIET, **(config or {})}
        )
        if not result.success:
            raise SystemExit(f"{job} failed on day {self.day}: {[event.message for event in result.all_events][-3:]}")
        moment = self.now().replace(tzinfo=None).isoformat(sep=" ")
        with closing(sqlite3.connect(self.home / "history" / "runs.db")) as database, database:
            database.execute("update runs set create_timestamp = ? where run_id = ?", (moment, result.run_id))

    def next_day(self) -> None:
        """Containers come and go; the audit; each tenth day a push, pull requests and the cleaning of history."""
        self.day += 1
        machine = self.lab.hosts[HOSTS[self.day % 2]]
        machine.docker("run", "-d", "--name", f"visitor-{self.day}", "-e", f"API_TOKEN=secret-of-day-{self.day}", IMAGE)
        if self.day > 2:
            machine.docker("rm", "-f", f"visitor-{self.day - 2}")
        self.run("daily_audit")
        if self.day % 10 == 0:
            self.lab.apps.write("NOTES.md", f"day {self.day}\n")
            self.lab.apps.commit(f"docs: day {self.day}")
            self.run("drift_remediation")
            self.run("history_retention", MONTH)

    def figures(self) -> dict[str, int]:
        """What is open, and what is stored."""
        files = [file for file in self.home.rglob("*") if file.is_file()]
        databases = [file for file in files if ".db" in file.name]
        kept = [file for file in files if self.settings.reports in file.parents]
        own = [
            file for folder in (self.settings.state, self.settings.docs) for file in folder.rglob("*") if file.is_file()
        ]
        listed = subprocess.run(
            ["git", "-C", str(self.lab.apps.clone), "worktree", "list"], capture_output=True, text=True, check=True
        )
        left = [path for path in self.temporary.iterdir() if path.name.startswith("homelab-worktree-")]
        return {
            "day": self.day,
            "RSS, MiB": _rss() // 1024,
            "open files": len(os.listdir("/proc/self/fd")),
            "threads": threading.active_count(),
            "SSH connections": self._connections(),
            "worktrees": len(listed.stdout.splitlines()) - 1 + len(left),
            "report files": len(kept),
            "state and docs, files": len(own),
            "state and docs, KiB": sum(file.stat().st_size for file in own) // 1024,
            "runs kept": self.instance.get_runs_count(),
            "storage, rows": sum(map(_rows, databases)),
            "storage, KiB": sum(file.stat().st_size for file in databases) // 1024,
            "compute logs": sum("storage" in file.parts and file not in databases for file in files),
        }  # fmt: skip

    def _connections(self) -> int:
        """Connections of this process to the hosts' sshds."""
        ports = {sshd.port for sshd in self.lab.sshds.values()}
        own = {os.readlink(f"/proc/self/fd/{name}") for name in os.listdir("/proc/self/fd") if _is_open(name)}
        lines = [line.split() for line in Path("/proc/self/net/tcp").read_text().splitlines()[1:]]
        return sum(int(line[2].partition(":")[2], 16) in ports and f"socket:[{line[9]}]" in own for line in lines)


def _is_open(descriptor: str) -> bool:
    return os.path.islink(f"/proc/self/fd/{descriptor}")


def _rss() -> int:
    """Resident memory in KiB."""
    status = Path("/proc/self/status").read_text()
    return next(int(line.split()[1]) for line in status.splitlines() if line.startswith("VmRSS"))


def _rows(file: Path) -> int:
    if file.suffix != ".db":
        return 0
    with closing(sqlite3.connect(f"file:{file}?mode=ro", uri=True)) as database:
        tables = [name for (name,) in database.execute("select name from sqlite_master where type = 'table'")]
        return sum(database.execute(f'select count(*) from "{name}"').fetchone()[0] for name in tables)


def tables(home: Path) -> dict[str, int]:
    """Rows of each table over all databases, largest first: where something grows, this says what."""
    counts: dict[str, int] = {}
    for file in home.rglob("*.db"):
        with closing(sqlite3.connect(f"file:{file}?mode=ro", uri=True)) as database:
            for (name,) in database.execute("select name from sqlite_master where type = 'table'").fetchall():
                more = database.execute(f'select count(*) from "{name}"').fetchone()[0]
                counts[name] = counts.get(name, 0) + more
    return dict(sorted(counts.items(), key=lambda item: -item[1]))


def verdicts(seen: list[dict[str, int]]) -> list[tuple[str, str]]:
    """Say of each figure whether the last third of the time stays within what the middle third had."""
    third = len(seen) // 3
    said = []
    for name in list(seen[0])[1:]:
        middle, last = (max(row[name] for row in part) for part in (seen[third : 2 * third], seen[2 * third :]))
        bounded = last <= middle * 1.1 + SLACK.get(name, 2)
        said.append((name, "bounded" if bounded else f"GROWS: {middle} in the middle third, {last} in the last"))
    return said


def main() -> int:
    """Run the days and print the table."""
    parser = argparse.ArgumentParser(description="Some hundred audits in one process.")
    parser.add_argument("--audits", type=int, default=200)
    parser.add_argument("--rows", type=int, default=10, help="of the table")
    parser.add_argument("--seconds", type=float, default=900, help="stop after this time, with what there is")
    options = parser.parse_args()
    if reason := why_unavailable():
        print(reason, file=sys.stderr)
        return 2
    lab = RealLab(Path(tempfile.mkdtemp(prefix="soak-")))
    try:
        lab.up(HOSTS)
        for stack in STACKS:
            lab.deploy(stack)
        with serving(GiteaFace(Repository(lab.apps.origin))) as forge:
            soak, seen, started = Soak(lab, forge), list[dict[str, int]](), time.monotonic()
            while soak.day < options.audits and time.monotonic() - started < options.seconds:
                soak.next_day()
                seen.append(soak.figures())
            _print(seen, options.rows, time.monotonic() - started)
            print(f"\nrows by table: {json.dumps(tables(soak.home))}", file=sys.stderr)
            soak.instance.dispose()
    finally:
        lab.down()
    return 0


def _print(seen: list[dict[str, int]], rows: int, seconds: float) -> None:
    print(f"{len(seen)} audits in {seconds:.0f} s\n")
    print(f"| {' | '.join(seen[0])} |\n|{' ---: |' * len(seen[0])}")
    chosen = sorted({0, *(round(number * (len(seen) - 1) / (rows - 1)) for number in range(rows))})
    for number in chosen:
        print(f"| {' | '.join(f'{value:,}' for value in seen[number].values())} |")
    print("\n" + "\n".join(f"- {name}: {said}" for name, said in verdicts(seen)))


if __name__ == "__main__":
    sys.exit(main())
