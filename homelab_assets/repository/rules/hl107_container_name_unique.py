"""HL107: container names are unique on a host."""

from collections.abc import Iterator

from homelab_assets.repository.rules.meta import Example, Finding, Meta
from homelab_assets.repository.rules.variables import has_variable
from homelab_assets.repository.rules.view import Context, ServiceView

_OTHER = """\
services:
  other:
    image: nginx:1.27.3
    container_name: web
    restart: unless-stopped
    environment: {TZ: Europe/Brussels}
    healthcheck: {test: [CMD, nginx, -t]}
"""

META = Meta(
    id="HL107",
    title="Container names are unique on a host",
    severity="error",
    rationale="The engine refuses the second container of a name, so one of the two services can't start.",
    remedy="Name one of them otherwise, or leave `container_name` out.",
    bad=Example(
        service="container_name: web",
        files={
            "stack-targets.yml": "app: host-a\nother: host-a\n",
            "stacks/other/docker-compose.yml": _OTHER,
            "stacks/other/.env.sample": "",
        },
    ),
    good=Example(
        service="container_name: web",
        files={
            "stack-targets.yml": "app: host-a\nother: host-b\n",
            "stacks/other/docker-compose.yml": _OTHER,
            "stacks/other/.env.sample": "",
        },
    ),
)


def check(context: Context) -> Iterator[Finding]:
    """Find a name that an earlier service on the same endpoint has already; names from `.env` are not judged."""
    taken: dict[tuple[str, str], list[ServiceView]] = {}
    for service in context.services():
        name = str(service.config.get("container_name") or "")
        if not name or has_variable(name):
            continue
        for endpoint in service.endpoints or (f"?{service.stack}",):
            others = taken.setdefault((endpoint, name), [])
            first = next((other for other in others if service.runs_beside(other)), None)
            others.append(service)
            if first:
                where = "" if endpoint.startswith("?") else f" on {endpoint}"
                yield service.found(
                    f"container name {name} is also that of {first.stack}/{first.name}{where}", "container_name"
                )
