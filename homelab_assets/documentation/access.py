"""Where people reach a service: through Traefik, at published ports, or nowhere."""

import re
from collections.abc import Iterable, Mapping, Sequence

from msgspec import Struct

from homelab_assets.documentation.estate import Estate, Port, Service
from homelab_assets.documentation.purposes import application_of
from homelab_assets.documentation.traefik import (
    Entrypoint,
    Proxy,
    Router,
    hosts_as_written,
    port_of,
    proxy_of,
    routers_of,
)
from homelab_assets.secrecy import has_token, show

_SCHEME_PORTS = {"http": 80, "https": 443}
_SAFE_HOST = re.compile(r"[a-z0-9.-]+(?::\d+)?|\[[0-9a-f:]+\]", re.IGNORECASE)
_SAFE_PATH = re.compile(r"[\w/.~%+@:,=-]*", re.ASCII)


class Address(Struct, frozen=True, kw_only=True):
    """One way in.

    Attributes:
        url: to open in a browser; "" where it is no web page, or where nobody says so.
        text: for people. through: `traefik (entry point web)`, `published port`, … what makes it an address.
        local: only the host itself can use it. certain: False where labels ask for a route, and the host has no
            Traefik that would read them.
    """

    url: str
    text: str
    through: str
    local: bool = False
    certain: bool = True


class Access:
    """Finds addresses; knows the estate's Traefiks and who publishes ports for whom."""

    def __init__(self, estate: Estate) -> None:
        self._estate = estate
        self.proxies = [proxy for service in estate.services if (proxy := proxy_of(service))]
        self._hosts = {host.name: host.address for host in estate.hosts}

    def of(self, service: Service) -> tuple[Address, ...]:
        """Return the addresses of a service: what a browser opens first, and of that routed ones first."""
        found = sorted(
            [*self._routed(service), *self._published(service)],
            key=lambda address: (not address.url, not address.certain),
        )
        return tuple({(address.url, address.text): address for address in found}.values())

    def proxy_for(self, service: Service) -> Proxy | None:
        """Return the Traefik that routes to a service: the first on its own host."""
        # Another host's Traefik sees this host's containers only if something tells it of them, which labels do not.
        return next((proxy for proxy in self.proxies if proxy.service.host == service.host), None)

    def routers(self, service: Service) -> list[Router]:
        """Return the routers of a service, but those that its host's Traefik does not look at, or skips."""
        proxy = self.proxy_for(service)
        found = [one for one in routers_of(service.labels) if proxy is None or proxy.exposes_all or one.enabled]
        return [one for one in found if self._entries(one, proxy)]

    def names(self, service: Service) -> list[str]:
        """Return the host names (with paths) under which Traefik routes to a service, as far as they may be shown."""
        found = [
            name
            for router in self.routers(service)
            for name in (*_as_git_says(router, service), *(match.host + match.path for match in router.matches))
        ]
        return list(dict.fromkeys(found))

    def _routed(self, service: Service) -> Iterable[Address]:
        proxy = self.proxy_for(service)
        for router in self.routers(service):
            for name in _as_git_says(router, service):
                yield Address(url="", text=name, through="traefik, as git says", certain=proxy is not None)
            for entry in self._entries(router, proxy):
                yield from self._urls(router, entry, proxy)

    def _entries(self, router: Router, proxy: Proxy | None) -> Sequence[Entrypoint | None]:
        known = proxy.entrypoints if proxy else {}
        # Traefik reads its entry points at one place, and skips a router's that it does not know.
        named = [
            known.get(name.lower(), Entrypoint(name=name))
            for name in router.entrypoints
            if not known or name.lower() in known or name == "traefik"
        ]
        if router.entrypoints and not named:
            return ()
        entries = named or [entry for entry in known.values() if entry.default] or list(known.values())
        # A redirecting entry point is a way to the other one, no address of its own.
        direct = dict.fromkeys(known.get(entry.redirect, entry) if entry.redirect else entry for entry in entries)
        return list(direct) if named else [entry for entry in direct if _serves(entry, router)] or [None]

    def _urls(self, router: Router, entry: Entrypoint | None, proxy: Proxy | None) -> Iterable[Address]:
        through = f"traefik, entry point {entry.name}" if entry else "traefik"
        for match in router.matches:
            safe = _SAFE_HOST.fullmatch(match.host) and _SAFE_PATH.fullmatch(match.path)
            if router.kind == "tcp" or not safe:
                yield Address(
                    url="",
                    text=show(f"{match.host}{match.path}"),
                    through=f"{through}, {router.kind}",
                    certain=proxy is not None,
                )
                continue
            scheme = _scheme(router, entry)
            url = f"{scheme}://{match.host}{_port(scheme, entry, proxy)}{match.path}"
            yield Address(url=url, text=url, through=through, certain=proxy is not None)

    def _published(self, service: Service) -> Iterable[Address]:
        application = application_of(service.image)
        web = _web_port(service)
        address = self._hosts.get(service.host, service.host)
        if service.namespace == "host" and web and _SAFE_HOST.fullmatch(address):
            url = f"http://{address}:{web}{application.path if application else ''}"
            yield Address(url=url, text=url, through="the host's own network")
        parent = self._estate.host_of_namespace(service)
        for port in parent.ports if parent else service.ports:
            through = f"port published by {parent.name}" if parent else "published port"
            if port.protocol == "tcp" and port.container == web and _SAFE_HOST.fullmatch(_where(port, address)):
                url = f"http://{_where(port, address)}:{port.host}{application.path if application else ''}"
                yield Address(url=url, text=url, through=through, local=port.local)
            elif not parent:
                yield Address(
                    url="",
                    text=f"{_where(port, address)}:{port.host}/{port.protocol}",
                    through=through,
                    local=port.local,
                )


def _as_git_says(router: Router, service: Service) -> Sequence[str]:
    """Return the names of a router with git's variables, where what they stand for is not to be shown."""
    labels = service.declared.model.get("labels") if service.declared else None
    label = f"traefik.{router.kind}.routers.{router.name}.rule"
    rule = labels.get(label) if isinstance(labels, Mapping) else None
    # Where the rule was changed on the host, git's name is not the one that answers.
    changed = service.verdict is None or any(item.path == f"labels.{label}" for item in service.verdict.items)
    return () if changed or not has_token(router.rule) else hosts_as_written(str(rule or ""))


def _web_port(service: Service) -> int | None:
    application = application_of(service.image)
    return port_of(service.environment.get("WEBUI_PORT", "")) or (application.port if application else None)


def _where(port: Port, address: str) -> str:
    where = port.address or address
    return f"[{where}]" if ":" in where else where


def _serves(entry: Entrypoint, router: Router) -> bool:
    """Say whether an entry point that the router does not name is a way to it that people would use."""
    if entry.name == "traefik":
        return False
    return (router.tls is None and entry.tls) or _is_secure(entry) == bool(router.tls)


def _is_secure(entry: Entrypoint) -> bool:
    return entry.tls or entry.port == 443 or entry.name.lower() in {"websecure", "https"}


def _scheme(router: Router, entry: Entrypoint | None) -> str:
    # A router without TLS answers plain HTTP on every port, 443 too: https://doc.traefik.io/traefik/routing/routers/#tls
    inherited = entry is not None and (entry.tls if entry.port else _is_secure(entry))
    return "https" if (inherited if router.tls is None else router.tls) else "http"


def _port(scheme: str, entry: Entrypoint | None, proxy: Proxy | None) -> str:
    if entry is None or entry.port is None or proxy is None:
        return ""
    outside = next((port.host for port in proxy.service.ports if port.container == entry.port), entry.port)
    return "" if outside == _SCHEME_PORTS[scheme] else f":{outside}"
