"""Starts a validation when a baseline branch moves."""

import json
from concurrent.futures import ThreadPoolExecutor

import dagster as dg

from homelab_assets.errors import UserError
from homelab_assets.lab.settings import Lab, RepositorySettings
from homelab_assets.orchestration.decisions.merges import Decision, Head, NotRead, decide
from homelab_assets.orchestration.names import AssetJob
from homelab_assets.orchestration.resources import LaboratoryResource
from homelab_assets.secrecy import redact

REMOTE_SECONDS = 15.0
"""How long one remote may take to answer; Dagster ends a tick after 60 seconds."""


def merge_sensor(lab: Lab, job: AssetJob) -> dg.SensorDefinition:
    """Return `repository_merge_sensor`: one run per look in which branches moved, for all of them together."""

    @dg.sensor(
        name="repository_merge_sensor",
        job=job,
        minimum_interval_seconds=60,
        default_status=dg.DefaultSensorStatus.RUNNING if lab.repositories else dg.DefaultSensorStatus.STOPPED,
        description="Asks each repository's remote where its baseline branch stands, and validates after a merge.",
    )
    def repository_merge_sensor(context: dg.SensorEvaluationContext, laboratory: LaboratoryResource) -> dg.SensorResult:
        cursor = json.loads(context.cursor) if context.cursor else None
        return _result(decide(cursor, read_heads(laboratory.lab)))

    return repository_merge_sensor


def read_heads(lab: Lab) -> dict[str, Head | NotRead]:
    """Ask all repositories side by side where their baseline refs stand."""
    with ThreadPoolExecutor(8, thread_name_prefix="heads") as pool:
        return dict(zip(lab.repositories, pool.map(_head, lab.repositories.values()), strict=True))


def _head(repository: RepositorySettings) -> Head | NotRead:
    from homelab_assets.repository.git import Git
    from homelab_assets.repository.remotes import remote_branch, tracked

    try:
        git = Git(repository.path)
        ref = repository.ref or git.default_ref()
        remote = tracked(git, ref)
        commit = remote_branch(git, *remote, seconds=REMOTE_SECONDS) if remote else git.resolve(ref)
    except UserError as error:
        return NotRead(why=redact(str(error)))
    # A branch that is gone from the remote may come back; its stacks did not all vanish.
    return Head(ref=ref, commit=commit) if commit else NotRead(why=f"the remote has no branch {ref}")


def _result(decision: Decision) -> dg.SensorResult:
    cursor = json.dumps(decision.cursor)
    unread = "; ".join(f"{name} could not be read: {why}" for name, why in decision.unread.items())
    if not decision.moves:
        seen = f"first look at {', '.join(decision.first)}" if decision.first else "no branch moved"
        return dg.SensorResult(skip_reason="; ".join(part for part in (seen, unread) if part), cursor=cursor)
    tags = {"homelab/trigger": "merge"}
    if len(decision.moves) == 1:
        tags |= {"git/repository": decision.moves[0].repository, "git/commit": decision.moves[0].after}
    return dg.SensorResult(run_requests=[dg.RunRequest(run_key=decision.run_key, tags=tags)], cursor=cursor)
