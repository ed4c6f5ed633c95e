"""HL104: stack-targets.yml names stacks that exist."""

import difflib
from collections.abc import Iterator

from homelab_assets.repository.rules.meta import Example, Finding, Meta
from homelab_assets.repository.rules.view import Context

META = Meta(
    id="HL104",
    title="stack-targets.yml names stacks that exist",
    severity="error",
    rationale="An entry without a folder deploys nothing, and hides a typing error in the name of one that should be.",
    remedy="Correct the name, or remove the entry.",
    bad=Example(files={"stack-targets.yml": "app: host-a\nold: host-a\n"}),
    good=Example(files={"stack-targets.yml": "app: host-a\n"}),
)


def check(context: Context) -> Iterator[Finding]:
    """Find entries without a stack folder."""
    if context.targets is None:
        return
    stacks = [view.stack.name for view in context.stacks]
    for name, line in context.targets.lines.items():
        if name not in stacks:
            near = difflib.get_close_matches(name, stacks, n=1)
            meant = f"; did you mean {near[0]}?" if near else ""
            yield Finding(message=f"there is no stack {name}{meant}", file=context.targets.file, line=line, stack=name)
