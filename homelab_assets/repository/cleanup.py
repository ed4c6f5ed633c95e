"""Find what git still holds although nothing runs from it any more. Pure: nothing is read from a host, or deleted.

A thing is stale only if a host that was captured has no counterpart of it. A host that could not be audited, a file
that could not be read, a profile that is off, a job that ends, a scale of 0: none of them makes anything stale.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import datetime
from typing import Any

from msgspec import Struct

from homelab_assets.drift.document import DriftDocument
from homelab_assets.errors import UserError
from homelab_assets.labels import ENVIRONMENT_FILE, PROJECT, SERVICE, WORKING_DIR, labels_of, name_of
from homelab_assets.model import Baseline, Captured, CaptureResult
from homelab_assets.repository.baselines import Baselines
from homelab_assets.repository.rules.view import ServiceView
from homelab_assets.repository.services import env_files_of, load_project
from homelab_assets.repository.snapshots import Snapshot
from homelab_assets.repository.stacks import Stack
from homelab_assets.repository.stale import CleanupReport, Confidence, Kind, Removal, StaleItem, Unjudged, removals_of
from homelab_assets.repository.unread_env import unread_env_files
from homelab_assets.secrecy import redact

__all__ = ["CleanupReport", "find_stale"]

_FRESH_DAYS = 14


def find_stale(baselines: Baselines, captures: Iterable[CaptureResult], document: DriftDocument) -> CleanupReport:
    """Find stale files, services and entries.

    Args:
        captures: of all hosts; unreachable ones make nothing stale.
        document: the audit of the same captures; a service is stale only where it says that none runs.
    """
    results = list(captures)
    running = _Running(results, document)
    items: list[StaleItem] = []
    unjudged: list[Unjudged] = []
    removals: list[Removal] = []
    for snapshot in baselines.snapshots:
        items += _unread(snapshot)
        for stack in snapshot.stacks:
            bound = [
                baseline
                for baseline in baselines.baselines
                if (baseline.repository, baseline.directory) == (snapshot.repository.name, stack.directory)
            ]
            found, open_questions = _Judge(snapshot, stack, running, document.generated_at).judge(bound)
            items += found
            unjudged += open_questions
    for snapshot in baselines.snapshots:
        if running.whole:
            items += unread_env_files(snapshot, items, running=running.projects, named=running.env_files)
    items.sort(key=lambda item: (item.repository, item.stack, item.file, item.line or 0, item.kind))
    for snapshot in baselines.snapshots:
        removals += removals_of(snapshot, [item for item in items if item.repository == snapshot.repository.name])
    return CleanupReport(
        generated_at=document.generated_at,
        baselines=tuple(baselines.refs),
        items=tuple(items),
        unjudged=tuple(unjudged),
        removals=tuple(removals),
        incomplete=bool(baselines.problems) or any(not isinstance(result, Captured) for result in results),
    )


class _Running:
    """What the captured hosts run, as compose's labels and the audit tell it."""

    def __init__(self, results: Sequence[CaptureResult], document: DriftDocument) -> None:
        self.hosts = tuple(result.host for result in results)
        self.captured = frozenset(result.host for result in results if isinstance(result, Captured))
        self._projects: set[tuple[str, str]] = set()
        self._services: set[tuple[str, str, str]] = set()
        self.env_files: set[str] = set()
        for result in results:
            if isinstance(result, Captured):
                for container in result.containers:
                    self._note(result.host, container)
        self._missing = set()
        for service in document.services:
            key = (service.host, service.stack or "", service.service)
            if service.status == "missing":
                self._missing.add(key)
            elif service.stack and service.container:
                self._services.add(key)
                self._projects.add(key[:2])

    def _note(self, host: str, container: Mapping[str, Any]) -> None:
        labels = labels_of(container)
        self._services.add((host, "", name_of(container)))
        project = str(labels.get(PROJECT) or "")
        folder = str(labels.get(WORKING_DIR) or "").rstrip("/").rpartition("/")[2]
        named = str(labels.get(ENVIRONMENT_FILE) or "").split(",")
        self.env_files |= {"/".join(path.rsplit("/", 2)[-2:]) for path in named}
        for stack in {project, folder} - {""}:
            self._projects.add((host, stack))
            self._services.add((host, stack, str(labels.get(SERVICE) or "")))

    @property
    def whole(self) -> bool:
        """Whether all hosts were captured."""
        return len(self.captured) == len(self.hosts)

    @property
    def projects(self) -> frozenset[str]:
        """Names of the projects, and of the folders, from which containers run anywhere."""
        return frozenset(name for _, name in self._projects)

    def runs(self, host: str, stack: str, service: ServiceView) -> bool:
        """Whether a container of the service exists, in whatever state, by labels or by its fixed name."""
        named = str(service.config.get("container_name") or "")
        names = {stack, stack.lower()}
        return any((host, name, service.name) in self._services for name in names) or (
            bool(named) and (host, "", named) in self._services
        )

    def judged_missing(self, host: str, stack: str, service: str) -> bool:
        """Whether the audit looked for it there, and found nothing."""
        return (host, stack, service) in self._missing


class _Judge(Struct, frozen=True):
    """Judges one stack."""

    snapshot: Snapshot
    stack: Stack
    running: _Running
    now: str

    def judge(self, bound: Sequence[Baseline]) -> tuple[list[StaleItem], list[Unjudged]]:
        unjudged: list[Unjudged] = []
        absent: dict[str, list[ServiceView]] = {}
        present: set[str] = set()
        gone: list[str] = []
        sure = True
        for baseline in bound:
            hosts = [baseline.endpoint] if baseline.endpoint else list(self.running.hosts)
            services = self._services(baseline, hosts, unjudged)
            if services is None:
                return [], unjudged
            missing = [s for s in services if not any(self.running.runs(host, baseline.stack, s) for host in hosts)]
            expected = [service for service in missing if not _may_be_absent(service)]
            if baseline.endpoint and any(
                not self.running.judged_missing(baseline.endpoint, baseline.stack, service.name) for service in expected
            ):
                unjudged.append(self._open(baseline.endpoint, "the audit did not judge all of its services"))
                return [], unjudged
            sure = sure and baseline.endpoint is not None
            if services and expected and len(missing) == len(services):
                gone.append(baseline.endpoint or "any host")
            for service in expected:
                absent.setdefault(service.name, []).append(service)
            present |= {service.name for service in services} - {service.name for service in expected}
        if not bound or not absent:
            return [], unjudged
        if len(gone) == len(bound):
            return list(self._whole(gone, sure)), unjudged
        single = {name: self._service(views[0], sure) for name, views in absent.items() if name not in present}
        return [*single.values(), *self._env_files(single), *self._partly(gone)], unjudged

    def _services(
        self, baseline: Baseline, hosts: Sequence[str], unjudged: list[Unjudged]
    ) -> Sequence[ServiceView] | None:
        silent = [host for host in hosts if host not in self.running.captured]
        if silent:
            unjudged.append(self._open(baseline.endpoint, f"{', '.join(silent)} could not be audited"))
            return None
        try:
            return load_project(baseline.tree, baseline.files, baseline.stack, baseline.directory).services
        except UserError as error:
            unjudged.append(self._open(baseline.endpoint, f"{error.where or baseline.directory}: {redact(error.what)}"))
            return None

    def _whole(self, gone: Sequence[str], sure: bool) -> Iterator[StaleItem]:
        reason = f"no container of the stack exists on {', '.join(gone)}"
        confidence = self._confidence(sure)
        for file in self.stack.compose_files:
            override = file != self.stack.base
            yield self._item("override" if override else "compose file", file, reason, confidence)
        samples = [self.stack.sample] if self.stack.sample else []
        for file in [*self.stack.env_files, *samples]:
            yield self._item("env file", file, f"{reason}, so that nothing reads it", confidence)
        targets = self.snapshot.targets
        if targets and self.stack.name in targets.stacks:
            line = targets.lines[self.stack.name]
            yield self._item("target", targets.file, reason, confidence, line=line)

    def _partly(self, gone: Sequence[str]) -> Iterator[StaleItem]:
        """The stack runs elsewhere, but no longer on these endpoints."""
        targets = self.snapshot.targets
        for endpoint in gone:
            reason = f"no container of the stack exists on {endpoint}"
            if file := self.stack.endpoint_files.get(endpoint):
                yield self._item("override", file, reason, self._confidence(True), endpoint=endpoint)
            for target in targets.stacks.get(self.stack.name, ()) if targets else ():
                if target.name == endpoint and targets:
                    confidence = self._confidence(True)
                    yield self._item("target", targets.file, reason, confidence, line=target.line, endpoint=endpoint)

    def _service(self, service: ServiceView, sure: bool) -> StaleItem:
        file, line = service.place()
        hosts = ", ".join(service.endpoints) or "any host"
        reason = f"the stack runs, but no container of this service exists on {hosts}"
        return self._item("service", file, reason, self._confidence(sure, whole=False), line=line, service=service.name)

    def _env_files(self, absent: Mapping[str, StaleItem]) -> Iterator[StaleItem]:
        """The env files that only services without a container read."""
        if not absent:
            return
        try:
            readers = env_files_of(self.snapshot.tree, self.stack.compose_files, self.stack.directory)
        except UserError:
            # A file that no deployment merges may be broken, and nobody knows which env files it reads.
            return
        for file in self.stack.env_files:
            services = {name for name, files in readers.items() if file in files}
            if services and services <= absent.keys():
                reason = f"only {', '.join(sorted(services))} reads it, and no container of that exists"
                yield self._item("env file", file, reason, absent[min(services)].confidence)

    def _confidence(self, sure: bool, *, whole: bool = True) -> Confidence:
        """Low where nothing says where the stack belongs; medium for what was changed lately, and may be deployed
        soon, and for a part of a stack."""
        if not sure:
            return "low"
        changed = self.snapshot.changed.get(self.stack.directory)
        fresh = changed is None or _days(changed, self.now) < _FRESH_DAYS
        return "medium" if fresh or not whole else "high"

    def _item(self, kind: Kind, file: str, reason: str, confidence: Confidence, **rest: Any) -> StaleItem:
        return StaleItem(
            kind=kind,
            repository=self.snapshot.repository.name,
            stack=self.stack.name,
            file=file,
            reason=reason,
            confidence=confidence,
            last_commit=self.snapshot.changed.get(self.stack.directory),
            **rest,
        )

    def _open(self, endpoint: str | None, reason: str) -> Unjudged:
        return Unjudged(
            repository=self.snapshot.repository.name, stack=self.stack.name, endpoint=endpoint, reason=reason
        )


def _may_be_absent(service: ServiceView) -> bool:
    """Whether the service may rightly have no container: a profile, a job that ends, a scale of 0."""
    replicas = (service.config.get("deploy") or {}).get("replicas")
    return service.runs_once or service.config.get("scale") == 0 or replicas == 0


def _unread(snapshot: Snapshot) -> Iterator[StaleItem]:
    """Files and entries that no deployment can read, whatever runs."""

    def item(kind: Kind, stack: str, folder: str | None, file: str, reason: str, **rest: Any) -> StaleItem:
        return StaleItem(
            kind=kind,
            repository=snapshot.repository.name,
            stack=stack,
            file=file,
            reason=reason,
            confidence="high",
            last_commit=snapshot.changed.get(folder) if folder is not None else None,
            **rest,
        )

    targets = snapshot.targets
    for stack in snapshot.stacks:
        for file in stack.shadowed:
            reason = f"Compose reads {stack.base} and not this file"
            yield item("compose file", stack.name, stack.directory, file, reason)
        deployed = {target.name for target in targets.stacks.get(stack.name, ())} if targets else set()
        for endpoint, file in stack.endpoint_files.items():
            if deployed and endpoint not in deployed:
                reason = f"stack-targets.yml does not deploy the stack to {endpoint}"
                yield item("override", stack.name, stack.directory, file, reason, endpoint=endpoint)
    names = {stack.name for stack in snapshot.stacks}
    for name, line in targets.lines.items() if targets else ():
        if name not in names and targets:
            yield item("target", name, None, targets.file, "there is no such stack", line=line)


def _days(earlier: str, later: str) -> float:
    try:
        return (datetime.fromisoformat(later) - datetime.fromisoformat(earlier)).total_seconds() / 86400
    except (ValueError, TypeError):
        return 0.0
