"""A simulated fleet through Dagster: what `daily_audit` costs for each host, and what it leaves in the event log.

Every host is an engine behind a Unix socket of its own (real HTTP, the demo's containers under other names), its stacks
lie in one git repository. The engines run in a process of their own.

    python benchmarks/dagster_fleet.py [--hosts 10 100 300] [--containers 10 100]
"""

import argparse
import json
import os
import resource
import sqlite3
import subprocess
import sys
import tempfile
from contextlib import ExitStack
from pathlib import Path

import yaml
from fleet import make_host

from homelab_assets_tests.engine.fake_engine import UnixEngine

AUDIT = """
import json, resource, sys, time
from homelab_assets.lab.settings import load_lab
from homelab_assets.orchestration.run import open_instance, run_job
lab = load_lab()
with open_instance(lab):
    pass
started = time.monotonic()
outcome = run_job(lab, "daily_audit")
assert not outcome.errors, outcome.errors
wall = time.monotonic() - started
from homelab_assets.orchestration.run import dagster_home
from dagster import DagsterInstance
with DagsterInstance.from_config(str(dagster_home(lab))) as instance:
    steps = {one.step_key: one.end_time - one.start_time for one in instance.get_run_step_stats(outcome.run_id)}
usage = resource.getrusage(resource.RUSAGE_SELF)
print(json.dumps({
    "wall": wall, "steps": steps, "cpu": usage.ru_utime + usage.ru_stime, "peak": usage.ru_maxrss / 1024,
    "services": len(outcome.document.services),
}))
"""


def serve(folder: Path, hosts: int, containers: int) -> None:
    """Write the lab and answer for its engines until the standard input ends."""
    with ExitStack() as running:
        files: dict[str, bytes] = {}
        targets, sockets = {}, {}
        for number in range(hosts):
            name, text, stacks = make_host(number, containers)
            capture = json.loads(text)
            sockets[name] = folder / f"{number}.sock"
            running.enter_context(UnixEngine(sockets[name], _answers(capture)))
            for stack, own in stacks.items():
                files |= own
                targets[stack] = name
        repository = folder / "apps"
        for path, content in {**files, "stack-targets.yml": yaml.safe_dump(targets).encode()}.items():
            (repository / path).parent.mkdir(parents=True, exist_ok=True)
            (repository / path).write_bytes(content)
        git = ["git", "-c", "user.name=fleet", "-c", "user.email=fleet@homelab.invalid", "-C", str(repository)]
        for command in (["init", "-q", "-b", "main"], ["add", "."], ["commit", "-qm", "feat: a fleet"]):
            subprocess.run([*git, *command], check=True)
        lab = {
            "hosts": {name: {"docker": f"unix://{path}"} for name, path in sockets.items()},
            "repositories": {"apps": {"path": "apps", "ref": "main", "stacks": "stacks/*"}},
        }
        (folder / "lab.yaml").write_text(yaml.safe_dump(lab))
        print("ready", flush=True)
        sys.stdin.read()


def _answers(capture: dict) -> dict:
    containers, images, engine = capture["containers"], capture["images"], capture["engine"]
    return {
        "/version": engine["version"],
        "/info": engine["info"],
        "/containers/json": [{"Id": one["Id"]} for one in containers],
        **{f"/containers/{one['Id']}/json": one for one in containers},
        "/images/json": [{"Id": image["Id"], "RepoTags": image.get("RepoTags")} for image in images],
        **{f"/images/{image['Id']}/json": image for image in images},
        "/networks": [],
        "/volumes": {"Volumes": []},
    }


def measure(hosts: int, containers: int) -> str:
    """Run the job twice, so that the second finds a history, and return a row of the table."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        command = [sys.executable, __file__, "--serve", name, "--hosts", str(hosts), "--containers", str(containers)]
        engines = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE)
        assert engines.stdin
        assert engines.stdout
        assert engines.stdout.readline() == b"ready\n"
        environment = {key: value for key, value in os.environ.items() if key != "DAGSTER_HOME"}
        try:
            for _ in range(2):
                events = _events(folder)
                run = subprocess.run(
                    [sys.executable, "-c", AUDIT], cwd=folder, env=environment, check=True, capture_output=True
                )
            result = json.loads(run.stdout.splitlines()[-1])
        finally:
            engines.stdin.close()
            engines.wait()
        rows, size = (after - before for after, before in zip(_events(folder), events, strict=True))
    assert result["services"] == hosts * containers, result
    steps = result["steps"]
    capture = steps.pop("capture_hosts")
    figures = f"{result['wall']:.1f} | {capture:.1f} | {sum(steps.values()):.1f} | {result['wall'] / hosts:.2f}"
    return f"| {hosts} | {hosts * containers} | {figures} | {rows} | {size / 1024:.0f} | {result['peak']:.0f} |"


def _events(folder: Path) -> tuple[int, int]:
    """Rows and bytes of the event log."""
    rows = size = 0
    for file in folder.rglob("*.db"):
        with sqlite3.connect(file) as database:
            if database.execute("select 1 from sqlite_master where name = 'event_logs'").fetchone():
                more = database.execute("select count(*), coalesce(sum(length(event)), 0) from event_logs").fetchone()
                rows, size = rows + more[0], size + more[1]
    return rows, size


def main() -> None:
    """Measure all sizes."""
    parser = argparse.ArgumentParser(description="A simulated fleet through Dagster.")
    parser.add_argument("--hosts", type=int, nargs="+", default=[10, 100, 300])
    parser.add_argument("--containers", type=int, nargs="+", default=[10, 100], help="per host")
    parser.add_argument("--serve", type=Path, help=argparse.SUPPRESS)
    options = parser.parse_args()
    most = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
    resource.setrlimit(resource.RLIMIT_NOFILE, (most, most))
    if options.serve:
        serve(options.serve, options.hosts[0], options.containers[0])
        return
    columns = ("hosts", "containers", "daily_audit, s", "capture, s", "other steps, s", "s a host")
    columns += ("events", "event log, KiB", "peak MiB")
    print(f"| {' | '.join(columns)} |\n|{' ---: |' * len(columns)}", flush=True)
    for containers in options.containers:
        for hosts in options.hosts:
            print(measure(hosts, containers), flush=True)


if __name__ == "__main__":
    main()
