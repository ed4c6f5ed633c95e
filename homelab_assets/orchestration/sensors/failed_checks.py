"""Tells somebody when a check fails, and when it has recovered. Off until `notify` in `lab.yaml` names where to.

A failed check leaves its run green (drift is news, not a crash), so hooks and run-failure sensors never see it: the
event log is read instead.
"""

import hashlib
import json

import dagster as dg

from homelab_assets.errors import UserError
from homelab_assets.lab.settings import Lab
from homelab_assets.orchestration.decisions.failures import Evaluation, News, decide
from homelab_assets.orchestration.notify import send
from homelab_assets.orchestration.resources import LaboratoryResource
from homelab_assets.secrecy import redact

_BATCH = 1000


def failed_check_sensor(lab: Lab) -> dg.SensorDefinition:
    """Return `failed_check_sensor`. Each target has its own place in the log: one that is down misses nothing."""

    @dg.sensor(
        name="failed_check_sensor",
        minimum_interval_seconds=60,
        default_status=dg.DefaultSensorStatus.RUNNING if lab.notify else dg.DefaultSensorStatus.STOPPED,
        description="Notifies the targets of `notify` in lab.yaml when a check fails and when it passes again.",
    )
    def sensor(context: dg.SensorEvaluationContext, laboratory: LaboratoryResource) -> dg.SensorResult:
        if not laboratory.lab.notify:
            return dg.SensorResult(skip_reason="lab.yaml has no `notify`", cursor=context.cursor)
        return notify_all(context, laboratory.lab)

    return sensor


def notify_all(context: dg.SensorEvaluationContext, lab: Lab) -> dg.SensorResult:
    """Tell every target what it has not been told yet."""
    states = json.loads(context.cursor) if context.cursor else {}
    newest = _newest(context.instance)
    kept, said = {}, []
    for number, target in enumerate(lab.notify):
        # A digest of what lab.yaml says, which names a variable where the address holds a secret.
        name = hashlib.sha256(target.encode()).hexdigest()[:12]
        state = states.get(name) or {"after": newest, "failing": []}
        after, news = decide(state, _evaluations(context.instance, state["after"]))
        try:
            if news:
                send(lab.resolve(target, key=f"notify[{number}]"), *_words(news, lab))
            kept[name] = after
            said.append(f"target {number + 1}: {len(news)} told")
        except UserError as error:
            kept[name] = state
            said.append(f"target {number + 1} could not be told: {redact(str(error))}")
    return dg.SensorResult(skip_reason="; ".join(said), cursor=json.dumps(kept))


# The storage is asked itself: the instance's own methods know runs and materializations, but no checks of all assets.
def _newest(instance: dg.DagsterInstance) -> int:
    records = instance.event_log_storage.get_event_records(_filter(None), limit=1, ascending=False)
    return records[0].storage_id if records else 0


def _evaluations(instance: dg.DagsterInstance, after: int) -> list[Evaluation]:
    found: list[Evaluation] = []
    for record in instance.event_log_storage.get_event_records(_filter(after), limit=_BATCH, ascending=True):
        event = record.event_log_entry.dagster_event
        data = event.asset_check_evaluation_data if event else None
        if data is None:
            continue
        found.append(
            Evaluation(
                number=record.storage_id,
                check=f"{data.asset_key.to_user_string()}: {data.check_name}",
                passed=data.passed,
                severity=data.severity.value,
                description=redact(data.description or ""),
                run_id=record.run_id,
            )
        )
    return found


def _filter(after: int | None) -> dg.EventRecordsFilter:
    return dg.EventRecordsFilter(event_type=dg.DagsterEventType.ASSET_CHECK_EVALUATION, after_cursor=after)


def _words(news: tuple[News, ...], lab: Lab) -> tuple[str, str]:
    failed = [item for item in news if item.failed]
    title = f"homelab: {len(failed)} checks failed" if failed else "homelab: checks passed again"
    lines = [f"{'FAILED' if item.failed else 'passed again'} {item.check} — {item.description}" for item in news]
    return title, "\n".join([*lines, "", f"Reports: {lab.reports}"])
