"""A fleet by configuration alone: the steps of `daily_audit` on two Celery workers, over Redis, with PostgreSQL."""

import json
import re
from contextlib import ExitStack
from pathlib import Path

from homelab_assets_tests.deployment.conftest import EVERY_MINUTE, serving
from homelab_assets_tests.deployment.servers import ROOT, SCRIPTS, needs, redis, service, until
from homelab_assets_tests.lab.homelab import RealLab

DONE = re.compile(r"Task execute_plan\S* succeeded")


def test_the_scheduled_audit_spreads_over_two_workers(lab: RealLab, tmp_path: Path) -> None:
    needs(programs=("postgres", "initdb", "redis-server"), modules=("dagster_postgres", "dagster_celery", "redis"))
    lab.deploy("organizr", "ct-docker-01")
    with ExitStack() as stack:
        port = stack.enter_context(redis(tmp_path / "redis"))
        fleet = {
            "CELERY_BROKER": f"redis://127.0.0.1:{port}/0",
            "CELERY_BACKEND": f"redis://127.0.0.1:{port}/1",
            "HOMELAB_EXECUTOR": "celery",
            "HOMELAB_HOSTS_PER_STEP": "1",
        }
        stack.callback(lab.clear, "ct-docker-01")
        server = stack.enter_context(serving(tmp_path, {**lab.settings(), "schedule": EVERY_MINUTE}, fleet))
        workers = [tmp_path / f"worker-{number}.log" for number in (1, 2)]
        for log in workers:
            command = [str(SCRIPTS / "dagster-celery"), "worker", "start", "-A", "dagster_celery.app"]
            command += ["-y", "deploy/celery/celery.yaml", "--name", log.stem, "--", "--concurrency", "1"]
            environment = {**server.environment, "C_FORCE_ROOT": "1"}
            stack.enter_context(service(log.stem, command, cwd=ROOT, environment=environment, log=log))

        def scheduled() -> dict[str, str] | None:
            ended = [run for run in server.web.runs(homelab__trigger="schedule") if run["endTime"]]
            return ended[-1] if ended else None

        run = until("the scheduled audit ends", scheduled, seconds=150, every=1)
        assert run["status"] == "SUCCESS", server.web.events(run["runId"])
        print(f"seconds of the run: {run['endTime'] - run['startTime']:.1f}")
        steps = {event.get("stepKey") for event in server.web.events(run["runId"])}
        assert {"capture_hosts_1", "capture_hosts_2", "load_baselines", "drift"} <= steps
        document = json.loads((server.state / "assets" / "drift.json").read_text())
        statuses = {one["service"]: one["status"] for one in document["services"] if one["host"] == "ct-docker-01"}
        assert statuses["organizr"] == "clean"
        spread = [len(DONE.findall(log.read_text())) for log in workers]
        print(f"steps by worker: {spread}")
        assert min(spread) >= 1
