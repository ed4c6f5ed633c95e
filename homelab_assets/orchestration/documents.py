"""Captures, baselines and drift as stored JSON, and back. Everything is sealed before it gets here.

Assets that need all hosts read them here instead of as inputs: an input per host and asset would be an event each.
"""

from collections.abc import Iterable, Mapping
from dataclasses import asdict, fields
from functools import lru_cache

from homelab_assets.drift.document import BaselineRef, DriftDocument
from homelab_assets.lab.settings import Lab
from homelab_assets.model import Baseline, Captured, CaptureResult, FileTree, Json, Problem, Unreachable
from homelab_assets.orchestration import names
from homelab_assets.orchestration.store import JsonStore
from homelab_assets.repository.baselines import Baselines
from homelab_assets.secrecy import redact

CAPTURE_SCHEMA = 1
BASELINE_SCHEMA = 1


def capture_to_json(result: CaptureResult) -> Json:
    """Return a capture as plain JSON. A host that could not be captured is an explicit document, not a missing one."""
    status = "captured" if isinstance(result, Captured) else "unreachable"
    return {"schema": CAPTURE_SCHEMA, "status": status, **asdict(result)}


def capture_from_json(document: Mapping[str, Json]) -> CaptureResult:
    """Read a stored capture back.

    Raises:
        ValueError: it is no capture of this schema.
    """
    if document.get("schema") != CAPTURE_SCHEMA:
        raise ValueError("a stored capture has another schema: materialize it again")
    fields = {key: value for key, value in document.items() if key not in {"schema", "status"}}
    return Captured(**fields) if document["status"] == "captured" else Unreachable(**fields)


def baselines_to_json(repository: str, loaded: Baselines, stale: str | None = None) -> Json:
    """Return one repository's part of loaded baselines as plain JSON: the commit and the stacks, not the files.

    Args:
        stale: why the repository could not be fetched, if so.
    """
    snapshot = next((one for one in loaded.snapshots if one.repository.name == repository), None)
    notices = [notice for one in [snapshot] if one for notice in one.notices]
    if stale:
        notices.append(f"{repository} could not be fetched, the clone's last state counts: {redact(stale)}")
    return {
        "schema": BASELINE_SCHEMA,
        "repository": repository,
        "ref": snapshot.ref if snapshot else None,
        "commit": snapshot.commit if snapshot else None,
        "committed_at": snapshot.committed_at if snapshot else None,
        "refs": [asdict(ref) for ref in loaded.refs if ref.repository == repository],
        "problems": [asdict(problem) for problem in loaded.problems if problem.repository == repository],
        "notices": notices,
        "stacks": [_stack(stack) for stack in loaded.baselines if stack.repository == repository],
    }


def baselines_from_json(documents: Iterable[Mapping[str, Json]], lab: Lab) -> Baselines:
    """Read stored baselines back; their files are read from git again, at the commits that were stored.

    Raises:
        ValueError: a document has another schema. GitError: a stored commit is gone from its clone.
    """
    stacks, refs, problems, notices = [], [], [], []
    for document in documents:
        if document.get("schema") != BASELINE_SCHEMA:
            raise ValueError("stored baselines have another schema: materialize them again")
        trees = lru_cache(lambda commit, name=document["repository"]: _tree(lab, name, commit))
        refs += [BaselineRef(**ref) for ref in document["refs"]]
        problems += [Problem(**problem) for problem in document["problems"]]
        notices += document["notices"]
        stacks += [Baseline(**{**stack, "tree": trees(stack["commit"])}) for stack in document["stacks"]]
    return Baselines(baselines=tuple(stacks), refs=tuple(refs), problems=tuple(problems), notices=tuple(notices))


def stored_captures(store: JsonStore, lab: Lab) -> list[CaptureResult]:
    """Read the stored captures of all hosts of a lab, in its order.

    Raises:
        dagster.Failure: a host was never captured here.
    """
    return [capture_from_json(store.read(names.capture(host))) for host in lab.hosts]


def stored_baselines(store: JsonStore, lab: Lab) -> Baselines:
    """Read the stored baselines of all repositories of a lab."""
    return baselines_from_json([store.read(names.baseline(name)) for name in lab.repositories], lab)


def stored_drift(store: JsonStore) -> DriftDocument:
    """Read the stored drift document."""
    return DriftDocument.from_json(store.read(names.DRIFT_DOCUMENT))


def _stack(stack: Baseline) -> Json:
    return {field.name: getattr(stack, field.name) for field in fields(stack) if field.name != "tree"}


def _tree(lab: Lab, repository: str, commit: str) -> FileTree:
    from homelab_assets.repository.git import Git
    from homelab_assets.repository.trees import GitTree, WorkingTree

    path = lab.repositories[repository].path
    return GitTree(Git(path), commit) if commit else WorkingTree(path)
