"""How a value is written as YAML, so that Compose reads back exactly that value.

Compose's YAML is neither PyYAML's nor YAML 1.2's: `022`, `yes`, `22:22`, `1e3` and dates all differ. What any of them
could read as something other than this text is quoted. https://pkg.go.dev/gopkg.in/yaml.v3
"""

import re
from collections.abc import Mapping, Sequence
from typing import Any

# Words and numbers of YAML 1.1, YAML 1.2 and go-yaml together.
_AMBIGUOUS = re.compile(
    r"""~|null|true|false|yes|no|on|off|y|n
      | [-+]?[0-9][0-9_.,:]*(?:e[-+]?[0-9]*)?
      | [-+]?\.[0-9_]+(?:e[-+]?[0-9]+)?
      | 0[xob][0-9a-f_]+
      | [-+]?\.(?:inf|nan)
      | [0-9]{4}-[0-9]{1,2}-[0-9]{1,2}.*
      | <<|=""",
    re.VERBOSE | re.IGNORECASE,
)
_PLAIN = re.compile(r"[A-Za-z0-9_./~$(^+\\-][^\x00-\x1f\x7f-\xa0\u2028\u2029\ufeff\ufffe\uffff\ud800-\udfff]*")
_PLAIN_START = re.compile(r"-(?:\s|$)|---|\.\.\.")
_WHOLE = re.compile(r"0|-?[1-9][0-9]{0,17}")
_DECIMAL = re.compile(r"(?:0|[1-9][0-9]{0,5})\.[0-9]{0,5}[1-9]")
_ESCAPES = {"\\": "\\\\", '"': '\\"', "\n": "\\n", "\t": "\\t", "\r": "\\r", "\0": "\\0", "\x1b": "\\e"}
ON_ONE_LINE = frozenset({"command", "entrypoint", "test"})
"""Lists of arguments, which people write in brackets."""
_UNPRINTABLE = re.compile(r"[\x00-\x1f\x7f-\x9f\u2028\u2029\ufeff\ufffe\uffff]")


def literal(value: Any) -> Any:
    """Double every `$`, in a text or in the texts of a list or mapping: Compose then takes it literally."""
    if isinstance(value, str):
        return value.replace("$", "$$")
    if isinstance(value, Mapping):
        return {key: literal(item) for key, item in value.items()}
    return [literal(item) for item in value] if isinstance(value, Sequence) else value


def plain_fits(text: str, *, flow: bool = False) -> bool:
    """Say whether a text needs no quotes: unquoted, every YAML reader gives back this very text."""
    return bool(
        _PLAIN.fullmatch(text)
        and not _AMBIGUOUS.fullmatch(text)
        and not _PLAIN_START.match(text)
        and text == text.strip()
        and ": " not in text
        and " #" not in text
        and not text.endswith(":")
        and not (flow and re.search(r"[,\[\]{}]|:(?=[,\[\]{}])", text))
    )


def scalar(value: Any, *, style: str = "", flow: bool = False, typed: bool = False) -> str:
    """Write one value.

    Args:
        value: text, number, truth value or None. Numbers and truth values are written plain.
        style: how the value that it replaces, or its neighbours, are quoted: `"`, `'`, or plain.
        flow: whether it stands inside brackets.
        typed: whether the place takes a number or a truth value, so that `512` and `true` need no quotes.
    """
    if value is None:
        return "null"
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, int | float):
        return repr(value)
    text = str(value)
    if style == "'" and not _UNPRINTABLE.search(text):
        return single(text)
    if style != '"' and (
        plain_fits(text, flow=flow)
        or (typed and (_WHOLE.fullmatch(text) or _DECIMAL.fullmatch(text) or text in ("true", "false")))
    ):
        return text
    if style == "" and ('"' in text or "\\" in text) and not _UNPRINTABLE.search(text) and text:
        return single(text)
    return double(text)


def single(text: str) -> str:
    """Write a text in single quotes."""
    return "'" + text.replace("'", "''") + "'"


def double(text: str) -> str:
    """Write a text in double quotes, what can't be shown as an escape."""
    escaped = "".join(_ESCAPES.get(character, character) for character in text)
    return '"' + _UNPRINTABLE.sub(lambda match: f"\\u{ord(match[0]):04x}", escaped) + '"'


def literal_lines(text: str, pad: str) -> list[str] | None:
    """Write a text of several lines as a block behind `|`; None where that would not give it back."""
    inner = text.removesuffix("\n")
    if inner != inner.strip() or "\n" not in inner or _UNPRINTABLE.search(re.sub("[\n\t]", "", inner)):
        return None
    return ["|" if inner != text else "|-", *(pad + line if line else "" for line in inner.split("\n"))]


def flow(value: Any, *, typed: bool = False) -> str:
    """Write a value on one line: lists and mappings in brackets."""
    if isinstance(value, Mapping):
        inner = ", ".join(f"{scalar(key, flow=True)}: {flow(item, typed=typed)}" for key, item in value.items())
        return "{" + inner + "}"
    if isinstance(value, str) or not isinstance(value, Sequence):
        return scalar(value, flow=True, typed=typed)
    return "[" + ", ".join(scalar(item, style='"') if isinstance(item, str) else flow(item) for item in value) + "]"


def block(value: Any, *, indent: int, step: int = 2, dash: int = 2, typed: bool = False) -> list[str]:
    """Write a list or mapping as lines below its key.

    Args:
        indent: column of the key. step: how much deeper a mapping's keys stand. dash: how much deeper a list's dashes.
    """
    if isinstance(value, Mapping):
        pad = " " * (indent + step)
        lines = []
        for key, item in value.items():
            name = scalar(key)
            if _is_collection(item) and item and key not in ON_ONE_LINE:
                lines += [f"{pad}{name}:", *block(item, indent=indent + step, step=step, dash=dash, typed=typed)]
            else:
                lines.append(
                    f"{pad}{name}: {flow(item, typed=typed) if _is_collection(item) else scalar(item, typed=typed)}"
                )
        return lines
    return [f"{' ' * (indent + dash)}- {flow(item) if _is_collection(item) else scalar(item)}" for item in value]


def _is_collection(value: Any) -> bool:
    return isinstance(value, Mapping) or (isinstance(value, Sequence) and not isinstance(value, str))


def document(value: Mapping[str, Any]) -> str:
    """Write a whole document in block style."""
    return "\n".join(line[2:] for line in block(value, indent=0)) + "\n"
