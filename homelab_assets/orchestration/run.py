"""Runs a job in this process, with Dagster's storage of this folder, for the command line."""

import os
import shutil
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

import dagster as dg
from msgspec import Struct

from homelab_assets.drift.document import DriftDocument
from homelab_assets.errors import UserError
from homelab_assets.files import write_whole
from homelab_assets.lab.settings import Lab
from homelab_assets.locking import exclusive
from homelab_assets.orchestration import names
from homelab_assets.orchestration.assembly import build_defs
from homelab_assets.orchestration.documents import stored_drift
from homelab_assets.orchestration.resources import Laboratory
from homelab_assets.orchestration.store import JsonStore
from homelab_assets.secrecy import redact

_LITTLE = 512 * 1024  # bytes; what a run writes at least


class Outcome(Struct, frozen=True, kw_only=True):
    """What a run left.

    Attributes:
        document: the drift document; None where none was made.
        files: the first file of each asset that wrote some. errors: what failed, in words.
        home: where Dagster's storage is configured; None where `$DAGSTER_HOME` says it.
    """

    document: DriftDocument | None
    files: Mapping[str, Path]
    errors: Sequence[str]
    run_id: str
    home: Path | None


def run_job(lab: Lab, job: str, *, progress: Callable[[str], None] | None = None) -> Outcome:
    """Run one job to its end.

    Args:
        progress: told in words what has been done.

    Raises:
        UserError: Dagster's storage can't be opened or written: there is no outcome then.
        KeyboardInterrupt: somebody ended it.
    """
    definitions = build_defs(lab=lab, resource_overrides={"laboratory": Laboratory(lab, progress=progress)})
    with open_instance(lab) as instance, _plain_storage_errors(lab):
        result = definitions.resolve_job_def(job).execute_in_process(
            instance=instance,
            raise_on_error=False,
            run_config={"loggers": {"console": {"config": {"log_level": "CRITICAL"}}}},
            tags={"homelab/trigger": "command line"},
        )
    if any(_was_ended(event) for event in result.all_events):
        raise KeyboardInterrupt
    made = {event.asset_key: event for event in result.get_asset_materialization_events() if event.asset_key}
    document = None
    if names.DRIFT_DOCUMENT in made:
        with suppress(dg.Failure):
            document = stored_drift(JsonStore(lab.state / "assets"))
    files = {}
    for key, event in made.items():
        path = event.step_materialization_data.materialization.metadata.get("path")
        if isinstance(path, dg.PathMetadataValue) and path.path:
            files[key.to_user_string()] = Path(path.path)
    return Outcome(document=document, files=files, errors=_errors(result), run_id=result.run_id, home=dagster_home(lab))


def open_instance(lab: Lab) -> dg.DagsterInstance:
    """Open Dagster's storage: `$DAGSTER_HOME`, else the `dagster.yaml` of this folder, else one in the state folder.

    Raises:
        UserError: it can't be opened: a full disk, a folder that is not writable, a database that doesn't answer.
    """
    # Two first runs at once would both create the database, and one would fail.
    with exclusive(lab.state / "dagster.lock", doing="opening Dagster's storage"), _plain_storage_errors(lab):
        home = dagster_home(lab)
        instance = dg.DagsterInstance.from_config(str(home)) if home else dg.DagsterInstance.get()
        instance.get_runs_count()
        instance.get_latest_materialization_event(names.DRIFT_DOCUMENT)
    return instance


@contextmanager
def _plain_storage_errors(lab: Lab) -> Iterator[None]:
    """Tell in a sentence what Dagster's storage fails of: it is a matter of the disk, or of the database's server."""
    from sqlalchemy.exc import OperationalError

    try:
        yield
    except (OperationalError, OSError) as error:
        folder = dagster_home(lab) or Path(os.environ["DAGSTER_HOME"])
        why = getattr(error, "orig", None) or getattr(error, "strerror", None) or error
        # SQLite calls it a failed read or write as often as not.
        if _is_full(folder):
            why = "no space is left on the disk"
        raise UserError(
            f"Dagster's storage can't be used: {' '.join(str(why).split())}",
            where=str(folder),
            hint="free space or mend the permissions, or let DAGSTER_HOME name another folder, then run it again",
        ) from None


def _is_full(folder: Path) -> bool:
    try:
        return shutil.disk_usage(folder).free < _LITTLE
    except OSError:
        return False


def dagster_home(lab: Lab) -> Path | None:
    """Return the folder whose `dagster.yaml` counts; None where `$DAGSTER_HOME` says it."""
    if os.environ.get("DAGSTER_HOME"):
        return None
    if Path("dagster.yaml").is_file():
        return Path.cwd()
    home = lab.state / "dagster"
    if not (home / "dagster.yaml").is_file():
        write_whole(home / "dagster.yaml", "telemetry:\n  enabled: false\nnux:\n  enabled: false\n")
    return home


def _was_ended(event: dg.DagsterEvent) -> bool:
    """Say whether an event tells that Ctrl-C ended the run; Dagster keeps that to itself where it raises nothing."""
    if event.event_type != dg.DagsterEventType.PIPELINE_FAILURE:
        return False
    reason = event.job_failure_data.failure_reason
    return reason is not None and reason.value == "UNEXPECTED_TERMINATION"


def _errors(result: dg.ExecuteInProcessResult) -> list[str]:
    errors = []
    for event in result.all_events:
        if event.event_type == dg.DagsterEventType.STEP_FAILURE:
            data = event.step_failure_data
            failure = data.user_failure_data
            text = (failure.description if failure else None) or _innermost(data.error)
            errors.append(redact(f"{event.step_key}: {text.strip()}"))
    return errors


def _innermost(error: Any) -> str:
    """Return the message at the bottom of a chain of errors; the ones above are Dagster's."""
    while error is not None and error.cause is not None:
        error = error.cause
    return error.message if error is not None else "failed"
