"""The comparison of everything: all hosts with all baselines, as one pure function."""

import gc
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from functools import cache, partial

from msgspec import Struct, field
from msgspec.structs import replace

from homelab_assets.compose.normalise import normalised_name
from homelab_assets.drift.assembling import assembled
from homelab_assets.drift.binding_hosts import Bound, bind_to_hosts
from homelab_assets.drift.document import DriftDocument, Ignored, ServiceDrift
from homelab_assets.drift.learning import learn
from homelab_assets.drift.malformed import Defect, MalformedCapture, reading, without
from homelab_assets.drift.matching import Containers, in_folder_of, project_group
from homelab_assets.drift.podman import as_docker
from homelab_assets.drift.policy import Policy
from homelab_assets.drift.service import Judge
from homelab_assets.drift.settling import name_in_git, settle_stacks
from homelab_assets.drift.unify import Settled, secrets_on
from homelab_assets.drift.unjudged import failed, service_name, services_of, unknown, unloadable
from homelab_assets.drift.view import Host, Observed
from homelab_assets.errors import UserError
from homelab_assets.model import Baseline, Captured, CaptureResult, Problem
from homelab_assets.secrecy import Vault
from homelab_assets.secrecy.values import Anywhere


class _Audit(Struct):
    """What is being put together."""

    vault: Vault
    policy: Policy
    now: str
    services: list[ServiceDrift] = field(default_factory=list)
    ignored: list[Ignored] = field(default_factory=list)
    problems: list[Problem] = field(default_factory=list)
    projects: dict[tuple[str, str], Bound] = field(default_factory=dict)
    """Stacks by host and the project as which they turned out to run there."""
    renamed: list[str] = field(default_factory=list)
    defects: Mapping[str, str] = field(default_factory=dict)
    """What went wrong with hosts that can't be compared for that."""

    @property
    def today(self) -> str:
        return self.now[:10]

    def add(self, service: ServiceDrift) -> None:
        """Keep a verdict, unless a rule of `lab.yaml` hides the whole service."""
        rule = self.policy.ignoring_service(service.subject, self.today)
        if rule is None or service.status == "clean":
            self.services.append(service)
        else:
            self.ignored.append(rule.hidden(service.status, service.subject))


def compare_all(
    captures: Sequence[CaptureResult],
    baselines: Sequence[Baseline],
    *,
    vault: Vault,
    policy: Policy,
    now: str,
    problems: Sequence[Problem] = (),
) -> DriftDocument:
    """Compare what runs with what git says. Pure: nothing outside the arguments is read, except files of the baselines.

    Args:
        captures: one result for each host, reachable or not.
        baselines: one for each stack and endpoint.
        now: the audit's moment, ISO 8601 UTC; also decides which rules have expired.
        problems: what went wrong before; they are passed on.

    Returns:
        The document, without history (see `history.remember`). A baseline that can't be loaded is a problem in it.
    """
    defects: dict[str, str] = {}
    while True:
        audit = _Audit(vault=vault, policy=policy, now=now, problems=list(problems), defects=defects)
        try:
            with _no_search_for_cycles():
                return _compare(captures, baselines, audit)
        except MalformedCapture as malformed:
            if isinstance(malformed, Defect) and malformed.host not in defects:
                defects[malformed.host] = malformed.why
            else:
                captures = without(captures, malformed)


@contextmanager
def _no_search_for_cycles() -> Iterator[None]:
    """Pause Python's search for reference cycles: it would walk the captures of a whole fleet again and again.

    What the comparison makes holds no cycles to speak of, and with the search each container costs the more the more
    there are (at 10,000 a third of the time).
    """
    if not gc.isenabled():
        yield
        return
    gc.disable()
    try:
        yield
    finally:
        if not gc.get_freeze_count():
            # Counts all that was made as old, which spares a search through it right away.
            gc.freeze()
            gc.unfreeze()
        gc.enable()


def _compare(captures: Sequence[CaptureResult], baselines: Sequence[Baseline], audit: _Audit) -> DriftDocument:
    hosts = {}
    for captured in captures:
        if isinstance(captured, Captured):
            with reading(captured):
                hosts[captured.host] = Containers(Host(as_docker(captured)))
    bound = bind_to_hosts(baselines, hosts, captures)
    names = frozenset(name for one in bound for name in one.project_names)
    by_host: dict[str, list[Bound]] = {}
    for one in bound:
        by_host.setdefault(one.host, []).append(one)
    for name, containers in sorted(hosts.items()):
        if name in audit.defects:
            _not_compared(audit, containers, by_host.get(name, ()), audit.defects[name])
            continue
        with reading(containers.host.captured):
            _audit_host(audit, containers, by_host.get(name, ()), names)
    for one in bound:
        if one.host not in hosts:
            _not_audited(audit, one)
    anywhere = {name: one for one in bound for name in one.project_names}
    for name, containers in hosts.items():
        if name in audit.defects:
            continue
        with reading(containers.host.captured):
            _leftover_containers(audit, containers, by_host.get(name, ()), anywhere)
    return assembled(
        captures,
        baselines,
        audit.services,
        now=audit.now,
        ignored=audit.ignored,
        problems=audit.problems,
        notices=tuple(_notices(audit)),
    )


def _settled(audit: _Audit, containers: Containers, bound: Sequence[Bound], names: frozenset[str]) -> Sequence[Settled]:
    settled: list[Settled] = []
    for one, found in settle_stacks(bound, containers, audit.vault, names, partial(_broken, audit, containers)):
        settled.append(found)
        _note_project(audit, one, found)
    learn(containers.host, settled)
    return settled


def _note_project(audit: _Audit, one: Bound, settled: Settled) -> None:
    """Note as which project a stack runs, and if its files have another name: nobody knows who gave the running one."""
    project, name = settled.stack.deployment.project, name_in_git(settled.stack, settled.templates)
    if project is None:
        return
    audit.projects[one.host, project] = one
    if name not in (None, project):
        audit.renamed.append(
            f"{one.baseline.stack} runs on {one.host} as project `{project}`, its files call it `{name}`: "
            f"without `-p {project}` Compose starts it anew, beside what runs"
        )


def _audit_host(audit: _Audit, containers: Containers, bound: Sequence[Bound], names: frozenset[str]) -> None:
    stacks = _settled(audit, containers, bound, names)
    secrets = cache(lambda: Anywhere(secrets_on(containers, stacks, audit.vault)))
    for stack in stacks:
        judge = Judge(
            host=containers.host,
            settled=stack,
            policy=audit.policy,
            secrets=secrets,
            today=audit.today,
        )
        for match in stack.matches:
            verdict, ignored = judge.judge(match)
            audit.ignored += ignored
            if verdict is not None:
                audit.add(verdict)


def _broken(audit: _Audit, containers: Containers, one: Bound, error: UserError) -> None:
    """A baseline that Compose would refuse: a problem, and its containers are neither clean nor drifted."""
    audit.problems.append(unloadable(one.baseline, containers.host.name, error))
    group = project_group(one.baseline, containers)
    containers.claim(group)
    for container in group:
        audit.add(unknown(container, containers.host, "its baseline can't be loaded", one.baseline))


def _not_audited(audit: _Audit, one: Bound) -> None:
    """The services of a stack whose host was not captured, or not compared."""
    try:
        for service in list(services_of(one)):
            audit.add(service)
    except UserError as error:
        audit.problems.append(unloadable(one.baseline, one.host, error))


def _not_compared(audit: _Audit, containers: Containers, bound: Sequence[Bound], why: str) -> None:
    """A host that met a defect of ours: neither clean nor drifted."""
    audit.problems.append(failed(containers.host.name, why))
    note = "its host could not be compared"
    for one in bound:
        _not_audited(audit, replace(one, status="unknown", note=note))
    of_stacks = {container.id for one in bound for container in one.group}
    for container in containers.all:
        if container.id not in of_stacks:
            audit.add(unknown(container, containers.host, note))


def _leftover_containers(
    audit: _Audit, containers: Containers, bound: Sequence[Bound], anywhere: Mapping[str, Bound]
) -> None:
    """Containers that no service of git has claimed: orphans of a known stack, or unmanaged; unknown where that may
    only be because something of git could not be read."""
    here = {name: one for one in bound for name in one.project_names}
    host = containers.host
    for container in containers.free():
        project = container.project or ""
        own = audit.projects.get((host.name, project))
        here_by_folder = (one for one in bound if in_folder_of(one.baseline, container))
        if one := own or here.get(project) or next(here_by_folder, None) or anywhere.get(project):
            audit.add(_orphan(container, host, one, is_own=own is not None))
        elif gap := _gap(audit.problems, project):
            audit.add(unknown(container, host, gap))
        else:
            audit.add(_unmanaged(container, host))


def _orphan(container: Observed, host: Host, one: Bound, *, is_own: bool) -> ServiceDrift:
    """A container of a stack that git knows, and has no such service for. `is_own`: of the project that the stack is
    there."""
    elsewhere = one.host != host.name
    copy = None if is_own else f"a copy of {one.baseline.stack}, which counts as another project here"
    return ServiceDrift(
        host=host.name,
        stack=one.baseline.stack if is_own or elsewhere else container.project,
        service=service_name(container),
        container=container.name,
        status="orphan",
        remedy="remove",
        repository=one.baseline.repository,
        created=container.created or None,
        note=f"git deploys this stack to {one.host}" if elsewhere else copy,
    )


def _unmanaged(container: Observed, host: Host) -> ServiceDrift:
    return ServiceDrift(
        host=host.name,
        stack=container.project,
        service=service_name(container),
        container=container.name,
        status="unmanaged",
        remedy="adopt",
        created=container.created or None,
        note="a Swarm task" if container.labels.get("com.docker.swarm.service.name") else None,
    )


def _gap(problems: Sequence[Problem], project: str) -> str | None:
    """Say why git may declare a container of this project all the same."""
    for problem in problems:
        if project and problem.kind == "baseline" and problem.stack and normalised_name(problem.stack) == project:
            return f"its stack in git can't be judged: {problem.what.removeprefix(f'{problem.stack}: ')}"
    for problem in problems:
        if problem.kind == "repository":
            return f"{problem.repository} may declare it, and could not be read"
    return None


def _notices(audit: _Audit) -> Iterable[str]:
    """Remarks on renamed projects, and on ignore rules: those that hid nothing, those that have expired."""
    yield from audit.renamed
    used = {one.rule for one in audit.ignored}
    for rule in audit.policy.ignores:
        where = rule.where or f"ignore rule {rule.number}"
        if not rule.applies(audit.today):
            yield f"{where}: the ignore rule for `{rule.scope.path}` expired on {rule.until}"
        elif rule.number not in used:
            yield f"{where}: the ignore rule for `{rule.scope.path}` matched nothing"
