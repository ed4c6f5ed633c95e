"""HL602: services have a restart policy."""

from collections.abc import Iterator

from homelab_assets.repository.rules.meta import Example, Finding, Meta
from homelab_assets.repository.rules.view import Context

META = Meta(
    id="HL602",
    title="Services have a restart policy",
    severity="warning",
    rationale="The default is `no`: after a reboot of the host the service stays away.",
    remedy='Set `restart: unless-stopped`; for a job that ends, `restart: "no"` says that it is meant so.',
    bad=Example(without=("restart",)),
    good=Example(service="restart: unless-stopped"),
)


def check(context: Context) -> Iterator[Finding]:
    """Find services that leave it out, besides those that only a profile starts."""
    for service in context.services():
        if service.restart is None and not service.config.get("profiles"):
            yield service.found("has no restart policy")
