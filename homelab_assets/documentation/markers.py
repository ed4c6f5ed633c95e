"""Generated blocks in files that people write in too: what stands outside the markers is theirs and survives.

```
<!-- homelab-assets:begin NAME -->
…generated…
<!-- homelab-assets:end NAME -->
```
"""

import re
from collections.abc import Sequence

from msgspec import Struct

_LINE = re.compile(
    r"^<!-- homelab-assets:(?P<kind>begin|end) (?P<name>[a-z0-9-]+)(?: [^\n]*?)?-->[ \t]*\r?$", re.MULTILINE
)
_WARNING = "(generated: edits between these two lines are lost)"
_LESS = "(generated without what only the host could tell: edits between these two lines are lost)"
_SEEN = re.compile(r"^_Last change seen by the audit of [^\n]*_$", re.MULTILINE)


_GENERATED_AT = re.compile(r'"generated_at": "[^"]*"')


class BrokenMarkers(ValueError):
    """The markers in a file don't pair up, so nobody can say what in it is generated. `line` is 1-based."""

    def __init__(self, what: str, line: int) -> None:
        super().__init__(f"line {line}: {what}")
        self.what, self.line = what, line


class _Part(Struct, frozen=True):
    name: str | None
    text: str


def block(name: str, body: str, *, whole: bool = True) -> str:
    """Put a generated body between markers. `name` holds lower-case letters, digits and dashes.

    Args:
        whole: False where what it is about could not be seen: it does not replace a whole one.
    """
    # Text from outside can't end the block: no line of the body may look like a marker.
    safe = body.strip("\n").replace("<!-- homelab-assets:", "<!-- homelab-assets :")
    warning = _WARNING if whole else _LESS
    return f"<!-- homelab-assets:begin {name} {warning} -->\n{safe}\n<!-- homelab-assets:end {name} -->\n"


def merge(existing: str | None, generated: str) -> str:
    """Return the file's new text: the generated blocks of `generated`, and people's own text of `existing`.

    Blocks are found by name, wherever people moved them. One that is not generated any more goes; a new one comes
    after the block that precedes it in `generated`. A file without markers is people's own: the blocks follow it.

    Raises:
        BrokenMarkers: the existing markers don't pair up; nothing may be overwritten.
    """
    if existing is None or not existing.strip():
        return generated
    wanted = {part.name: part.text for part in _parts(generated) if part.name}
    present = _parts(existing)
    if not any(part.name for part in present):
        return existing.rstrip("\n") + "\n\n" + "\n".join(wanted.values())
    kept = [
        _Part(part.name, wanted[part.name]) if part.name else part
        for part in present
        if part.name is None or part.name in wanted
    ]
    for position, name in enumerate(wanted):
        if name not in {part.name for part in kept}:
            kept.insert(_after(kept, list(wanted)[:position]), _Part(name, "\n" + wanted[name]))
    return "".join(part.text for part in kept)


def renewed(existing: str | None, generated: str, *, markdown: bool = True) -> str | None:
    """Return a file's new text; None where it would only know less, or differ in which audit saw it, so that it stays.

    Args:
        markdown: people may write in the file too, outside of its generated blocks; others are generated whole.

    Raises:
        BrokenMarkers: the existing markers don't pair up; nothing may be overwritten.
    """
    text = merge(existing, generated) if markdown else generated
    if markdown and _wholes(existing or "") & (_names(generated) - _wholes(generated)):
        return None
    return None if existing is not None and without_moment(existing) == without_moment(text) else text


def own_text(text: str) -> str:
    """Return what people wrote in a file: everything outside of generated blocks.

    Raises:
        BrokenMarkers: the markers don't pair up.
    """
    return "".join(part.text for part in _parts(text) if part.name is None)


def is_generated(text: str) -> bool:
    """Say whether a file holds a generated block."""
    return _LINE.search(text) is not None


def without_moment(text: str) -> str:
    """Return a document without when the audit saw it: two that are equal then say the same, and the older stays."""
    return _GENERATED_AT.sub("", text) if text.startswith("{") else _SEEN.sub("", text)


def seen(moment: str) -> str:
    """Return the line that says which audit a document comes from. `moment`: ISO 8601 UTC."""
    return f"_Last change seen by the audit of {moment[:16].replace('T', ' ')} UTC._"


def _names(text: str) -> set[str]:
    return {part.name for part in _parts(text) if part.name}


def _wholes(text: str) -> set[str]:
    return {part.name for part in _parts(text) if part.name and _LESS not in part.text.partition("\n")[0]}


def _after(parts: Sequence[_Part], before: Sequence[str]) -> int:
    positions = [number for number, part in enumerate(parts) if part.name in before]
    return max(positions, default=-1) + 1


def _parts(text: str) -> list[_Part]:
    """Split into people's text and blocks; a block's text has both its markers."""
    parts: list[_Part] = []
    seen_names: set[str] = set()
    at, opened = 0, None
    for match in _LINE.finditer(text):
        line = text.count("\n", 0, match.start()) + 1
        name = match["name"]
        if match["kind"] == "begin":
            if opened is not None:
                raise BrokenMarkers(f"block {name} begins inside block {opened['name']}", line)
            if name in seen_names:
                raise BrokenMarkers(f"block {name} stands twice", line)
            parts.append(_Part(None, text[at : match.start()]))
            opened, at = match, match.start()
        else:
            if opened is None or opened["name"] != name:
                raise BrokenMarkers(f"block {name} ends and did not begin", line)
            end = match.end() + text.startswith("\n", match.end())
            parts.append(_Part(name, text[at:end]))
            seen_names.add(name)
            opened, at = None, end
    if opened is not None:
        raise BrokenMarkers(f"block {opened['name']} does not end", text.count("\n", 0, opened.start()) + 1)
    parts.append(_Part(None, text[at:]))
    return [part for part in parts if part.text]
