"""A small world to audit: a repository in a dictionary, captures from inspect documents."""

import gzip
import json
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

import yaml

from homelab_assets.drift.behind_variables import sealed_for_rest, woken
from homelab_assets.drift.compare import compare_all
from homelab_assets.drift.document import DriftDocument, Item, ServiceDrift
from homelab_assets.drift.policy import Policy
from homelab_assets.model import Baseline, Captured, CaptureResult, Problem
from homelab_assets.remediation.identity import Identity
from homelab_assets.secrecy import Vault
from homelab_assets_tests.drift.engine29 import as_29

NOW = "2026-11-23T06:00:00Z"
KEY = b"a key for tests only"


class Files:
    """A repository's files in a dictionary."""

    def __init__(self, files: Mapping[str, str | bytes]) -> None:
        self.files = {path: data.encode() if isinstance(data, str) else data for path, data in files.items()}

    def read(self, path: str) -> bytes | None:
        return self.files.get(path)

    def list(self, directory: str = "") -> Sequence[str]:
        prefix = f"{directory}/" if directory else ""
        below = [path.removeprefix(prefix) for path in self.files if path.startswith(prefix)]
        return sorted({part.split("/")[0] + ("/" if "/" in part else "") for part in below})


def baseline(
    stack: str,
    compose: str | dict[str, Any],
    *,
    endpoint: str | None = "host",
    extra: Mapping[str, str] | None = None,
    **more: Any,
) -> Baseline:
    """A stack in git; `extra`: further files beside its compose file."""
    text = compose if isinstance(compose, str) else yaml.safe_dump(compose, sort_keys=False)
    folder = f"stacks/{stack}"
    files = {f"{folder}/compose.yml": text, **{f"{folder}/{name}": body for name, body in (extra or {}).items()}}
    return Baseline(
        repository="apps", ref="main", commit="c" * 40, stack=stack, endpoint=endpoint,
        bound_by="stack-targets.yml" if endpoint else None, directory=folder, files=(f"{folder}/compose.yml",),
        tree=Files(files), **more,
    )  # fmt: skip


def capture(
    containers: Sequence[Mapping[str, Any]],
    *,
    images: Sequence[Mapping[str, Any]] = (),
    host: str = "host",
    vault: Vault | None = None,
    engine: Mapping[str, Any] | None = None,
    **more: Any,
) -> Captured:
    """A capture, sealed as the real one is."""
    vault = vault or Vault(KEY)
    return Captured(
        host=host, captured_at=NOW,
        engine=engine or {"version": {"Version": "28.5.2", "ApiVersion": "1.51"}, "info": {}},
        containers=vault.seal_inspect(list(containers)), images=vault.seal_inspect(list(images)),
        networks=vault.seal_inspect(list(more.pop("networks", ()))),
        volumes=vault.seal_inspect(list(more.pop("volumes", ()))),
        **more,
    )  # fmt: skip


def audit(
    captures: Sequence[CaptureResult] | CaptureResult,
    baselines: Sequence[Baseline],
    *,
    vault: Vault | None = None,
    policy: Policy | None = None,
    problems: Sequence[Problem] = (),
) -> DriftDocument:
    """Compare."""
    results = captures if isinstance(captures, Sequence) else (captures,)
    return compare_all(
        results, baselines, vault=vault or Vault(KEY), policy=policy or Policy(), now=NOW, problems=problems
    )


def rechecked(captured: Captured) -> Callable[[Sequence[Baseline], Identity], list[Item]]:
    """What compares a capture with edited baselines, and gives what is left of a service."""

    def recheck(edited: Sequence[Baseline], identity: Identity) -> list[Item]:
        return [
            item for one in audit(captured, edited).services if one.service == identity.service for item in one.items
        ]

    return recheck


def recording(name: str, vault: Vault | None = None) -> Captured:
    """A capture of a real engine, as `record` wrote it; of a `-29-compose-` what an engine 28 recorded, as 29 says it."""
    file = Path(__file__).parent / "data" / f"{name.replace('-29-', '-28.5.2-')}.json.gz"
    data = json.loads(gzip.decompress(file.read_bytes()))
    return capture(vault=vault, **(as_29(data) if "-29-" in name else data))


def statuses(document: DriftDocument) -> dict[str, str]:
    """The status of each container, or of a service without one."""
    return {service.container or service.service: service.status for service in document.services}


def at_rest(captured: Captured, baselines: Sequence[Baseline], vault: Vault) -> Captured:
    """Return a capture as it is stored."""
    stored = sealed_for_rest(captured, baselines, vault)
    assert isinstance(stored, Captured)
    return stored


def audit_stored(stored: Captured, baselines: Sequence[Baseline], vault: Vault | None = None) -> DriftDocument:
    """Compare what was stored, as another process does; with `vault`, the one that captured."""
    vault = vault or Vault(KEY)
    return audit(woken(stored, baselines, vault), baselines, vault=vault)


def found(service: ServiceDrift) -> list[tuple[str, str, str]]:
    """A service's items as (path, change, severity)."""
    return [(item.path, item.change, item.severity) for item in service.items]
