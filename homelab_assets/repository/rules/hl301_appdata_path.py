"""HL301: writable data lies in /opt/appdata/<stack>/<service>."""

from collections.abc import Iterator

from homelab_assets.model import Json
from homelab_assets.repository.rules.meta import Example, Finding, Meta
from homelab_assets.repository.rules.variables import has_variable
from homelab_assets.repository.rules.view import APPDATA, Context, ServiceView, below

META = Meta(
    id="HL301",
    title=f"Writable data lies in `{APPDATA}/<stack>/<service>`",
    severity="warning",
    rationale=(
        "Backups and moves to another host take that folder; data elsewhere is lost, and data beside the compose file "
        "blocks the next deploy."
    ),
    remedy=f"Move the data to `{APPDATA}/<stack>/<service>`, or mount it read-only where the service only reads it.",
    bad=Example(service="volumes:\n  - /root/web:/data"),
    good=Example(service=f"volumes:\n  - {APPDATA}/app/web:/data\n  - ./config/web.conf:/etc/web.conf"),
)

# What belongs to the host or is shared by design.
_SHARED = (
    "/media", "/mnt", "/dev", "/sys", "/proc", "/run", "/var/run", "/var/log", "/var/lib/docker", "/etc/localtime",
    "/etc/timezone", "/lib/modules", "/tmp",  # noqa: S108 - compared with, never written
)  # fmt: skip


def check(context: Context) -> Iterator[Finding]:
    """Find writable bind mounts in other places. Sources that come from `.env` are not judged."""
    siblings = {view.stack.name: {service.name for service in view.services} for view in context.stacks}
    for service in context.services():
        for number, mount in service.entries("volumes"):
            message = _wrong(service, mount, siblings[service.stack])
            if message:
                yield service.found(message, "volumes", str(number))


def _wrong(service: ServiceView, mount: Json, siblings: set[str]) -> str | None:
    source = str(mount.get("source") or "")
    if mount.get("type") != "bind" or not source or has_variable(source) or mount.get("read_only"):
        return None
    if below(source, APPDATA):
        parts = source.removeprefix(APPDATA).strip("/").split("/")
        fits = parts[0] == service.stack and (len(parts) > 1 and parts[1] in siblings)
        return None if fits else f"mounts {source}, not {APPDATA}/{service.stack}/{service.name}"
    if any(below(source, place) for place in _SHARED):
        return None
    if below(source, service.directory):
        inner = source.removeprefix(service.directory).strip("/")
        return None if below(inner, "config") else f"writes to ./{inner}, beside the compose file"
    return f"writes to {source}, outside {APPDATA}/{service.stack}/{service.name}"
