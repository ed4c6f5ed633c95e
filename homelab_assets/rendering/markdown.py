"""Text from hosts and repositories, made safe for Markdown and for terminals.

What comes from outside may hold anything: pipes, backticks, HTML, mentions, escapes of terminals. Each function says
where its result may stand.
"""

import re
import unicodedata
from collections.abc import Iterable, Sequence

from homelab_assets.late import late

_SPECIAL = late(r"([\\`*_{}\[\]<>#|~!])")
_MENTION = late(r"@(?=[\w-])")
_REFERENCE = late(r"\b(GH-)(?=\d)", re.IGNORECASE)
_BARE_URL = late(r"\b(https?|ftp):(?=//)|\bwww\.(?=\S)", re.IGNORECASE)
# Zero-width joiner-like: keeps `@name` and `www.` from becoming a mention or a link without changing what is read.
_BREAK = "&#8203;"


def terminal_safe(text: object) -> str:
    """Make text safe to print: control characters, escapes and direction marks become visible, newlines spaces."""
    text = str(text)
    # Most text is: looking at each of its characters takes longer than all the rest of a report.
    return text if text.isprintable() and text.isascii() else "".join(map(_visible, text))


def terminal_lines(text: str) -> str:
    """Make each line of a text safe to print."""
    return "\n".join(map(terminal_safe, text.split("\n")))


def _visible(character: str) -> str:
    if character in "\n\r\t":
        return " "
    if unicodedata.category(character) in {"Cc", "Cf", "Cs", "Co", "Zl", "Zp"}:
        return f"\\u{ord(character):04x}"
    return character


def cell(text: object) -> str:
    """Escape text for a table cell, a heading or running prose: it reads as it is and formats nothing."""
    escaped = (
        _SPECIAL.sub(r"\\\1", terminal_safe(text)).replace("&", "&amp;").replace("\\<", "&lt;").replace("\\>", "&gt;")
    )
    escaped = _MENTION.sub("@" + _BREAK, escaped)
    escaped = _REFERENCE.sub(r"\1" + _BREAK, escaped)
    return _BARE_URL.sub(lambda match: match[0] + _BREAK, escaped).strip()


def code(text: object, *, in_table: bool = False) -> str:
    """Put text into inline code, with a delimiter that is longer than any run of backticks in it.

    Args:
        in_table: also escape pipes, which end a cell even inside code.
    """
    shown = terminal_safe(text)
    if not shown.strip():
        return ""
    if in_table:
        shown = shown.replace("|", "\\|")
    ticks = "`" * (max((len(run) for run in re.findall(r"`+", shown)), default=0) + 1)
    # One blank at either end is taken off by the reader: https://github.github.com/gfm/#code-spans
    pad = " " if shown[0] in "` " or shown[-1] in "` " else ""
    return f"{ticks}{pad}{shown}{pad}{ticks}"


def fence(text: str, language: str = "") -> str:
    """Put text into a code block that nothing in it can end. Lines stay, other controls become visible."""
    ticks = "`" * max(3, max((len(run) for run in re.findall(r"`+", text)), default=0) + 1)
    return f"{ticks}{language}\n{terminal_lines(text).rstrip()}\n{ticks}"


def link(text: object, url: str) -> str:
    """Link text to a URL; anything but http(s), relative paths and anchors stays plain text."""
    if not re.match(r"(https?://|\.{0,2}/|#|[\w.-]+(/|$|#))", url) or re.match(r"\w+:(?!//)", url):
        return cell(text)
    target = "".join(f"%{ord(c):02X}" if c in ' <>()"\\`|' or ord(c) < 32 else c for c in url)
    return f"[{cell(text)}]({target})"


def table(headers: Sequence[str], rows: Iterable[Sequence[str]], *, right: Iterable[int] = ()) -> str:
    """Lay out a table. Cells are taken as they are: escape them with `cell`, `code(…, in_table=True)` or `link`.

    Args:
        right: positions of the columns that are aligned to the right.
    """
    aligned = set(right)
    lines = [
        "| " + " | ".join(headers) + " |",
        "| " + " | ".join("---:" if i in aligned else "---" for i in range(len(headers))) + " |",
    ]
    lines += ["| " + " | ".join(row) + " |" for row in rows]
    return "\n".join(lines)


def details(summary: str, body: str) -> str:
    """Fold a body away under a summary, which is taken as it is."""
    return f"<details>\n<summary>{summary}</summary>\n\n{body}\n\n</details>"


def cut(text: str, most: int, *, note: str = "… and more") -> str:
    """Cut text at the last line that fits into `most` characters, and say so."""
    if len(text) <= most:
        return text
    kept = text[: most - len(note) - 2]
    return kept[: kept.rfind("\n") + 1 or None] + "\n" + note
