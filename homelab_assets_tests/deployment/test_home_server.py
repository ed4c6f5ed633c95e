"""The home server of `docs/deployment.md` for real: PostgreSQL, gRPC, daemon, web server, and hosts over SSH.

Everything happens by itself here: the schedule fires, a push is noticed, and so is a container that somebody stops.
"""

import json
import time
from typing import Any

from homelab_assets_tests.deployment.conftest import HomeServer
from homelab_assets_tests.deployment.servers import until
from homelab_assets_tests.lab.homelab import RealLab

HOST, STACK = "ct-docker-01", "organizr"


def stored(server: HomeServer, *key: str) -> Any:
    return json.loads(server.state.joinpath("assets", *key[:-1], f"{key[-1]}.json").read_text())


def looked(server: HomeServer, sensor: str) -> bool:
    return any(tick["status"] in {"SKIPPED", "SUCCESS"} for tick in server.web.ticks(sensor))


def succeeded(server: HomeServer, **tags: str) -> dict[str, Any] | None:
    runs = server.web.runs(**tags)
    failed = [run for run in runs if run["status"] in {"FAILURE", "CANCELED"}]
    assert not failed, server.web.events(failed[0]["runId"])
    return next((run for run in runs if run["status"] == "SUCCESS"), None)


def test_schedule_merges_and_touches_start_runs_by_themselves(lab: RealLab, home_server: HomeServer) -> None:
    web = home_server.web
    lab.deploy(STACK, HOST)
    try:
        for sensor in ("repository_merge_sensor", "engine_event_sensor"):
            until(f"{sensor} has looked once", lambda sensor=sensor: looked(home_server, sensor), seconds=60)
        started = time.monotonic()
        lab.infra.write("README.md", f"# merged at {time.time()}\n")
        commit = lab.infra.commit("docs: a merge")
        lab.hosts[HOST].docker("stop", STACK)
        expected = {
            "schedule": {"homelab__trigger": "schedule"},
            "merge": {"homelab__trigger": "merge", "git__commit": commit},
            "touch": {"homelab__trigger": "touch", "homelab__hosts": HOST},
        }
        seconds = {}

        def all_there() -> bool:
            for name, tags in expected.items():
                if name not in seconds and succeeded(home_server, **tags):
                    seconds[name] = round(time.monotonic() - started)
            return len(seconds) == len(expected)

        until("schedule, merge and touch", all_there, seconds=150, every=1)
        print(f"seconds from the change to the end of the run that it started: {seconds}")
        verdicts = {(one["host"], one["service"]): one for one in stored(home_server, "drift")["services"]}
        assert verdicts[HOST, STACK]["status"] == "stopped"
        assert [one["status"] for one in stored(home_server, "drift")["hosts"]] == ["captured", "captured"]
        # infra is one of several runs' baselines: the merge's commit is what the last of them read.
        assert stored(home_server, "baselines", lab.infra.name)["commit"] == commit
        assert list(home_server.reports.glob("drift-*.md"))
        # Nothing twice: one merge, one touch.
        assert len(web.runs(homelab__trigger="merge")) == 1
        assert len(web.runs(homelab__trigger="touch")) == 1
    finally:
        lab.clear(HOST)


def test_one_asset_alone_is_made_from_what_is_stored(home_server: HomeServer) -> None:
    web = home_server.web
    if not (home_server.state / "assets" / "drift.json").exists():
        run = web.launch("daily_audit")
        assert until("the audit ends", lambda: web.ended(run), seconds=60) == "SUCCESS"
    for report in ("drift-*.md", "cleanup-*.md"):
        for file in home_server.reports.glob(report):
            file.unlink()
    runs = [web.materialize(asset) for asset in ("drift_report", "cleanup_report")]
    assert [until("the run ends", lambda run=run: web.ended(run), seconds=60) for run in runs] == ["SUCCESS"] * 2
    assert list(home_server.reports.glob("drift-*.md"))
    assert list(home_server.reports.glob("cleanup-*.md"))
    steps = {event["stepKey"] for run in runs for event in web.events(run) if event.get("stepKey")}
    assert not any(step.startswith(("capture_hosts", "load_baselines")) for step in steps)


def test_a_backup_restores_the_whole_history(home_server: HomeServer) -> None:
    database = home_server.database
    dump = database.run("pg_dump", "--no-owner", "dagster")
    database.run("createdb", "restored")
    database.run("psql", "-q", "-v", "ON_ERROR_STOP=1", "-d", "restored", text=dump)

    def counts(name: str) -> list[str]:
        query = "select (select count(*) from runs), (select count(*) > 0 from event_logs)"
        return database.run("psql", "-At", "-d", name, "-c", query).split("|")

    assert counts("restored")[1].strip() == "t"
    assert int(counts("restored")[0]) >= 1
