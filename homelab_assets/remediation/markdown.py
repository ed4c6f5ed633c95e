"""Inline code in pull requests: text from hosts and files, cut to a length that people read, and never nothing.

In code neither HTML nor `@mentions` nor issue numbers mean anything. https://github.github.com/gfm/#code-spans
"""

from collections.abc import Sequence

from homelab_assets.rendering import markdown

_MOST = 240


def code(text: str, *, in_table: bool = False) -> str:
    """Return a text as inline code; line ends are shown as `⏎`."""
    flat = text.replace("\r\n", "\n").replace("\n", "⏎")
    if len(flat) > _MOST:
        flat = f"{flat[:_MOST]}…"
    return markdown.code(flat, in_table=in_table) or ("(blank)" if flat else "(empty)")


def shortened(lines: Sequence[str], most: int) -> str:
    """Return the lines of a list, at most so many, and how many more there are."""
    more = [f"- … and {len(lines) - most} more"] if len(lines) > most else []
    return "\n".join([*lines[:most], *more])
