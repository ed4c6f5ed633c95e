"""Audits a host soon after somebody touched its containers, instead of the next morning."""

import json
from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor, wait

import dagster as dg
from msgspec.structs import replace

from homelab_assets.engine.looks import Look
from homelab_assets.errors import UserError
from homelab_assets.lab.settings import HostSettings, Lab
from homelab_assets.model import Json
from homelab_assets.orchestration import names
from homelab_assets.orchestration.decisions.touches import Deaf, Decision, decide, since
from homelab_assets.orchestration.names import AssetJob
from homelab_assets.orchestration.resources import LaboratoryResource
from homelab_assets.orchestration.store import JsonStore
from homelab_assets.secrecy import redact

HOST_SECONDS = 8
ALL_SECONDS = 40.0
"""Dagster ends a tick after 60 seconds: hosts that have not answered by then are asked again at the next one."""


def engine_event_sensor(lab: Lab, job: AssetJob) -> dg.SensorDefinition:
    """Return `engine_event_sensor`: one run per look for all hosts that were touched and are quiet again."""

    @dg.sensor(
        name="engine_event_sensor",
        job=job,
        minimum_interval_seconds=30,
        default_status=dg.DefaultSensorStatus.RUNNING if live_hosts(lab) else dg.DefaultSensorStatus.STOPPED,
        description="Reads each engine's events, and audits a host once somebody touched it and it is quiet again.",
    )
    def sensor(
        context: dg.SensorEvaluationContext, laboratory: LaboratoryResource, store: dg.ResourceParam[JsonStore]
    ) -> dg.SensorResult:
        hosts = live_hosts(laboratory.lab)
        if not hosts:
            return dg.SensorResult(skip_reason="all hosts are recorded captures: nothing happens on them")
        cursor = json.loads(context.cursor) if context.cursor else None
        never = [host for host in laboratory.lab.hosts if not store.file(names.capture(host)).exists()]
        return _result(decide(cursor, look_at_all(hosts, cursor)), laboratory.lab, never)

    return sensor


def live_hosts(lab: Lab) -> dict[str, HostSettings]:
    """Return the hosts that have an engine, as against recorded ones."""
    return {name: host for name, host in lab.hosts.items() if not host.docker.startswith("capture:")}


def look_at_all(hosts: Mapping[str, HostSettings], cursor: Json) -> dict[str, Look | Deaf]:
    """Look at all engines side by side. One that is dead or slow is `Deaf` and holds nobody up."""
    pool = ThreadPoolExecutor(min(32, len(hosts)), thread_name_prefix="events")
    try:
        asked = {name: pool.submit(_look, host, since(cursor, name)) for name, host in hosts.items()}
        wait(asked.values(), timeout=ALL_SECONDS)
        late = Deaf(why=f"no answer within {ALL_SECONDS:g} s")
        return {name: future.result() if future.done() else late for name, future in asked.items()}
    finally:
        pool.shutdown(wait=False, cancel_futures=True)


def _look(host: HostSettings, moment: float | None) -> Look | Deaf:
    from homelab_assets.engine.events import look

    try:
        hasty = replace(host, connect_timeout=min(host.connect_timeout, HOST_SECONDS))
        return look(hasty, moment, read_timeout=HOST_SECONDS)
    except UserError as error:
        return Deaf(why=redact(str(error)))


def _result(decision: Decision, lab: Lab, never: Sequence[str]) -> dg.SensorResult:
    cursor = json.dumps(decision.cursor)
    deaf = "; ".join(f"{host} does not answer: {why}" for host, why in decision.deaf.items())
    if not decision.audit:
        waiting = (
            f"waiting until {', '.join(decision.waiting)} is quiet" if decision.waiting else "nobody touched a host"
        )
        return dg.SensorResult(skip_reason="; ".join(part for part in (waiting, deaf) if part), cursor=cursor)
    request = dg.RunRequest(
        run_key=decision.run_key,
        # Baselines are read anew too: a deploy often follows a merge. Other hosts' captures
        # come from storage, if they were ever captured.
        asset_selection=[
            *(names.capture(host) for host in sorted({*decision.audit, *never})),
            *(names.baseline(name) for name in lab.repositories),
            names.DRIFT_DOCUMENT,
            names.DRIFT_REPORT,
        ],
        tags={"homelab/trigger": "touch", "homelab/hosts": _tag(decision.audit)},
    )
    return dg.SensorResult(run_requests=[request], cursor=cursor)


def _tag(hosts: tuple[str, ...]) -> str:
    """Return host names as a tag's value, which holds few characters and at most 63 of them."""
    return "_".join(hosts)[:63].strip("._-")
