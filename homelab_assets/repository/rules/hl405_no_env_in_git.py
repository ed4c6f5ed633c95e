"""HL405: `.env` is not in git."""

from collections.abc import Iterator

from homelab_assets.repository.rules.meta import Example, Finding, Meta
from homelab_assets.repository.rules.view import Context

META = Meta(
    id="HL405",
    title="`.env` is not in git",
    severity="warning",
    rationale="The real `.env` holds what differs by host and what is secret; one in git invites the next secret.",
    remedy="Remove it from git (`git rm --cached`), keep the names in `.env.sample`, and list `.env` in `.gitignore`.",
    bad=Example(files={"stacks/app/.env": "COLOUR=blue\n"}),
    good=Example(files={"stacks/app/.env.sample": "COLOUR=\n"}),
)


def check(context: Context) -> Iterator[Finding]:
    """Find env files in stack folders, the samples not among them."""
    for view in context.stacks:
        for file in view.stack.env_files:
            yield Finding(message=f"{file.rpartition('/')[2]} is in git", file=file, stack=view.stack.name)
