"""HL601: long-running services have a health check."""

from collections.abc import Iterator

from homelab_assets.repository.rules.meta import Example, Finding, Meta
from homelab_assets.repository.rules.view import Context

META = Meta(
    id="HL601",
    title="Long-running services have a health check",
    severity="note",
    rationale=(
        "Without one the engine knows whether the process lives, not whether it answers; Traefik routes to it "
        "all the same."
    ),
    remedy="Add a `healthcheck`. Where the image brings one, say so: `# homelab: ignore[HL601] from the image`.",
    bad=Example(without=("healthcheck",)),
    good=Example(service='healthcheck:\n  test: ["CMD", "curl", "-f", "http://localhost"]'),
)


def check(context: Context) -> Iterator[Finding]:
    """Find services that neither define a check nor switch it off. Jobs that end need none."""
    for service in context.services():
        if not service.runs_once and not service.config.get("healthcheck"):
            yield service.found("has no health check")
