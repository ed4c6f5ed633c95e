"""HL101: compose files have no `version`."""

import re
from collections.abc import Iterator

from homelab_assets.repository.rules.meta import Example, Finding, Meta
from homelab_assets.repository.rules.view import Context

META = Meta(
    id="HL101",
    title="Compose files have no `version`",
    severity="note",
    rationale="Compose v2 ignores `version` and warns about it; it suggests a format that nothing checks.",
    remedy="Remove the line.",
    bad=Example(compose='version: "3.8"'),
    good=Example(),
    fixable=True,
)

# The key with all of its value: no anchor that others refer to, and nothing that goes on in the next line.
_LINE = re.compile(r"version[ \t]*:[ \t]+([\"']?)[\w.]+\1[ \t]*(?:#[^\n]*)?\r?\n?")


def check(context: Context) -> Iterator[Finding]:
    """Find top-level `version` keys."""
    for stack in context.stacks:
        for file, line in stack.versions:
            yield Finding(message="`version` is obsolete", file=file, line=line, stack=stack.stack.name)


def fix(finding: Finding, text: str) -> str | None:
    """Remove the line, and the empty line after it where the file would begin with it."""
    lines = text.splitlines(keepends=True)
    at = (finding.line or 0) - 1
    below = next((line for line in lines[at + 1 :] if line.strip()), "")
    if not 0 <= at < len(lines) or not _LINE.fullmatch(lines[at]) or below[:1].isspace():
        return None
    del lines[at]
    if at == 0 and lines and not lines[0].strip():
        del lines[0]
    return "".join(lines)
