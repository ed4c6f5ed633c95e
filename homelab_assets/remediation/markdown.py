"""Text from elsewhere inside Markdown: shown as it is, and able to do nothing.

Everything that comes from hosts or files is shown as code: in it neither HTML nor `@mentions` nor issue numbers mean
anything. https://github.github.com/gfm/#code-spans
"""

import re

_HIDDEN = r"\x7f-\x9f\u200b-\u200f\u2028-\u202e\u2060-\u206f\ud800-\udfff\ufeff\U000e0000-\U000e0fff"
_CONTROL = re.compile(rf"[\x00-\x1f{_HIDDEN}]")
_CONTROL_IN_LINES = re.compile(rf"[\x00-\x08\x0b-\x1f{_HIDDEN}]")
_TICKS = re.compile(r"`+")


def code(text: str, *, limit: int = 240, cell: bool = False) -> str:
    """Return a text as inline code; `cell`: for a cell of a table, where a bar needs a backslash."""
    flat = _CONTROL.sub(lambda match: "⏎" if match[0] == "\n" else "\ufffd", text)
    if len(flat) > limit:
        flat = f"{flat[:limit]}…"
    if not flat.strip():
        return "(empty)" if not flat else "(blank)"
    fence = "`" * (1 + max((len(run) for run in _TICKS.findall(flat)), default=0))
    pad = " " if len(fence) > 1 or flat[0] == " " or flat[-1] == " " else ""
    span = f"{fence}{pad}{flat}{pad}{fence}"
    return span.replace("|", "\\|") if cell else span


def fenced(text: str, language: str = "") -> str:
    """Return a text as a code block that nothing in it can end."""
    longest = max((len(run) for run in _TICKS.findall(text)), default=0)
    fence = "`" * max(3, longest + 1)
    clean = _CONTROL_IN_LINES.sub("\ufffd", text.replace("\r\n", "\n"))
    return f"{fence}{language}\n{clean.rstrip()}\n{fence}"


def table(head: tuple[str, ...], rows: list[tuple[str, ...]]) -> str:
    """Return a table; the cells are Markdown already."""
    lines = ["| " + " | ".join(head) + " |", "|" + " --- |" * len(head)]
    return "\n".join([*lines, *("| " + " | ".join(row) + " |" for row in rows)])
