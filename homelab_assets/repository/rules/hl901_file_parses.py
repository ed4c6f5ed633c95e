"""HL901: files can be understood."""

from collections.abc import Iterator

from homelab_assets.repository.rules.meta import Example, Finding, Meta
from homelab_assets.repository.rules.view import Context

META = Meta(
    id="HL901",
    title="Files can be understood",
    severity="error",
    rationale="What can't be read can't be checked, deployed or audited.",
    remedy="Correct the file; `docker compose config` must accept it too.",
    bad=Example(files={"stacks/app/docker-compose.yml": "services:\n  web:\n    image: [\n"}),
    good=Example(),
)


def check(context: Context) -> Iterator[Finding]:
    """Tell which files could not be understood, and where."""
    for view in context.stacks:
        for broken in view.broken:
            yield Finding(message=broken.what, file=broken.file, line=broken.line, stack=view.stack.name)
    if context.targets is not None:
        for mistake in context.targets.mistakes:
            what = f"{mistake.key}: {mistake.what}" if mistake.key else mistake.what
            yield Finding(message=what, file=context.targets.file, line=mistake.line, stack=mistake.key or None)
