"""Tells somebody when a check or a job fails, and when it has recovered. Off until `lab.yaml` says whom to `notify`.

A failed check leaves its run green (drift is news, not a crash), so hooks and run-failure sensors never see it. The
last verdict on each check and job is compared with what was told: no place in a log that could be lost, and the same
on every storage.
"""

import hashlib
import json
from collections.abc import Iterable, Iterator
from typing import Any

import dagster as dg

from homelab_assets.errors import UserError
from homelab_assets.lab.settings import Lab
from homelab_assets.orchestration.decisions.failures import News, Verdict, decide
from homelab_assets.orchestration.notify import send
from homelab_assets.orchestration.resources import LaboratoryResource
from homelab_assets.secrecy import redact

_ENDED = [dg.DagsterRunStatus.SUCCESS, dg.DagsterRunStatus.FAILURE]
_MOST_LINES, _RECENT_RUNS = 50, 25


def failure_sensor(lab: Lab) -> dg.SensorDefinition:
    """Return `failed_check_sensor`. What each target was told is kept apart: one that is down misses nothing."""

    @dg.sensor(
        name="failed_check_sensor",
        minimum_interval_seconds=60,
        default_status=dg.DefaultSensorStatus.RUNNING if lab.notify else dg.DefaultSensorStatus.STOPPED,
        description="Notifies the targets of `notify` in lab.yaml when a check or a job fails, and when it recovers.",
    )
    def sensor(context: dg.SensorEvaluationContext, laboratory: LaboratoryResource) -> dg.SensorResult:
        if not laboratory.lab.notify:
            return dg.SensorResult(skip_reason="lab.yaml has no `notify`", cursor=context.cursor)
        repository = context.repository_def
        assert repository is not None, "a sensor is evaluated in its code location"
        checks = repository.asset_graph.asset_check_keys
        verdicts = [
            *check_verdicts(context.instance, checks),
            *job_verdicts(context.instance, repository.get_all_jobs()),
        ]
        return notify_all(laboratory.lab, context.cursor, verdicts)

    return sensor


def notify_all(lab: Lab, cursor: str | None, verdicts: list[Verdict]) -> dg.SensorResult:
    """Tell every target what it has not been told yet."""
    told = json.loads(cursor) if cursor else {}
    kept: dict[str, Any] = {}
    said = []
    for number, target in enumerate(lab.notify):
        # A digest of what lab.yaml says, which names a variable where the address holds a secret.
        name = hashlib.sha256(target.encode()).hexdigest()[:12]
        before = told.get(name)
        after, news = decide(before and before["failing"], verdicts)
        kept[name] = {"failing": after}
        try:
            if news:
                send(lab.resolve(target, key=f"notify[{number}]"), *_words(news, lab))
            said.append(f"target {number + 1}: {len(news)} told")
        except UserError as error:
            # `news` is never empty here, so something was told before: the next look says it again.
            kept[name] = before
            said.append(f"target {number + 1} could not be told: {redact(str(error))}")
    return dg.SensorResult(skip_reason="; ".join(said), cursor=json.dumps(kept))


def check_verdicts(instance: dg.DagsterInstance, checks: Iterable[dg.AssetCheckKey]) -> Iterator[Verdict]:
    """Yield the last verdict of each check that has one; a check that is just being evaluated has none."""
    # The storage is asked itself: the instance has no such method for several checks at once.
    records = instance.event_log_storage.get_latest_asset_check_execution_by_key(list(checks))
    for key, record in records.items():
        event = record.event.dagster_event if record.event else None
        if event is None or event.event_type != dg.DagsterEventType.ASSET_CHECK_EVALUATION:
            continue
        data = event.asset_check_evaluation_data
        # What depends on a failed check was not judged: one cause is one line.
        if data.metadata.get("status") == dg.MetadataValue.text("blocked"):
            continue
        name = f"{key.asset_key.to_user_string()}: {key.name}"
        yield Verdict(thing=name, passed=data.passed, description=redact(data.description or ""))


def job_verdicts(instance: dg.DagsterInstance, jobs: Iterable[dg.JobDefinition]) -> Iterator[Verdict]:
    """Yield the verdict of the last run that ended, of each job that has one. Canceled runs were a person's wish.

    A run of a part of a job's assets (the look at the media applications every five minutes) says nothing of the rest:
    it has a verdict of its own. A whole run behind many such ones has none any more, and stays what it was.
    """
    for job in jobs:
        named: dict[str, dg.DagsterRun] = {}
        for run in instance.get_runs(dg.RunsFilter(job_name=job.name, statuses=_ENDED), limit=_RECENT_RUNS):
            named.setdefault(_thing(run, job), run)
        for name, run in named.items():
            yield Verdict(thing=name, passed=run.is_success, description=f"run {run.run_id[:8]}")


def _thing(run: dg.DagsterRun, job: dg.JobDefinition) -> str:
    if job.name.startswith("__"):
        return "a run of single assets"
    chosen, every = run.asset_selection or frozenset(), job.asset_layer.selected_asset_keys
    part = (chosen or run.asset_check_selection) and not chosen >= every
    return f"a part of job {job.name}" if part else f"job {job.name}"


def _words(news: tuple[News, ...], lab: Lab) -> tuple[str, str]:
    failed = [item for item in news if item.failed]
    title = f"homelab: {len(failed)} failed" if failed else "homelab: all passed again"
    lines = [f"{'FAILED' if item.failed else 'passed again'} {item.thing} — {item.description}" for item in news]
    if len(lines) > _MOST_LINES:
        lines = [*lines[:_MOST_LINES], f"… and {len(lines) - _MOST_LINES} more"]
    return title, "\n".join([*lines, "", f"Reports: {lab.reports}"])
