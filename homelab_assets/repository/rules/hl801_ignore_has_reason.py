"""HL801: comments that ignore a rule say why."""

from collections.abc import Iterator

from homelab_assets.repository.rules.meta import Example, Finding, Meta
from homelab_assets.repository.rules.view import Context

META = Meta(
    id="HL801",
    title="Comments that ignore a rule say why",
    severity="warning",
    rationale="An exception without a reason can't be told from a mistake, and nobody dares to remove it.",
    remedy="Write `# homelab: ignore[HL001] the reason`. Without one the comment has no effect.",
    bad=Example(service="hostname: web  # homelab: ignore[HL404]"),
    good=Example(),
)


def check(context: Context) -> Iterator[Finding]:
    """Find comments without a reason."""
    for exemption in context.exemptions:
        if not exemption.reason:
            rules = ", ".join(exemption.rules)
            yield Finding(message=f"ignores {rules} without a reason", file=exemption.file, line=exemption.line)
