"""Several values, or several lines, under one secret name: lists and objects of JSON, blocks and lists of YAML."""

import re

from homelab_assets.late import late
from homelab_assets.secrecy.names import is_whole_secret, words

# Sections of settings rather than secrets; what is secret in them has a name of its own: {"auth": {"type": "basic"}}.
_SECTION = frozenset(
    """
    auth basic claim claims cookie cookies webhook webhooks users community private license licence seed pin otp totp
    """.split()  # noqa: SIM905
)
_BLOCK = late(
    r"[ \t]*[|>][+-]?\d?[+-]?[ \t]*(?:\#[^\n]*)?\n"
    r"(?P<indent>[ \t]+)(?P<s>\S[^\n]*(?:\n(?:(?P=indent)[^\n]*|[ \t]*(?=\n)))*)"
)
_ITEMS = late(r"[ \t]*(?:\n[ \t]*-[ \t]+[^\n]+)+")
_ITEM = late(r"-[ \t]+(?P<quote>[\"']?)(?P<s>[^\n]+?)(?P=quote)[ \t]*(?=\n|$)")
_OPENS = late(r"\s{0,2}[\[{]")
_PART = late(
    r"""\\?"(?P<double>(?:[^"\\]|\\[^"])*)\\?" | '(?P<single>[^'\n]*)' | (?P<bare>[^\s"'\[\]{}:,]+)
      | (?P<opens>[\[{]) | (?P<closes>[\]}])""",
    re.VERBOSE,
)
_IS_KEY = late(r"\s*:")


def find_structured(text: str, start: int, name: str) -> tuple[list[tuple[int, int]], int]:
    """Find the secrets in a block, list or object that begins after the colon of a secret name.

    Returns:
        (start, end) offsets, and where the structure ends; where there is none, nothing and `start`.
    """
    if block := _BLOCK.match(text, start):
        return [block.span("s")], block.end()
    if words(name)[-1] in _SECTION:
        return [], start
    if items := _ITEMS.match(text, start):
        found = _ITEM.finditer(text, start, items.end())
        return [item.span("s") for item in found if is_whole_secret(name, item["s"])], items.end()
    return _in_brackets(text, start, name) if _OPENS.match(text, start) else ([], start)


def _in_brackets(text: str, start: int, name: str) -> tuple[list[tuple[int, int]], int]:
    """Judge each value up to the bracket that closes the first, by the name of the whole and its own key."""
    keys = [name]
    found: list[tuple[int, int]] = []
    for part in _PART.finditer(text, start):
        kind = part.lastgroup or ""
        if kind == "opens":
            keys.append(name)
        elif kind == "closes":
            keys.pop()
            if len(keys) == 1:
                return found, part.end()
        elif _IS_KEY.match(text, part.end()):
            keys[-1] = f"{name}.{part[kind]}"
        elif is_whole_secret(keys[-1], part[kind]):
            found.append(part.span(kind))
    return found, len(text)
