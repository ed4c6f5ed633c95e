"""HL404: services know the time zone."""

from collections.abc import Iterator

from homelab_assets.repository.rules.meta import Example, Finding, Meta
from homelab_assets.repository.rules.view import TIMEZONE, Context, ServiceView

META = Meta(
    id="HL404",
    title="Services know the time zone",
    severity="note",
    rationale="Without `TZ` a container runs in UTC: schedules, logs and recordings are an hour or two off.",
    remedy=f"Set `TZ: {TIMEZONE}`, or `TZ: ${{TZ}}`.",
    bad=Example(without=("environment",)),
    good=Example(service=f"environment:\n  TZ: {TIMEZONE}"),
)


def check(context: Context) -> Iterator[Finding]:
    """Find services without `TZ`. One with an env file that git does not hold may get it there."""
    for service in context.services():
        if "TZ" not in service.environment and not service.open_environment and not _sees_the_host_s(service):
            yield service.found("has no TZ", "environment")


def _sees_the_host_s(service: ServiceView) -> bool:
    sources = (str(mount.get("source")) for _, mount in service.entries("volumes"))
    return any(source in {"/etc/localtime", "/etc/timezone"} for source in sources)
