"""Traefik's labels: the addresses under which a router answers. Rules of versions 2 and 3 are read.

https://doc.traefik.io/traefik/routing/routers/#rule
"""

import re
from collections.abc import Iterable, Mapping, Sequence

from msgspec import Struct, field

from homelab_assets.documentation.estate import Service
from homelab_assets.documentation.purposes import repository_of

_TOKEN = re.compile(r"\s*(?:(?P<op>&&|\|\||!|\(|\))|(?P<name>\w+)\s*\((?P<args>(?:`[^`]*`|\"[^\"]*\"|[^()`\"])*)\))")
_HOST = re.compile(r"(?<!!)\bHost\s*\(((?:`[^`]*`|\"[^\"]*\"|[^()`\"])*)\)")
_ARGUMENT = re.compile(r"`([^`]*)`|\"([^\"]*)\"|'([^']*)'")
_ROUTER = re.compile(r"traefik\.(?P<kind>http|tcp)\.routers\.(?P<name>[^.]+)\.(?P<key>.+)", re.IGNORECASE)
_ENTRYPOINT = re.compile(r"(?:--)?entry_?points\.(?P<name>[^.=]+)\.(?P<key>[^=]+)=?(?P<value>.*)", re.IGNORECASE)
_EXPOSED = re.compile(r"(?:--)?providers\.(?:docker|swarm)\.exposedbydefault=?(?P<value>.*)", re.IGNORECASE)
_FALSE = frozenset({"false", "0", "f"})
_HOSTNAME = re.compile(r"(?:\*\.)?\w[\w-]*(?:\.\w[\w-]*)*(?::\d{1,5})?")
_LONGEST_NAME = 260
_MOST = 64


class Match(Struct, frozen=True, kw_only=True):
    """One way to reach a router: a host name ("" for any), and a path that requests begin with ("" for any).

    `exact`: requests have this path, and none that goes on behind it.
    """

    host: str = ""
    path: str = ""
    exact: bool = False


class Router(Struct, frozen=True, kw_only=True):
    """One router of a service. `tls` is None where its labels don't say; `enabled`: they ask Traefik to look at it."""

    name: str
    kind: str
    rule: str = ""
    entrypoints: Sequence[str] = ()
    tls: bool | None = None
    matches: Sequence[Match] = ()
    enabled: bool = False


class Entrypoint(Struct, frozen=True, kw_only=True):
    """An entry point of a Traefik.

    Attributes:
        redirect: the one that it sends everybody to.
        default: it serves routers that name none; without any such, all entry points do.
    """

    name: str
    port: int | None = None
    tls: bool = False
    redirect: str = ""
    default: bool = False


class Proxy(Struct, frozen=True, kw_only=True):
    """A Traefik of the estate: the service and its entry points by lower-case name.

    `exposes_all`: it serves containers that don't say `traefik.enable=true`.
    """

    service: Service
    entrypoints: Mapping[str, Entrypoint] = field(default_factory=dict)
    exposes_all: bool = True


def matches_of(rule: str) -> tuple[Match, ...]:
    """Return what a rule accepts, as far as hosts and paths say it. Patterns and negations are left out.

    A rule that can't be read gives nothing: no address is better than a wrong one.
    """
    parser = _Parser(rule)
    found = parser.parse()
    return tuple(dict.fromkeys(match for match in found or () if match.host))[:_MOST]


def hosts_as_written(rule: str) -> tuple[str, ...]:
    """Return the host names of a rule as git writes them, variables and all: `radarr.${DOMAIN}`."""
    names = (argument[0] or argument[1] for match in _HOST.finditer(rule) for argument in _ARGUMENT.findall(match[1]))
    return tuple(dict.fromkeys(name for name in names if name and len(name) <= _LONGEST_NAME))


def routers_of(labels: Mapping[str, str]) -> tuple[Router, ...]:
    """Return the routers that a container's labels define, by name; none with `traefik.enable=false`."""
    enable = labels.get("traefik.enable", "").strip().lower()
    if enable in _FALSE:
        return ()
    keys: dict[tuple[str, str], dict[str, str]] = {}
    for label, value in labels.items():
        if match := _ROUTER.fullmatch(label):
            keys.setdefault((match["name"], match["kind"].lower()), {})[match["key"].lower()] = value
    enabled = enable in {"true", "1", "t"}
    return tuple(_router(name, kind, values, enabled) for (name, kind), values in sorted(keys.items()))


def _router(name: str, kind: str, values: Mapping[str, str], enabled: bool) -> Router:
    named = [key for key in values if key == "tls" or key.startswith("tls.")]
    off = values.get("tls", "").strip().lower() == "false"
    return Router(
        name=name,
        kind=kind,
        rule=values.get("rule", ""),
        entrypoints=tuple(part.strip() for part in values.get("entrypoints", "").split(",") if part.strip()),
        tls=None if not named else not off,
        matches=matches_of(values.get("rule", "")),
        enabled=enabled,
    )


def proxy_of(service: Service) -> Proxy | None:
    """Return the Traefik that a service is, with the entry points that its command line and variables define."""
    if repository_of(service.image).rpartition("/")[2] != "traefik":
        return None
    settings: dict[str, dict[str, str]] = {}
    variables = (
        f"{name.removeprefix('TRAEFIK_').replace('_', '.')}={value}"
        for name, value in service.environment.items()
        if name.startswith(("TRAEFIK_ENTRYPOINTS_", "TRAEFIK_PROVIDERS_"))
    )
    exposes_all = True
    for text in (*service.command, *variables):
        if match := _ENTRYPOINT.fullmatch(text):
            settings.setdefault(match["name"].lower(), {})[match["key"].lower()] = match["value"]
        elif match := _EXPOSED.fullmatch(text):
            exposes_all = match["value"].lower() not in _FALSE
    entrypoints = {name: _entrypoint(name, values) for name, values in settings.items()}
    return Proxy(service=service, entrypoints=entrypoints, exposes_all=exposes_all)


def _entrypoint(name: str, values: Mapping[str, str]) -> Entrypoint:
    port = values.get("address", "").rpartition(":")[2].partition("/")[0]
    return Entrypoint(
        name=name,
        port=port_of(port),
        tls=any(key.startswith("http.tls") and value.lower() != "false" for key, value in values.items()),
        redirect=values.get("http.redirections.entrypoint.to", "").lower(),
        default=values.get("asdefault", "").lower() == "true",
    )


def port_of(text: str) -> int | None:
    """Return the port that a text is; None where it is none."""
    return int(text) if re.fullmatch(r"[0-9]{1,5}", text) else None


class _Parser:
    """Reads `||`, `&&`, `!`, parentheses and matchers into alternatives; None means "anything"."""

    def __init__(self, rule: str) -> None:
        self._rule = rule
        self._at = 0
        self._depth = 0

    def parse(self) -> list[Match] | None:
        try:
            found = self._either()
        except ValueError:
            return []
        return found if not self._rule[self._at :].strip() else []

    def _next(self) -> re.Match[str] | None:
        return _TOKEN.match(self._rule, self._at)

    def _take(self, operator: str) -> bool:
        match = self._next()
        if match and match["op"] == operator:
            self._at = match.end()
            return True
        return False

    def _either(self) -> list[Match] | None:
        sides = [self._both()]
        while self._take("||"):
            sides.append(self._both())
        if any(side is None for side in sides):
            return [match for side in sides for match in side or ()] or None
        return [match for side in sides for match in side or ()][:_MOST]

    def _both(self) -> list[Match] | None:
        found = self._one()
        while self._take("&&"):
            found = _and(found, self._one())
        return found

    def _one(self) -> list[Match] | None:
        self._depth += 1
        if self._depth > 200:
            raise ValueError("too deep")
        try:
            if self._take("!"):
                self._one()
                return None
            if self._take("("):
                found = self._either()
                if not self._take(")"):
                    raise ValueError("unbalanced")
                return found
            match = self._next()
            if match is None or not match["name"]:
                raise ValueError("no matcher")
            self._at = match.end()
            return _matcher(match["name"].lower(), match["args"])
        finally:
            self._depth -= 1


def _matcher(name: str, arguments: str) -> list[Match] | None:
    values = [
        next(group for group in groups if group is not None)
        for groups in (m.groups() for m in _ARGUMENT.finditer(arguments))
    ]
    if name in {"host", "hostsni", "hostheader"}:
        return [Match(host=value.lower()) for value in values if _is_host(value)]
    if name in {"path", "pathprefix"}:
        # Nobody says which paths `{name:pattern}` accepts; the one before it is not among them.
        return [
            Match(path=value, exact=name == "path") for value in values if value.startswith("/") and "{" not in value
        ]
    return None


def _is_host(text: str) -> bool:
    return len(text) <= _LONGEST_NAME and _HOSTNAME.fullmatch(text) is not None


def _and(one: list[Match] | None, other: list[Match] | None) -> list[Match] | None:
    if one is None or other is None:
        return other if one is None else one
    return [joined for a, b in _pairs(one, other) if (joined := _joined(a, b))][:_MOST]


def _pairs(one: Iterable[Match], other: Sequence[Match]) -> Iterable[tuple[Match, Match]]:
    return ((a, b) for a in one for b in other)


def _joined(a: Match, b: Match) -> Match | None:
    if a.host and b.host and a.host != b.host:
        return None
    shorter, longer = sorted((a, b), key=lambda match: (len(match.path), match.exact))
    if not longer.path.startswith(shorter.path) or (shorter.exact and shorter.path != longer.path):
        return None
    return Match(host=a.host or b.host, path=longer.path, exact=longer.exact)
