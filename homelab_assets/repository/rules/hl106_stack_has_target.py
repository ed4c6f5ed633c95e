"""HL106: each stack stands in stack-targets.yml."""

from collections.abc import Iterator

from homelab_assets.repository.rules.meta import Example, Finding, Meta
from homelab_assets.repository.rules.view import Context

META = Meta(
    id="HL106",
    title="Each stack stands in stack-targets.yml",
    severity="warning",
    rationale=(
        "Where a stack runs is then a matter of memory, and a stack that runs nowhere can't be told from a missing one."
    ),
    remedy="Add a line `<stack>: <endpoint>`, or remove the stack.",
    bad=Example(files={"stack-targets.yml": "# empty\n"}),
    good=Example(files={"stack-targets.yml": "app: host-a\n"}),
)


def check(context: Context) -> Iterator[Finding]:
    """Find stacks without an entry. A repository without the file does not use the convention."""
    if context.targets is None or context.targets.mistakes:
        return
    for view in context.stacks:
        if view.stack.name not in context.targets.stacks:
            file = view.stack.base or next(iter(view.stack.endpoint_files.values()))
            yield Finding(
                message=f"{view.stack.name} has no entry in {context.targets.file}", file=file, stack=view.stack.name
            )
