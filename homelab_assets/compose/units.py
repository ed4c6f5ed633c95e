"""Sizes and durations as Compose reads and prints them."""

import re

from homelab_assets.compose.casts import to_float
from homelab_assets.compose.problems import refuse
from homelab_assets.errors import BaselineError
from homelab_assets.late import late

_POWERS = {"k": 10, "m": 20, "g": 30, "t": 40, "p": 50}
_SUFFIX = late(r"b|([kmgtp])(?:b|ib)?", re.IGNORECASE)
_LONGEST = 4_000  # digits, far beyond what is in range
_PART = late(r"(?P<whole>[0-9]*)(?:\.(?P<fraction>[0-9]*))?(?P<unit>[^0-9.]+)")
_NANOSECONDS = {
    "ns": 1,
    "us": 1_000,
    "µs": 1_000,
    "μs": 1_000,
    "ms": 1_000_000,
    "s": 1_000_000_000,
    "m": 60_000_000_000,
    "h": 3_600_000_000_000,
    "d": 86_400_000_000_000,
    "w": 604_800_000_000_000,
}


def parse_size(text: str) -> int:
    """Return bytes: a number, an optional space, and `b` or `k m g t p` with optional `b` or `ib`, base 1024.

    Raises:
        BaselineError: not a size.
    """
    cut = max((text.rfind(character) for character in "0123456789. "), default=-1)
    if cut < 0:
        refuse(f"invalid size {text!r}")
    number = text[: cut + 1] if text[cut] != " " else text[:cut]
    suffix = text[cut + 1 :]
    try:
        size = to_float(number)
    except BaselineError as error:
        refuse(f"invalid size {text!r}: {error.what}")
    if size < 0:
        refuse(f"invalid size {text!r}: it is negative")
    if suffix:
        match = _SUFFIX.fullmatch(suffix)
        if match is None:
            refuse(f"invalid size {text!r}", hint="use b, k, m, g, t or p")
        if match[1]:
            size *= float(1 << _POWERS[match[1].lower()])
    return int(size) if size < 1 << 63 else -(1 << 63)  # as the conversion of a float that no int64 holds ends on amd64


def parse_duration(text: str) -> int:
    """Return nanoseconds: numbers with units (ns us ms s m h d w), summed; a unit is required, except for `0`.

    Raises:
        BaselineError: not a duration.
    """
    rest = text[1:] if text[:1] in ("-", "+") else text
    if rest == "0":
        return 0
    total = 0
    position = 0
    while position < len(rest):
        match = _PART.match(rest, position)
        if match is None or match["unit"] not in _NANOSECONDS or not (match["whole"] or match["fraction"]):
            refuse(f"invalid duration {text!r}", hint="write a number and a unit, such as 30s or 1m30s")
        if len(match["whole"]) > _LONGEST:
            refuse(f"invalid duration {text[:40]!r}", hint="write a number and a unit, such as 30s or 1m30s")
        unit = _NANOSECONDS[match["unit"]]
        total += int(match["whole"] or "0") * unit
        fraction = match["fraction"]
        if fraction:
            total += int(float(int(fraction[:18])) * (float(unit) / 10 ** len(fraction[:18])))
        position = match.end()
    if not rest or total >= 1 << 63:
        refuse(f"invalid duration {text!r}", hint="write a number and a unit, such as 30s or 1m30s")
    return -total if text[0] == "-" else total


def format_duration(nanoseconds: int) -> str:
    """Print a duration as Go does: `1m30s`, `1.5s`, `250ms`, `0s`."""
    if nanoseconds == 0:
        return "0s"
    sign = "-" if nanoseconds < 0 else ""
    value = abs(nanoseconds)
    if value < 1_000_000_000:
        for unit, size in (("ms", 1_000_000), ("µs", 1_000), ("ns", 1)):
            if value >= size:
                return f"{sign}{_decimal(value, size)}{unit}"
    minutes, rest = divmod(value, 60_000_000_000)
    hours, minutes = divmod(minutes, 60)
    text = f"{_decimal(rest, 1_000_000_000)}s"
    if hours:
        return f"{sign}{hours}h{minutes}m{text}"
    return f"{sign}{minutes}m{text}" if minutes else sign + text


def _decimal(value: int, size: int) -> str:
    whole, rest = divmod(value, size)
    digits = f"{rest:0{len(str(size)) - 1}}".rstrip("0") if size > 1 else ""
    return f"{whole}.{digits}" if digits else str(whole)
