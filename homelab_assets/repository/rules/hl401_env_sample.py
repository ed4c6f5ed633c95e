"""HL401: each stack has an `.env.sample`."""

from collections.abc import Iterator

from homelab_assets.model import path_in
from homelab_assets.repository.rules.meta import Example, Finding, Meta
from homelab_assets.repository.rules.view import Context

META = Meta(
    id="HL401",
    title="Each stack has an `.env.sample`",
    severity="warning",
    rationale="The real `.env` is not in git; without the sample nobody knows what to set when the host is rebuilt.",
    remedy="Add the file with a placeholder for each variable; an empty one says that there is nothing to set.",
    bad=Example(files={"stacks/app/.env.sample": None}),
    good=Example(files={"stacks/app/.env.sample": "# nothing to set\n"}),
    fixable=True,
)


def check(context: Context) -> Iterator[Finding]:
    """Find stacks without a sample."""
    for view in context.stacks:
        if view.stack.sample is None and not view.broken:
            yield Finding(
                message=f"stack {view.stack.name} has no .env.sample",
                file=path_in(view.stack.directory, ".env.sample"),
                stack=view.stack.name,
                names=tuple(sorted({variable.name for variable in view.variables})),
            )


def fix(finding: Finding, text: str) -> str | None:
    """Write a sample with an empty value for each variable."""
    if text:
        return None
    return "".join(f"{name}=\n" for name in finding.names) or "# nothing to set\n"
