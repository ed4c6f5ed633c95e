"""Small edits of `.env` files: one line changes, everything else stays."""

import re

from homelab_assets.remediation.splice import CannotEdit, newline_of

_LINE = re.compile(
    r"^(?P<head>[ \t]*(?:export[ \t]+)?(?P<name>[\w.\[\]-]+)[ \t]*=[ \t]*)"
    r"(?P<value>\"(?:\\.|[^\"\\])*\"|'[^']*'|[^\r\n]*?)"
    r"(?P<tail>[ \t]*(?:[ \t]#[^\r\n]*)?\r?)$",
    re.MULTILINE,
)
_BARE = re.compile(r"[\w@%+:,./~^*?=&;|<>()\[\]{}!-]*")


def names(text: str) -> tuple[str, ...]:
    """Return the names that a file assigns, in order."""
    return tuple(match["name"] for match in _LINE.finditer(text))


def set_value(text: str, name: str, value: str) -> str:
    """Change the value of a variable; the last of several assignments counts.

    Raises:
        CannotEdit: the file does not assign it, or takes it from another variable.
    """
    match = _last(text, name)
    if "$" in match["value"] and not match["value"].startswith("'"):
        raise CannotEdit("git takes it from a variable: its value belongs into the `.env` on the host, not into git")
    return text[: match.start("value")] + quote(value, match["value"][:1]) + text[match.end("value") :]


def remove(text: str, name: str) -> str:
    """Remove a variable's line.

    Raises:
        CannotEdit: the file does not assign it.
    """
    match = _last(text, name)
    end = match.end()
    return text[: match.start()] + text[end + (text[end : end + 1] == "\n") :]


def add(text: str, name: str, value: str) -> str:
    """Add a variable as the last line, unless the file has it."""
    if name in names(text):
        return text
    newline = newline_of(text)
    gap = "" if not text or text.endswith("\n") else newline
    return f"{text}{gap}{name}={quote(value)}{newline}"


def quote(value: str, style: str = "") -> str:
    """Write a value so that Compose takes it literally."""
    if _BARE.fullmatch(value) and style not in ("'", '"'):
        return value
    if "'" not in value and (style != '"' or "$" in value or "\\" in value):
        return f"'{value}'"
    escaped = value.replace("\\", "\\\\").replace('"', '\\"').replace("$", "\\$").replace("\n", "\\n")
    return f'"{escaped}"'


def _last(text: str, name: str) -> "re.Match[str]":
    found = [match for match in _LINE.finditer(text) if match["name"] == name]
    if not found:
        raise CannotEdit("the env file does not assign it")
    return found[-1]
