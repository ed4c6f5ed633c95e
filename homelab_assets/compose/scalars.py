"""What a YAML scalar means to Go: go-yaml's typing, and Go's way of printing values.

PyYAML speaks YAML 1.1 (`yes` is a boolean, `56:56` a number in base 60); Compose does not.
"""

import base64
import binascii
import math
import re
from datetime import date
from typing import Any

from msgspec import Struct

from homelab_assets.compose.problems import refuse
from homelab_assets.compose.yaml_nodes import Scalar
from homelab_assets.late import late

_FIXED: dict[str, Any] = {
    **dict.fromkeys(("true", "True", "TRUE"), True),
    **dict.fromkeys(("false", "False", "FALSE"), False),
    **dict.fromkeys(("", "~", "null", "Null", "NULL"), None),
    **dict.fromkeys((".nan", ".NaN", ".NAN"), math.nan),
    **dict.fromkeys((".inf", ".Inf", ".INF", "+.inf", "+.Inf", "+.INF"), math.inf),
    **dict.fromkeys(("-.inf", "-.Inf", "-.INF"), -math.inf),
}
_FLOAT = late(r"[-+]?(\.[0-9]+|[0-9]+(\.[0-9]*)?)([eE][-+]?[0-9]+)?")
_INT = late(
    r"(?P<sign>[-+]?)(?:0[xX](?P<hex>[0-9a-fA-F]+)|0[bB](?P<bin>[01]+)|0[oO]?(?P<oct>[0-7]+)|(?P<dec>0|[1-9][0-9]*))"
)
_LONGEST_NUMBER = 4_000  # digits: Python refuses to read more, and Go calls far fewer out of range
_BASES = {"hex": 16, "bin": 2, "oct": 8, "dec": 10}
_INNER_SIGN = late(r"0b[-+][01]+|0o[-+][0-7]+")  # go-yaml hands Go what follows the prefix, sign and all
_TIMESTAMP = late(
    r"(\d{4})-(\d{1,2})-(\d{1,2})"
    r"(?:[Tt](\d{1,2}):(\d{1,2}):(\d{1,2})(\.\d+)?(Z|[-+]\d\d:\d\d)| (\d{1,2}):(\d{1,2}):(\d{1,2})(\.\d+)?)?",
    re.ASCII,
)
_TYPE_TAGS = {"!!bool": bool, "!!int": int, "!!float": float, "!!null": type(None)}


class Timestamp(Struct, frozen=True):
    """A YAML timestamp: a type that no compose key takes. `text` is its RFC 3339 form."""

    text: str

    @property
    def printed(self) -> str:
        """The text that Go makes of it where a merge turns values to text, before anything looks at their types."""
        day, _, clock = self.text.replace("Z", "+00:00").partition("T")
        zone = clock[-6:].replace(":", "")
        return f"{day} {clock[:-6]} {zone} {'UTC' if zone == '+0000' else zone}"


def resolve(node: Scalar) -> Any:
    """Return the value of a scalar: str, bool, int, float, None or `Timestamp`.

    Raises:
        BaselineError: an explicit tag (`!!int x`) that the text does not fit.
    """
    tag = node.tag
    if tag is None:
        return typed(node.value) if node.plain else node.value
    if tag == "!!str" or not tag.startswith("!!"):
        return node.value
    if tag == "!!binary":
        try:
            return base64.b64decode(node.value.replace("\n", ""), validate=True).decode("utf-8", "replace")
        except binascii.Error:
            refuse("!!binary value contains invalid base64 data", node)
    if tag == "!!timestamp":
        return typed(node.value)
    wanted = _TYPE_TAGS.get(tag)
    if wanted is None:
        return node.value
    value = typed(node.value)
    if wanted is float and type(value) is int:
        return float(value)
    if type(value) is not wanted:
        refuse(f"cannot decode `{node.value}` as {tag}", node)
    return value


def typed(text: str) -> Any:
    """Type an unquoted scalar as go-yaml v3 does."""
    if text in _FIXED:
        return _FIXED[text]
    first = text[0]
    if first not in "0123456789+-.":
        return text
    if first == ".":
        return _float(text, text)
    stamp = _timestamp(text)
    if stamp is not None:
        return stamp
    digits = text.replace("_", "")
    number = _integer(digits)
    if number is not None:
        return number
    return _float(digits, text)


def _float(digits: str, text: str) -> float | str:
    """A float; text that looks like one and is out of range stays text."""
    value = float(digits) if _FLOAT.fullmatch(digits) else math.inf
    return text if math.isinf(value) else value


def _integer(digits: str) -> int | None:
    if len(digits) > 3 and digits[2] in "-+" and _INNER_SIGN.fullmatch(digits):
        digits = digits[2] + digits[:2] + digits[3:]
    match = _INT.fullmatch(digits)
    if match is None or match.lastgroup is None:
        return None
    kind = next(name for name in _BASES if match[name] is not None)
    if len(match[kind]) > _LONGEST_NUMBER:
        return None
    value = int(match[kind], _BASES[kind])
    if match["sign"] == "-":
        return -value if value <= 1 << 63 else None
    return value if value < 1 << (63 if match["sign"] else 64) else None


def _timestamp(text: str) -> Timestamp | None:
    if len(text) < 8 or text[4] != "-":
        return None
    match = _TIMESTAMP.fullmatch(text)
    if match is None:
        return None
    try:
        day = date(int(match[1]), int(match[2]), int(match[3]))
    except ValueError:
        return None
    hour, minute, second = (int(match[i] or match[i + 5] or 0) for i in (4, 5, 6))
    if hour > 23 or minute > 59 or second > 59:
        return None
    fraction = (match[7] or match[12] or "").rstrip("0").rstrip(".")
    zone = match[8] or "Z"
    return Timestamp(f"{day.isoformat()}T{hour:02}:{minute:02}:{second:02}{fraction}{zone}")


def go_text(value: Any) -> str:
    """Print a value as Go's `fmt.Sprint` does."""
    if type(value) is str:
        return value
    if value is None:
        return "<nil>"
    if type(value) is bool:
        return "true" if value else "false"
    if type(value) is float:
        return go_float(value)
    if isinstance(value, dict):
        return "map[" + " ".join(f"{key}:{go_text(value[key])}" for key in sorted(value)) + "]"
    if isinstance(value, list):
        return "[" + " ".join(go_text(item) for item in value) + "]"
    if isinstance(value, Timestamp):
        return value.printed
    return str(value)


def go_float(value: float) -> str:
    """Print a float with the shortest digits; exponent form when the decimal exponent is below -4 or at least 6."""
    if math.isinf(value):
        return "+Inf" if value > 0 else "-Inf"
    if math.isnan(value):
        return "NaN"
    if value == 0:
        return "-0" if math.copysign(1, value) < 0 else "0"
    from decimal import Decimal

    sign, digits, exponent = Decimal(repr(value)).normalize().as_tuple()
    assert isinstance(exponent, int)
    text = "".join(map(str, digits))
    point = len(text) + exponent
    minus = "-" if sign else ""
    if point - 1 < -4 or point - 1 >= 6:
        mantissa = text[0] + ("." + text[1:] if len(text) > 1 else "")
        return f"{minus}{mantissa}e{'-' if point < 1 else '+'}{abs(point - 1):02}"
    if point <= 0:
        return f"{minus}0.{'0' * -point}{text}"
    if point >= len(text):
        return minus + text + "0" * (point - len(text))
    return f"{minus}{text[:point]}.{text[point:]}"
