"""HL102: a stack has one base compose file."""

from collections.abc import Iterator

from homelab_assets.repository.rules.meta import Example, Finding, Meta
from homelab_assets.repository.rules.view import Context

META = Meta(
    id="HL102",
    title="A stack has one base compose file",
    severity="error",
    rationale="Of several spellings Compose reads the first and forgets the others, whose content then runs nowhere.",
    remedy="Keep one of the files.",
    bad=Example(files={"stacks/app/docker-compose.yaml": "services:\n  other:\n    image: x:1\n"}),
    good=Example(),
)


def check(context: Context) -> Iterator[Finding]:
    """Find files that another one shadows."""
    for stack in context.stacks:
        for file in stack.stack.shadowed:
            yield Finding(
                message=f"Compose reads {stack.stack.base} and not this file", file=file, stack=stack.stack.name
            )
