"""Captures, baselines and drift as stored JSON, and back. Everything is sealed before it gets here.

Assets that need all hosts read them here instead of as inputs: an input per host and asset would be an event each.
"""

from collections.abc import Mapping, Sequence
from itertools import chain

from msgspec import convert, to_builtins
from msgspec.structs import asdict, replace

from homelab_assets.audit import Audit, not_fetched
from homelab_assets.drift.behind_variables import woken
from homelab_assets.drift.document import DriftDocument
from homelab_assets.model import Baseline, Captured, CaptureResult, Json, Problem
from homelab_assets.orchestration import names
from homelab_assets.orchestration.resources import Laboratory
from homelab_assets.orchestration.store import JsonStore
from homelab_assets.repository.baselines import Baselines
from homelab_assets.secrecy import redact

CAPTURE_SCHEMA = 1
BASELINE_SCHEMA = 1


def capture_to_json(result: CaptureResult) -> Json:
    """Return a capture as plain JSON. A host that could not be captured is an explicit document, not a missing one."""
    return {"schema": CAPTURE_SCHEMA, **to_builtins(result)}


def capture_from_json(document: Mapping[str, Json]) -> CaptureResult:
    """Read a stored capture back.

    Raises:
        ValueError: it is no capture of this schema; what to do stands in the text, and nothing secret.
    """
    if document.get("schema") != CAPTURE_SCHEMA:
        raise ValueError("a stored capture has another schema: materialize it again")
    try:
        result: CaptureResult = convert(document, CaptureResult)
    except ValueError as error:
        raise ValueError(f"a stored capture can't be used ({redact(str(error))}): materialize it again") from None
    return result


def baselines_to_json(repository: str, loaded: Baselines, stale: str | None = None) -> Json:
    """Return one repository's part of loaded baselines as plain JSON: the commit and the stacks, not the files.

    Args:
        stale: why the repository could not be fetched, if so.
    """
    snapshot = next((one for one in loaded.snapshots if one.repository.name == repository), None)
    notices = [notice for one in [snapshot] if one for notice in one.notices]
    # Where there is no clone to count, its problem says so.
    if stale and snapshot:
        notices.append(not_fetched(repository, stale))
    return {
        "schema": BASELINE_SCHEMA,
        "repository": repository,
        "ref": snapshot.ref if snapshot else None,
        "commit": snapshot.commit if snapshot else None,
        "committed_at": snapshot.committed_at if snapshot else None,
        "refs": to_builtins([ref for ref in loaded.refs if ref.repository == repository]),
        "problems": to_builtins([problem for problem in loaded.problems if problem.repository == repository]),
        "notices": notices,
        "stacks": [_stack(stack) for stack in loaded.baselines if stack.repository == repository],
    }


def stored_captures(store: JsonStore, laboratory: Laboratory, baselines: Sequence[Baseline]) -> list[CaptureResult]:
    """Read the stored captures of all hosts of a lab, in its order, as this process captured them if it did.

    Args:
        baselines: git's stacks, whose words are recognised in what another process captured.

    Raises:
        dagster.Failure: a host was never captured here.
    """
    found = [capture_from_json(store.read(names.capture(host))) for host in laboratory.lab.hosts]
    return [woken(one, baselines, laboratory.vault) if isinstance(one, Captured) else one for one in found]


def stored_baselines(store: JsonStore, laboratory: Laboratory) -> Baselines:
    """Read the baselines again at the commits that were stored, whatever the branches say meanwhile.

    Raises:
        dagster.Failure: a repository's baselines were never materialized here.
    """
    documents = {name: store.read(names.baseline(name)) for name in laboratory.lab.repositories}
    loaded = laboratory.baselines_at({name: one["commit"] for name, one in documents.items() if one["commit"]})
    refs = {name: one["ref"] for name, one in documents.items()}
    unread = [convert(one["problems"], list[Problem]) for one in documents.values() if not one["commit"]]
    return Baselines(
        baselines=tuple(replace(one, ref=refs[one.repository]) for one in loaded.baselines),
        refs=tuple(replace(one, ref=refs[one.repository]) for one in loaded.refs),
        problems=(*loaded.problems, *chain.from_iterable(unread)),
        notices=tuple(notice for one in documents.values() for notice in one["notices"]),
        snapshots=tuple(replace(one, ref=refs[one.repository.name]) for one in loaded.snapshots),
    )


def stored_drift(store: JsonStore) -> DriftDocument:
    """Read the stored drift document."""
    return DriftDocument.from_json(store.read(names.DRIFT_DOCUMENT))


def stored_audit(store: JsonStore, laboratory: Laboratory) -> Audit:
    """Put the stored captures, baselines and drift together again as one audit."""
    baselines = stored_baselines(store, laboratory)
    return Audit(
        captures=stored_captures(store, laboratory, baselines.baselines),
        baselines=baselines,
        document=stored_drift(store),
    )


def _stack(stack: Baseline) -> Json:
    return {name: value for name, value in asdict(stack).items() if name != "tree"}
