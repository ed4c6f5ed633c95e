"""Comments that ignore a rule: `# homelab: ignore[HL001] reason`, at the end of a line or on the line above it."""

import re
from collections.abc import Iterator

from msgspec import Struct

_COMMENT = re.compile(r"#\s*homelab:\s*ignore\[(?P<rules>[^\]\n]*)\](?P<reason>[^\n]*)", re.IGNORECASE)


class Exemption(Struct, frozen=True, kw_only=True):
    """One such comment. `covers` are the 1-based lines that it speaks of; `rules` are ids or prefixes of them."""

    file: str
    line: int
    covers: tuple[int, ...]
    rules: tuple[str, ...]
    reason: str

    def hides(self, rule: str, file: str, line: int | None) -> bool:
        """Say whether it hides a finding. Without a reason it hides nothing."""
        return bool(self.reason) and file == self.file and line in self.covers and rule.startswith(self.rules)


def find_exemptions(file: str, text: str) -> Iterator[Exemption]:
    """Find the comments in a file."""
    if "homelab:" not in text:
        return
    lines = text.splitlines()
    for number, line in enumerate(lines, start=1):
        match = _COMMENT.search(line)
        if not match:
            continue
        rules = tuple(part.strip().upper() for part in match["rules"].split(",") if part.strip())
        covers = [number]
        if not line[: match.start()].strip():
            below = (n for n, other in enumerate(lines[number:], start=number + 1) if _says_something(other))
            covers.append(next(below, number))
        yield Exemption(
            file=file, line=number, covers=tuple(covers), rules=rules or ("?",), reason=match["reason"].strip()
        )


def _says_something(line: str) -> bool:
    return bool(line.strip()) and not line.lstrip().startswith("#")
