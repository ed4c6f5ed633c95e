"""Builds the estate from captures, declarations and the drift document."""

import posixpath
from collections.abc import Iterable, Mapping, Sequence

from msgspec.structs import replace

from homelab_assets.documentation import seen
from homelab_assets.documentation.commands import folder_of, is_portainers
from homelab_assets.documentation.estate import Declaration, Estate, HostFacts, Key, NetworkFacts, Service
from homelab_assets.drift.document import DriftDocument, ServiceDrift
from homelab_assets.labels import is_one_off, name_of
from homelab_assets.model import Captured, CaptureResult, Json, Unreachable


def survey(
    captures: Sequence[CaptureResult],
    declarations: Sequence[Declaration],
    document: DriftDocument,
    *,
    hosts: Iterable[HostFacts] = (),
    repositories: Iterable[str] = (),
    runs_on: str = "",
) -> Estate:
    """Join what runs, what git says and what the audit found.

    Args:
        hosts: what `lab.yaml` says of them; of one that is not among them only the name is known.
        repositories: that could be read. runs_on: the name of the machine that the audit runs on.
    """
    running = _running(captures, declarations, document)
    declared = _by_key(declarations, captures, running)
    verdicts = _verdicts(document)
    silent = {capture.host for capture in captures if isinstance(capture, Unreachable)}
    named = {host.name: host for host in hosts}
    folders = _Folders(running, declared)
    for key, declaration in declared.items():
        if key not in running:
            known = folders.of(declaration, key[0]), folders.project_of(declaration, key[0])
            service = seen.service_from(declaration, key[0], *known)
            # Nobody knows what runs on a host that does not answer.
            running[key] = replace(service, state="unknown") if key[0] in silent else service
    for key, verdict in verdicts.items():
        if key not in running and not (verdict.container and _known(running, verdict)):
            running[key] = _unseen(verdict)
    services = (_joined(service, declared.get(key), verdicts) for key, service in running.items())
    return Estate(
        generated_at=document.generated_at,
        hosts=tuple(
            _host(capture, named.get(capture.host) or HostFacts(name=capture.host, address=capture.host))
            for capture in captures
        ),
        services=tuple(sorted(services, key=lambda one: (one.host, one.stack is None, one.stack or "", one.name))),
        networks=tuple(sorted(_networks(captures), key=lambda network: (network.host, network.name))),
        repositories=tuple(sorted(repositories)),
        runs_on=runs_on,
        demo=document.demo,
    )


def _running(
    captures: Sequence[CaptureResult], declarations: Sequence[Declaration], document: DriftDocument
) -> dict[Key, Service]:
    """What runs, each under the names that git has for it where git knows it."""
    judged: dict[tuple[str, str | None], ServiceDrift] = {
        (one.host, one.container): one for one in document.services if one.container
    }
    stacks: dict[tuple[str | None, str], str] = {(one.endpoint, one.project): one.stack for one in declarations}
    seen_here = [service for capture in captures if isinstance(capture, Captured) for service in _of(capture)]
    pairs = [(service, _as_git_names_it(service, judged, stacks)) for service in seen_here]
    running: dict[Key, Service] = {}
    # Of two projects of one stack, the one that Compose calls so too has the name.
    for service, named in sorted(pairs, key=lambda pair: pair[0].key != pair[1].key):
        kept = service if named.key in running else named
        running.setdefault(kept.key, kept)
    return running


def _as_git_names_it(
    service: Service,
    judged: Mapping[tuple[str, str | None], ServiceDrift],
    stacks: Mapping[tuple[str | None, str], str],
) -> Service:
    """Compose knows a stack by its folder's name without capitals, dots and spaces, or by a `name:`, and a container
    may be a service's by its own name alone: whoever judged it has found that out."""
    verdict = next((judged[place] for name in service.containers if (place := (service.host, name)) in judged), None)
    if verdict is not None:
        return replace(service, stack=verdict.stack, name=verdict.service)
    project = service.project or ""
    return replace(service, stack=stacks.get((service.host, project)) or stacks.get((None, project)) or service.stack)


def _of(capture: Captured) -> Iterable[Service]:
    names = {str(container.get("Id")): name_of(container) for container in capture.containers}
    images = {str(image.get("Id")): image for image in capture.images}
    folders = {str(volume.get("Name")): folder for volume in capture.volumes if (folder := _folder(volume))}
    replicas: dict[tuple[str | None, str], list[Mapping[str, Json]]] = {}
    for container in sorted(capture.containers, key=name_of):
        if not is_one_off(container):
            replicas.setdefault(seen.place(container), []).append(container)
    for group in replicas.values():
        yield seen.service_of(capture.host, group, images, names, folders)


def _folder(volume: Mapping[str, Json]) -> str:
    """Return the folder that a volume of the local driver stands for; "" where it is one of the engine's own."""
    options = volume.get("Options") or {}
    bound = "bind" in str(options.get("o") or "").split(",")
    return str(options.get("device") or "") if bound else ""


class _Folders:
    """Where stacks lie on hosts, and under which project, as far as what runs there tells it."""

    def __init__(self, running: Mapping[Key, Service], declared: Mapping[Key, Declaration]) -> None:
        self._stacks: dict[tuple[str, str], str] = {}
        self._projects: dict[tuple[str, str], str] = {}
        self._clones: dict[tuple[str, str], str] = {}
        for key, service in running.items():
            declaration, folder = declared.get(key), folder_of(service)
            if folder:
                self._stacks.setdefault(key[:2], folder)
            if service.project:
                self._projects.setdefault(key[:2], service.project)
            if declaration and folder.endswith(f"/{declaration.directory}") and not is_portainers(service):
                clone = folder.removesuffix(declaration.directory)
                self._clones.setdefault((key[0], declaration.repository), clone)

    def of(self, declaration: Declaration, host: str) -> str:
        """Return the folder of a stack: its other services', else where it is in a clone that others run from."""
        clone = self._clones.get((host, declaration.repository), "")
        return self._stacks.get((host, declaration.stack)) or (clone and posixpath.join(clone, declaration.directory))

    def project_of(self, declaration: Declaration, host: str) -> str:
        """Return what Compose calls a stack whose other services run there; "" where none does."""
        return self._projects.get((host, declaration.stack), "")


def _by_key(
    declarations: Iterable[Declaration], captures: Sequence[CaptureResult], running: Mapping[Key, Service]
) -> dict[Key, Declaration]:
    hosts = {capture.host for capture in captures}
    stacks: dict[str, set[str]] = {}
    for service in running.values():
        stacks.setdefault(service.stack or "", set()).add(service.host)
    declared: dict[Key, Declaration] = {}
    for declaration in declarations:
        # Without an endpoint a stack belongs to the hosts that run something of it.
        named = {declaration.endpoint} if declaration.endpoint else stacks.get(declaration.stack, set())
        for host in sorted(name for name in named if name in hosts):
            declared[(host, declaration.stack, declaration.service)] = declaration
    return declared


def _verdicts(document: DriftDocument) -> dict[Key, ServiceDrift]:
    return {(verdict.host, verdict.stack or "", verdict.service): verdict for verdict in document.services}


def _known(running: Mapping[Key, Service], verdict: ServiceDrift) -> bool:
    return any(key[0] == verdict.host and verdict.container in service.containers for key, service in running.items())


def _joined(service: Service, declaration: Declaration | None, verdicts: Mapping[Key, ServiceDrift]) -> Service:
    verdict = verdicts.get(service.key)
    depends_on = dict(service.depends_on)
    if declaration is not None:
        depends_on = {**seen.declared_dependencies(declaration.model), **depends_on}
    return replace(service, verdict=verdict, declared=declaration, depends_on=depends_on)


def _unseen(verdict: ServiceDrift) -> Service:
    missing = verdict.status == "missing"
    return Service(
        host=verdict.host, stack=verdict.stack, name=verdict.service, state="missing" if missing else "unknown"
    )


def _host(capture: CaptureResult, named: HostFacts) -> HostFacts:
    if isinstance(capture, Unreachable):
        return replace(named, captured=False, error=capture.error)
    info, version = capture.engine.get("info") or {}, capture.engine.get("version") or {}
    return replace(
        named,
        engine=str(version.get("Version") or info.get("ServerVersion") or ""),
        system=str(info.get("OperatingSystem") or ""),
        architecture=str(info.get("Architecture") or ""),
        cpus=_number(info.get("NCPU")),
        memory=_number(info.get("MemTotal")),
        containers=len(capture.containers),
    )


def _number(value: Json) -> int | None:
    return value if isinstance(value, int) and value > 0 else None


def _networks(captures: Iterable[CaptureResult]) -> Iterable[NetworkFacts]:
    for capture in captures:
        for network in capture.networks if isinstance(capture, Captured) else ():
            yield NetworkFacts(
                host=capture.host,
                name=str(network.get("Name") or ""),
                driver=str(network.get("Driver") or ""),
                internal=bool(network.get("Internal")),
            )
