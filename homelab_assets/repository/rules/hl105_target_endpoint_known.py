"""HL105: stack-targets.yml names known endpoints."""

from collections.abc import Iterator

from homelab_assets.repository.rules.meta import Example, Finding, Meta
from homelab_assets.repository.rules.view import Context

META = Meta(
    id="HL105",
    title="stack-targets.yml names known endpoints",
    severity="error",
    rationale="A stack for an endpoint that nobody knows is neither deployed nor audited.",
    remedy="Correct the name, or add the host to lab.yaml.",
    bad=Example(files={"stack-targets.yml": "app: [host-a, host-x]\n"}),
    good=Example(files={"stack-targets.yml": "app: [host-a, host-b]\n"}),
)


def check(context: Context) -> Iterator[Finding]:
    """Find endpoints that are no known host. Without known hosts nothing is judged."""
    if context.targets is None or not context.hosts:
        return
    for mistake in context.targets.unknown_endpoints(context.hosts):
        hint = f"; {mistake.hint}" if mistake.hint else ""
        yield Finding(message=f"{mistake.what}{hint}", file=context.targets.file, line=mistake.line, stack=mistake.key)
