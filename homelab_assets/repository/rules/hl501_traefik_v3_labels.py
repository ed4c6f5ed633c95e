"""HL501: labels speak Traefik v3."""

import re
from collections.abc import Iterator

from homelab_assets.repository.rules.meta import Example, Finding, Meta
from homelab_assets.repository.rules.view import Context, ServiceView

_BASE = """\
networks:
  - proxy
labels:
  traefik.enable: "true"
  traefik.docker.network: proxy
  traefik.http.routers.web.entrypoints: websecure
  traefik.http.services.web.loadbalancer.server.port: "80"
"""
_NETWORK = "networks:\n  proxy:\n    external: true\n"

META = Meta(
    id="HL501",
    title="Labels speak Traefik v3",
    severity="error",
    rationale="Traefik v3 rejects or ignores v1 and v2 options: the router does not come up, or loses a protection.",
    remedy="Rewrite the label as the migration guide says: https://doc.traefik.io/traefik/migrate/v2-to-v3/",
    bad=Example(
        service=_BASE + "  traefik.http.routers.web.rule: Host(`a.home.arpa`, `b.home.arpa`)\n", compose=_NETWORK
    ),
    good=Example(
        service=_BASE + "  traefik.http.routers.web.rule: Host(`a.home.arpa`) || Host(`b.home.arpa`)\n",
        compose=_NETWORK,
    ),
)

# https://doc.traefik.io/traefik/migrate/v2-to-v3-details/
_KEYS = (
    (r"traefik\.(?:frontend|backend|port|protocol|weight|tags)(?:\..*)?", "is a Traefik v1 label"),
    (
        r"traefik\.(?!http|tcp|udp|enable|docker|swarm|tls)[^.]+\.(?:frontend|backend|port)(?:\..*)?",
        "is a Traefik v1 label",
    ),
    (r".*\.middlewares\.[^.]+\.ipwhitelist(?:\..*)?", "is named ipAllowList in Traefik v3"),
    (
        r".*\.middlewares\.[^.]+\.headers\.(?:sslredirect|ssltemporaryredirect|sslhost|sslforcehost|featurepolicy)",
        "is gone in Traefik v3",
    ),
    (r".*\.middlewares\.[^.]+\.stripprefix\.forceslash", "is gone in Traefik v3"),
    (r".*\.middlewares\.[^.]+\.forwardauth\.tls\.caoptional", "is gone in Traefik v3"),
    (r"traefik\.docker\.lbswarm", "is named traefik.swarm.lbswarm in Traefik v3"),
)
_ARGUMENTS = (
    (r"--providers\.docker\.swarmmode.*", "is now the provider `swarm` in Traefik v3"),
    (r"--(?:pilot|experimental\.http3|metrics\.influxdb(?!2)|tracing\.(?:jaeger|zipkin|datadog|instana|haystack|elastic))\b.*",
     "is gone in Traefik v3"),
    (r"--.*\.tls\.caoptional.*", "is gone in Traefik v3"),
)  # fmt: skip
_MATCHERS = (
    (r"\b(?:Host|HostHeader|Path|PathPrefix|Method|ClientIP|HostSNI)\(\s*(?:`[^`]*`|\"[^\"]*\")\s*,",
     "takes one value in Traefik v3: join matchers with ||"),
    (r"\bHostHeader\(", "is named Host in Traefik v3"),
    (r"\b(?:HostRegexp|Path|PathPrefix)\(\s*[`\"][^`\"]*\{\w+:",
     "has no {name:pattern} in Traefik v3: use HostRegexp or PathRegexp"),
    (r"\bHeaders\(", "is named Header in Traefik v3"),
    (r"\bHeadersRegexp\(", "is named HeaderRegexp in Traefik v3"),
    (r"\bQuery\(\s*[`\"][^`\"]*=[^`\"]*[`\"]\s*\)", "takes key and value as two arguments in Traefik v3"),
)  # fmt: skip


def check(context: Context) -> Iterator[Finding]:
    """Find labels, rules and arguments of earlier versions. A router that asks for the v2 syntax may use it."""
    for service in context.services():
        for key, value in service.labels.items():
            told = _first(_KEYS, key, whole=True)
            if told:
                yield service.found(f"label {key} {told}", "labels", key)
            elif key.lower().endswith(".rule") and not _asks_for_v2(service, key):
                told = _first(_MATCHERS, value, whole=False)
                if told:
                    yield service.found(f"the rule in {key} {told}", "labels", key)
        if "traefik" in service.image:
            yield from _arguments(service)


def _arguments(service: ServiceView) -> Iterator[Finding]:
    for number, argument in enumerate(service.config.get("command") or ()):
        told = _first(_ARGUMENTS, str(argument), whole=True)
        if told:
            yield service.found(f"{str(argument).partition('=')[0]} {told}", "command", str(number))


def _first(table: tuple[tuple[str, str], ...], text: str, *, whole: bool) -> str | None:
    for pattern, told in table:
        if re.fullmatch(pattern, text, re.IGNORECASE) if whole else re.search(pattern, text):
            return told
    return None


def _asks_for_v2(service: ServiceView, key: str) -> bool:
    syntax = key[: -len("rule")].lower() + "rulesyntax"
    return any(name.lower() == syntax and value.lower() == "v2" for name, value in service.labels.items())
