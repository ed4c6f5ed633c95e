"""Variables without a value inside canonical values.

Where a compose file has `${NAME:-default}` and nobody knows NAME, the canonical value holds `NAME:-default` between two
private-use characters. Written `${…}` would not do: `$$` of a file is a plain `$` by then.
"""

import re
from collections.abc import Iterator

OPEN, CLOSE = "\ue000", "\ue001"
_UNKNOWN = re.compile(f"{OPEN}(?P<name>\\w+)(?P<operator>:?[-+?])?(?P<argument>[^{CLOSE}]*){CLOSE}")


def unknown(name: str, operator: str = "", argument: str = "") -> str:
    """Return the text that stands for a variable without a value."""
    return f"{OPEN}{name}{operator}{argument}{CLOSE}"


def has_variable(text: str) -> bool:
    """Say whether a value depends on a variable."""
    return OPEN in text


def covered(text: str, cover: str) -> str:
    """Return the text with its variables covered, but for those with a default: they stand as a person writes them."""
    return _UNKNOWN.sub(lambda match: written(match[0]) if _has_default(match) else cover, text)


def _has_default(match: re.Match[str]) -> bool:
    return (match["operator"] or "").endswith("-") and match["argument"] != ""


def defaults(text: str) -> Iterator[str]:
    """Yield the defaults of the variables in a text."""
    for match in _UNKNOWN.finditer(text):
        if (match["operator"] or "").endswith("-"):
            yield match["argument"]


def with_defaults(text: str) -> str | None:
    """Return the text with each variable replaced by its default; None where one has none, or one that is a variable
    itself."""
    matches = _UNKNOWN.finditer(text)
    if any(not (match["operator"] or "").endswith("-") or "$" in match["argument"] for match in matches):
        return None
    return _UNKNOWN.sub(lambda match: match["argument"], text)


def written(text: str) -> str:
    """Return the text as a person would write it, each variable as `${…}`."""
    return text.replace(OPEN, "${").replace(CLOSE, "}")
