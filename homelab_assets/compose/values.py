"""Canonical values: what Compose makes of one attribute, as it stands in `docker compose config --format json`.

A decoder takes a value of the merged tree and returns the JSON value, or `OMIT` where Compose prints nothing (empty
strings, zeros, false, empty lists). A text with a marker stays as it is in any field.
"""

import math
from collections.abc import Callable
from decimal import Decimal
from typing import Any

from homelab_assets.compose.casts import single, to_bool, to_float, to_int
from homelab_assets.compose.interpolation import OPEN, is_marked
from homelab_assets.compose.problems import refuse
from homelab_assets.compose.scalars import go_text
from homelab_assets.compose.shellwords import split
from homelab_assets.compose.tree import Map, Seq
from homelab_assets.compose.units import format_duration, parse_duration, parse_size
from homelab_assets.late import late

Decode = Callable[[Any], Any]
OMIT: Any = object()
# Compose looks at the last byte alone: "\u00e0" ends in one that is a space in Latin-1.
_LAST_SPACES = frozenset(bytes([byte]) for byte in (*b"\t\n\v\f\r ", 0x85, 0xA0))
_OCTAL = late(r"[-+]?[0-7]+")


def _is_int(value: Any) -> bool:
    """An integer that an int64 holds. A larger one is of another type in Go, which few attributes know."""
    return type(value) is int and value < 1 << 63


def _wrong(value: Any, wanted: str) -> Any:
    refuse(f"expected {wanted}, got {go_text(value)!r}")


def _text(value: Any) -> str:
    if type(value) is str:
        return value
    if value is None:
        return ""
    if _is_int(value):
        return str(value)
    return str(_wrong(value, "a string"))


def string(value: Any) -> Any:
    """A string; an integer is printed."""
    return _text(value) or OMIT


def maybe_flag(value: Any) -> Any:
    """A boolean that is printed when false, too."""
    if type(value) is bool or is_marked(value):
        return value
    return to_bool(value) if type(value) is str else _wrong(value, "a boolean")


def flag(value: Any) -> Any:
    """A boolean, printed when true."""
    return maybe_flag(value) or OMIT


def maybe_integer(value: Any) -> Any:
    """An integer that is printed when zero, too; a float is truncated, a larger number wraps round."""
    if _is_int(value) or is_marked(value):
        return value
    if type(value) is int:
        return value - (1 << 64)
    if type(value) is float:
        return int(value) if abs(value) < 1 << 63 else -(1 << 63)  # what Go makes of a float that no int64 holds
    return to_int(value) if type(value) is str else _wrong(value, "an integer")


def integer(value: Any) -> Any:
    """An integer, printed unless zero."""
    return maybe_integer(value) or OMIT


def maybe_unsigned(value: Any) -> Any:
    """An integer of at least zero, never written as text."""
    if is_marked(value):
        return value
    if type(value) not in (int, float) or value < 0:
        return _wrong(value, "a number of at least 0")
    return int(value) if value < 1 << 64 else 1 << 63  # what Go makes of a float that no uint64 holds


def unsigned(value: Any) -> Any:
    """As `maybe_unsigned`, printed unless zero."""
    return maybe_unsigned(value) or OMIT


def small(value: Any) -> Any:
    """The lowest 32 bits of an unsigned integer, printed unless zero."""
    return _lowest(value, 32) or OMIT


def maybe_tiny(value: Any) -> Any:
    """The lowest 16 bits of an unsigned integer."""
    return _lowest(value, 16)


def tiny(value: Any) -> Any:
    """As `maybe_tiny`, printed unless zero."""
    return maybe_tiny(value) or OMIT


def _lowest(value: Any, bits: int) -> Any:
    number = maybe_unsigned(value)
    return number & ((1 << bits) - 1) if type(number) is int else number


def number(value: Any) -> Any:
    """A float of single precision, printed unless zero."""
    if is_marked(value):
        return value
    if type(value) is str:
        value = to_float(value)
    if type(value) not in (int, float):
        return _wrong(value, "a number")
    if not math.isfinite(value):
        return _wrong(value, "a number that JSON knows")
    return _shortest(single(float(value))) or OMIT


def _shortest(value: float) -> int | float:
    """The shortest decimal that rounds to the same float of single precision, as JSON shows it."""
    texts = (f"{value:.{digits}g}" for digits in range(1, 10))
    shortest = next((text for text in texts if single(float(text)) == value), repr(value))
    number = Decimal(shortest)
    whole = abs(number) < Decimal("1e21") and number == number.to_integral_value()
    return int(number) if whole else float(shortest)


def size(value: Any) -> Any:
    """Bytes, printed as a decimal string unless zero. A float counts as nothing."""
    if _is_int(value):
        return str(value) if value else OMIT
    if type(value) is not str:
        return OMIT
    if OPEN in value:
        return value
    return str(parse_size(value) or "") or OMIT


def sized(value: Any) -> str:
    """Bytes as a decimal string, zero included."""
    decoded = size(value)
    return "0" if decoded is OMIT else str(decoded)


def maybe_duration(value: Any) -> Any:
    """A duration as Go prints it, zero included."""
    text = go_text(value)
    return text if OPEN in text else format_duration(parse_duration(text))


def duration(value: Any) -> Any:
    """A duration as Go prints it, unless zero."""
    text = maybe_duration(value)
    return OMIT if text == "0s" else text


def strings(value: Any) -> Any:
    """A list of strings; one string is a list of one."""
    if type(value) is str:
        return [value]
    if type(value) is not Seq:
        return _wrong(value, "a list")
    return [_text(item) for item in value] or OMIT


def printed(value: Any) -> Any:
    """A list of strings or numbers, all printed."""
    return [go_text(item) for item in value] if type(value) is Seq and value else strings(value)


def command(value: Any) -> Any:
    """A command line or a list of words; an empty one is printed, for it clears the image's."""
    if type(value) is str:
        return split(value)
    return [_text(item) for item in value] if type(value) is Seq else None


def test(value: Any) -> Any:
    """A health check's test: a string is run by the shell."""
    return ["CMD-SHELL", value] if type(value) is str else strings(value)


def environment(value: Any) -> Any:
    """Variables; null for one that is passed through and not set."""
    result: dict[str, str | None] = {}
    if type(value) is Map:
        result = {key: None if item is None else go_text(item) for key, item in value.items()}
    elif type(value) is Seq:
        for item, place in zip(value, value.places, strict=True):
            key, found, text = go_text(item).partition("=")
            if key.encode()[-1:] in _LAST_SPACES:
                refuse(f"environment variable {key!r} is declared with a trailing space", place)
            result[key] = text if found else None
    else:
        return _wrong(value, "a mapping or a list")
    return _sorted(result)


def texts(value: Any) -> Any:
    """A map of strings (labels, sysctls, options), from a map or a list of `key=value`; null is empty."""
    result: dict[str, str] = {}
    if type(value) is Map:
        result = {key: "" if item is None else go_text(item) for key, item in value.items()}
    elif type(value) is Seq:
        for item in value:
            key, _, text = go_text(item).partition("=")
            result[key] = text
    else:
        return _wrong(value, "a mapping or a list")
    return _sorted(result)


def string_map(value: Any) -> Any:
    """A map whose values must be strings or integers."""
    return _sorted({key: _text(item) for key, item in value.items()})


def multiple(value: Any) -> Any:
    """Options that can be given several times."""
    lists = {key: [go_text(each) for each in (item if type(item) is Seq else [item])] for key, item in value.items()}
    return _sorted({key: items for key, items in lists.items() if items})


def _sorted(value: dict[str, Any]) -> Any:
    return {key: value[key] for key in sorted(value)} or OMIT


def hosts(value: Any) -> Any:
    """`extra_hosts` as a sorted list of `host=address`."""
    found: dict[str, list[str]] = {}
    if type(value) is Map:
        for host, address in value.items():
            found[host] = [go_text(each) for each in address] if type(address) is Seq else [_text(address)]
    else:
        for item in value:
            text = go_text(item)
            separator = "=" if "=" in text else ":"
            host, separated, addresses = text.partition(separator)
            if not separated:
                if OPEN not in text:
                    refuse(f"invalid additional host, missing IP: {text}")
                found[text] = []
                continue
            found.setdefault(host, []).extend(addresses.split(","))
    for host in found:
        if not host or ":" in host or "=" in host:
            refuse(f"bad host name {host!r}")
    printed = sorted(_host(host, address) for host in found for address in found[host] or [""] * (OPEN in host))
    return printed if found else OMIT


def _host(host: str, address: str) -> str:
    if OPEN in host and not address:
        return host
    bracketed = len(address) > 2 and address.startswith("[") and address.endswith("]")
    return f"{host}={address[1:-1] if bracketed else address}"


def mode(value: Any) -> Any:
    """A file mode: text is octal, a number is what it is; printed in octal."""
    if is_marked(value):
        return value
    if type(value) is str:
        return f"0{int(value, 8):o}" if _OCTAL.fullmatch(value) else _wrong(value, "an octal mode")
    return f"0{value:o}" if _is_int(value) else _wrong(value, "a mode")


def count(value: Any) -> Any:
    """How many devices: a number, or `all`, which is -1."""
    if type(value) is str and OPEN not in value:
        return -1 if value.lower() == "all" else to_int(value) or OMIT
    return value or OMIT if _is_int(value) or is_marked(value) else _wrong(value, "a number or `all`")


def ulimit(value: Any) -> Any:
    """One number for both limits, or `soft` and `hard`."""
    if _is_int(value):
        return value or {}
    if type(value) is Map:
        limits = {key: value[key] for key in ("soft", "hard") if value.get(key) is not None}
        for limit in limits.values():
            if not _is_int(limit) and not is_marked(limit):
                _wrong(limit, "an integer")
        return {key: limit for key, limit in limits.items() if limit}
    return value if is_marked(value) else _wrong(value, "an integer")


def ssh(value: Any) -> Any:
    """SSH keys of a build: `default`, or `id=path`."""
    return [name if path is None else f"{name}={go_text(path)}" for name, path in sorted(value.items())] or OMIT
