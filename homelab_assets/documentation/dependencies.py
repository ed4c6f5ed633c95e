"""Which service needs which, from what was seen; each dependency with its evidence."""

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any, Literal

from msgspec import Struct

from homelab_assets.documentation import words
from homelab_assets.documentation.access import Access
from homelab_assets.documentation.cycles import cycles
from homelab_assets.documentation.estate import Estate, Key, Service
from homelab_assets.documentation.purposes import application_of

Kind = Literal["service", "namespace", "data", "access", "application"]
"""service: it was set up to need it. namespace: it lives in its network. data: it reads what the other writes.
access: people reach it through the other. application: the applications' own settings say so."""

_AUTHORITY = re.compile(r"[a-zA-Z][\w+.-]*://(?:[^/\s@]*@)?(?P<name>[A-Za-z0-9][\w.-]*)(?::(?P<port>\d+))?")
_WITH_PORT = re.compile(r"(?<![\w./:@-])(?P<name>[A-Za-z0-9][\w.-]*):(?P<port>\d{2,5})(?![\w.:])")
_HOST_WORDS = frozenset(
    {
        "host",
        "hostname",
        "server",
        "servers",
        "addr",
        "address",
        "addresses",
        "endpoint",
        "endpoints",
        "hosts",
        "broker",
        "upstream",
    }
)
_SYSTEM = re.compile(
    r"/(?:|(?:proc|sys|dev|run|tmp|boot|lib/modules)(?:/.*)?|var/run(?:/.*)?|etc(?:/.*)?|var/lib/docker(?:/.*)?|usr/share/zoneinfo(?:/.*)?)"
)


class Dependency(Struct, frozen=True, kw_only=True):
    """`source` needs `target`. `evidence` says how that is known, in Markdown, most telling first."""

    source: Key
    target: Key
    kind: Kind
    evidence: Sequence[str]


class Shared(Struct, frozen=True, kw_only=True):
    """Data that several services of a host use: a path or a volume, who writes and who only reads it."""

    host: str
    place: str
    writers: Sequence[Key]
    readers: Sequence[Key]


class Map(Struct, frozen=True, kw_only=True):
    """All dependencies, sorted; data that is shared; groups of services that need one another in a circle."""

    dependencies: Sequence[Dependency]
    shared: Sequence[Shared]
    cycles: Sequence[Sequence[Key]]

    def needs(self, key: Key) -> list[Dependency]:
        """Return what a service needs."""
        return [dependency for dependency in self.dependencies if dependency.source == key]


def map_dependencies(estate: Estate, pipeline: Mapping[str, Any] | None = None) -> Map:
    """Find all dependencies of an estate.

    Args:
        pipeline: the last result of the media pipeline's validation, whose links are the applications' own settings.
    """
    found: dict[tuple[Key, Key, Kind], list[str]] = {}
    names = _Names(estate)
    for finder in (_declared, _namespaces, _routed):
        _collect(found, finder(estate))
    _collect(found, _referenced(estate, names))
    _collect(found, _applications(estate, pipeline or {}))
    shared = _shared(estate)
    _collect(found, _read(shared))
    dependencies = tuple(
        Dependency(source=source, target=target, kind=kind, evidence=tuple(dict.fromkeys(evidence)))
        for (source, target, kind), evidence in sorted(found.items())
        if source != target
    )
    return Map(dependencies=dependencies, shared=shared, cycles=cycles((d.source, d.target) for d in dependencies))


_Found = Iterable[tuple[Key, Key, Kind, str]]


def _collect(found: dict[tuple[Key, Key, Kind], list[str]], more: _Found) -> None:
    for source, target, kind, evidence in more:
        found.setdefault((source, target, kind), []).append(evidence)


def _declared(estate: Estate) -> _Found:
    for service in estate.services:
        for name, condition in service.depends_on.items():
            target = (service.host, service.stack or "", name)
            if target in estate.by_key:
                how = "" if condition == "service_started" else f" ({words.text(condition)})"
                yield service.key, target, "service", f"`depends_on`{how}"


def _namespaces(estate: Estate) -> _Found:
    for service in estate.services:
        parent = estate.host_of_namespace(service)
        if parent is None and service.namespace and not service.containers:
            parent = estate.by_key.get((service.host, service.stack or "", service.namespace))
        if parent is not None:
            yield (
                service.key,
                parent.key,
                "namespace",
                f"lives in the network of container {words.mono(service.namespace)}",
            )


def _routed(estate: Estate) -> _Found:
    access = Access(estate)
    for service in estate.services:
        proxy = access.proxy_for(service)
        for router in access.routers(service):
            if proxy and router.rule:
                yield service.key, proxy.service.key, "access", f"Traefik router {words.mono(router.name)}"


class _Names:
    """Who answers to which name, as each service would resolve it."""

    def __init__(self, estate: Estate) -> None:
        self._networks: dict[tuple[str, str], dict[str, list[Key]]] = {}
        self._published: dict[tuple[str, int], list[Key]] = {}
        self._routed: dict[str, list[Key]] = {}
        access = Access(estate)
        addresses = {host.name: {host.address, host.name} for host in estate.hosts}
        for service in estate.services:
            for network, aliases in service.networks.items():
                known = self._networks.setdefault((service.host, network), {})
                for alias in {*aliases, service.name} if service.stack else aliases:
                    known.setdefault(alias.lower(), []).append(service.key)
            for port in service.ports:
                for address in addresses.get(service.host, {service.host}):
                    self._published.setdefault((address.lower(), port.host), []).append(service.key)
            for router in access.routers(service):
                for match in router.matches:
                    self._routed.setdefault(match.host, []).append(service.key)

    def resolve(self, asking: Service, networks: Iterable[str], name: str, port: int | None) -> list[Key]:
        """Return the services that a name means to one that is attached to these networks."""
        lowered = name.lower().rstrip(".")
        for network in networks:
            if found := self._networks.get((asking.host, network), {}).get(lowered):
                return found
        if port is not None and (found := self._published.get((lowered, port))):
            return found
        return self._routed.get(lowered, []) if "." in lowered else []


def _referenced(estate: Estate, names: _Names) -> _Found:
    for service in estate.services:
        parent = estate.host_of_namespace(service)
        networks = list((parent or service).networks)
        for where, name, port in _mentions(service):
            for target in names.resolve(service, networks, name, port):
                said = f"{name}:{port}" if port else name
                yield service.key, target, "service", f"{where} names {words.mono(said)}"


def _mentions(service: Service) -> Iterator[tuple[str, str, int | None]]:
    """Yield where a service names a machine, the name, and the port."""
    for variable, value in service.environment.items():
        where = f"environment {words.mono(variable)}"
        yield from ((where, name, port) for name, port in _machines(value))
        if variable.lower().replace("-", "_").rpartition("_")[2] in _HOST_WORDS:
            # A bare name is a machine only where the variable says so: POSTGRES_DB=n8n names no machine.
            yield from (
                (where, name.strip(), None) for name in re.split(r"[,;\s]+", value) if re.fullmatch(r"[\w.-]+", name)
            )
    for argument in service.command:
        yield from (("its command", name, port) for name, port in _machines(argument))


def _machines(text: str) -> Iterator[tuple[str, int | None]]:
    if ":" not in text or len(text) > 4000:
        return
    for pattern in (_AUTHORITY, _WITH_PORT):
        for match in pattern.finditer(text):
            yield match["name"], int(match["port"]) if match["port"] else None


# What a check of the media pipeline says about who needs whom, whether it passed or failed. Plex asks nobody: it shows
# what the others import, and goes on without them.
_CHECKS: Sequence[tuple[re.Pattern[str], str, str, Kind]] = (
    (re.compile(r"(?:applications|search)\.(\w+)"), "{0}", "prowlarr", "application"),
    (re.compile(r"downloads\.(\w+?)(?:_import)?"), "{0}", "qbittorrent", "application"),
    (re.compile(r"requests\.(radarr|sonarr)(?:_reached)?"), "overseerr", "{0}", "application"),
    (re.compile(r"library\.(radarr|sonarr)"), "plex", "{0}", "data"),
)
_SAME = {"seerr": "overseerr", "jellyseerr": "overseerr"}


def _applications(estate: Estate, pipeline: Mapping[str, Any]) -> _Found:
    """Read the links between media applications that their own settings hold, as the pipeline's validation saw them."""
    by_name: dict[str, list[Key]] = {}
    for service in estate.services:
        application = application_of(service.image)
        for name in {service.name.lower(), *([application.name] if application else [])}:
            by_name.setdefault(_SAME.get(name, name), []).append(service.key)
    for check in pipeline.get("checks") or ():
        identity = str(check.get("id") or "")
        for pattern, source, target, kind in _CHECKS if check.get("status") in {"pass", "fail"} else ():
            if match := pattern.fullmatch(identity):
                for one in by_name.get(source.format(match[1]), ()):
                    for other in by_name.get(target.format(match[1]), ()):
                        yield one, other, kind, f"its settings, by the media check {words.mono(identity)}"


def _shared(estate: Estate) -> tuple[Shared, ...]:
    """Find what several services of a host mount: the same volume, the same folder, or a folder and one below it."""
    found = []
    for host in dict.fromkeys(service.host for service in estate.services):
        volumes, folders = _mounted(estate.on(host))
        places = {**volumes, **_nested(folders)}
        for place, users in sorted(places.items()):
            if len(users) > 1:
                found.append(
                    Shared(
                        host=host,
                        place=place,
                        writers=tuple(sorted(key for key, writes in users.items() if writes)),
                        readers=tuple(sorted(key for key, writes in users.items() if not writes)),
                    )
                )
    return tuple(found)


_Users = dict[str, dict[Key, bool]]


def _mounted(services: Iterable[Service]) -> tuple[_Users, _Users]:
    """Return who mounts which volume and which folder; True for those who may write."""
    volumes: _Users = {}
    folders: _Users = {}
    for service in services:
        for mount in service.mounts:
            path = mount.path.rstrip("/")
            if path and not _SYSTEM.fullmatch(path) and not path.endswith(".sock"):
                users = folders.setdefault(path, {})
            elif mount.kind == "volume" and mount.source and not path:
                users = volumes.setdefault(mount.source, {})
            else:
                continue
            users[service.key] = users.get(service.key, False) or not mount.read_only
    return volumes, folders


def _nested(folders: _Users) -> _Users:
    """Let those who mount a folder count as users of the mounted folders below it."""
    nested: _Users = {path: dict(users) for path, users in folders.items()}
    for path in folders:
        above = path.rpartition("/")[0]
        while above:
            for key, writes in folders.get(above, {}).items():
                nested[path][key] = nested[path].get(key, False) or writes
            above = above.rpartition("/")[0]
    return nested


def _read(shared: Iterable[Shared]) -> _Found:
    told: dict[tuple[Key, Key], list[str]] = {}
    for place in shared:
        for reader, writer in ((reader, writer) for reader in place.readers for writer in place.writers):
            above = told.setdefault((reader, writer), [])
            # The outer folder says it all.
            if not any(place.place.startswith(f"{path}/") for path in above):
                above.append(place.place)
                yield reader, writer, "data", f"reads {words.mono(place.place)}, which the other may write"
