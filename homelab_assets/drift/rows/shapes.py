"""The few shapes that most rows have, and the units of compose."""

import re
from collections.abc import Callable, Sequence
from functools import lru_cache
from ipaddress import IPv6Address
from typing import Any

from msgspec import Struct

from homelab_assets.compose.interpolation import OPEN
from homelab_assets.compose.units import format_duration, parse_duration, parse_size
from homelab_assets.drift.leaf import UNKNOWN, Given, Leaf, Row, Uncompared
from homelab_assets.drift.view import Declared, Observed
from homelab_assets.errors import BaselineError

_BYTES = {"k": 2**10, "m": 2**20, "g": 2**30}
_NANOSECONDS = {"h": 3600 * 10**9, "m": 60 * 10**9, "s": 10**9, "ms": 10**6, "us": 10**3, "ns": 1}


def has_marker(value: Any) -> bool:
    """Whether an unresolved variable stands in a string, or in a leaf, list or mapping of them."""
    kind = type(value)
    if kind is str:
        return OPEN in value
    if value is None or kind is int or kind is bool:
        return False
    if kind is Leaf:
        return has_marker(value.value) or has_marker(value.written)
    if isinstance(value, dict):
        return any(map(has_marker, value)) or any(map(has_marker, value.values()))
    return isinstance(value, list | tuple | set | frozenset) and any(map(has_marker, value))


def dig(value: Any, *path: str) -> Any:
    """A value in nested mappings, None where any step is absent."""
    for key in path:
        if not isinstance(value, dict):
            return None
        value = value.get(key)
    return value


def as_bytes(value: Any) -> Any:
    """A size (`512m`, `"536870912"`, 1.5g) as a number of bytes; text that is none stays."""
    if isinstance(value, int | float) and not isinstance(value, bool):
        return int(value)
    try:
        return parse_size(str(value))
    except BaselineError:
        return int(value) if re.fullmatch(r"-\d+", str(value)) else value


def write_bytes(size: int) -> str:
    """A number of bytes as a person would write it: `512m`, `1g`, else the plain number."""
    for unit in "gmk":
        whole, rest = divmod(size, _BYTES[unit])
        if whole > 0 and not rest:
            return f"{whole}{unit}"
    return str(size)


def size_forms(size: int) -> tuple[str, ...]:
    """All usual spellings of a size."""
    forms = [write_bytes(size), str(size)]
    for unit, many in _BYTES.items():
        number = size / many
        text = f"{number:g}"
        if "e" not in text and size > 0 and number >= 0.01 and float(text) * many == size:
            capital = unit.upper()
            forms += [text + suffix for suffix in (unit, capital, f"{unit}b", f"{capital}B", f"{capital}iB")]
    return tuple(dict.fromkeys([*forms, f"{size}b"]))


def as_nanoseconds(value: Any) -> Any:
    """A duration (`1m30s`) in nanoseconds; text that is none stays."""
    if isinstance(value, int | float):
        return int(value)
    return _nanoseconds(value) if isinstance(value, str) else value


@lru_cache(maxsize=4096)
def _nanoseconds(text: str) -> int | str:
    try:
        return parse_duration(text) if text else 0
    except BaselineError:
        return text


@lru_cache(maxsize=4096)
def write_duration(nanoseconds: int) -> str:
    """A duration as a person would write it: `1m30s`, `24h`, `500ms`."""
    if nanoseconds % 10**9:
        for unit in ("ms", "us", "ns"):
            if not nanoseconds % _NANOSECONDS[unit]:
                return f"{nanoseconds // _NANOSECONDS[unit]}{unit}"
    seconds = nanoseconds // 10**9
    hours, minutes, rest = seconds // 3600, seconds // 60 % 60, seconds % 60
    text = "".join(f"{number}{unit}" for number, unit in ((hours, "h"), (minutes, "m"), (rest, "s")) if number)
    return text or "0s"


def duration_forms(nanoseconds: int) -> tuple[str, ...]:
    """All usual spellings of a duration."""
    forms = [write_duration(nanoseconds)]
    for unit in ("s", "m", "h", "ms"):
        whole, rest = divmod(nanoseconds, _NANOSECONDS[unit])
        if not rest:
            forms.append(f"{whole}{unit}")
    if not nanoseconds % 10**9:
        forms.append(format_duration(nanoseconds))
    return tuple(dict.fromkeys(forms))


def number(value: Any) -> Any:
    """A number out of a text that holds one, else the value itself."""
    if isinstance(value, str) and re.fullmatch(r"[+-]?\d+", value):
        return int(value)
    if isinstance(value, str) and re.fullmatch(r"[+-]?\d*\.?\d+(e[+-]?\d+)?", value):
        return float(value)
    return value


def boolean(value: Any) -> Any:
    """A boolean out of a text that holds one, else the value itself."""
    if isinstance(value, str) and value.lower() in ("true", "yes", "y", "on"):
        return True
    return False if isinstance(value, str) and value.lower() in ("false", "no", "n", "off") else value


def ip_address(text: str) -> str:
    """An IPv6 address in its usual spelling, which newer engines give to any; other text stays."""
    if ":" not in text:
        return text
    try:
        return str(IPv6Address(text))
    except ValueError:
        return text


class _Scalar(Struct, frozen=True, kw_only=True):
    """How a row for one value reads both sides; see `scalar`. `places`: where a service may declare it."""

    key: str
    field: Sequence[str]
    normal: Callable[[Any], Any]
    write: Callable[[Any], Any] | None
    image: Sequence[str]
    given: Callable[[Observed, Declared], Any] | None
    needs: Sequence[str]
    places: Sequence[tuple[str, ...]]

    def place(self, declared: Declared) -> tuple[str, ...] | None:
        """Where the service declares it; None where it doesn't."""
        for place in self.places:
            if dig(declared.service, *place) not in (None, ""):
                return place
        return None

    def expected(self, declared: Declared) -> dict[str, Leaf]:
        found = self.place(declared)
        if found is None:
            return {}
        value = self.normal(dig(declared.service, *found))
        written = self.write(value) if self.write and not has_marker(value) else None
        return {".".join(found): Leaf(value, written)}

    def observed(self, container: Observed, declared: Declared) -> dict[str, Leaf]:
        path = ".".join((self.place(declared) if len(self.places) > 1 else None) or (self.key,))
        if self.needs and not all(map(container.host.can, self.needs)):
            return {path: unseen("the host's kernel ignores it")} if self.place(declared) else {}
        value = dig(container.container, *self.field)
        if value is None or value == "" or value == []:
            return {}
        value = self.normal(value)
        return {path: Leaf(value, self.write(value) if self.write else None)}

    def contributed(self, container: Observed, declared: Declared) -> Given:
        """What the image has, and what engine or Compose put there."""
        if self.image and container.image is None:
            return {self.key: UNKNOWN}
        own = dig(container.image_config, *self.image) if self.image else None
        accepted = [] if own in (None, "", []) else [self.normal(own)]
        more = self.given(container, declared) if self.given else ()
        return {self.key: [*accepted, *more] if isinstance(more, list | tuple) else more}


def scalar(
    key: str,
    where: str,
    *,
    normal: Callable[[Any], Any] = lambda value: value,
    write: Callable[[Any], Any] | None = None,
    image: str = "",
    default: Any = "",
    given: Callable[[Observed, Declared], Any] | None = None,
    needs: str = "",
    aliases: Sequence[tuple[str, ...]] = (),
    **options: Any,
) -> Row:
    """A row for one value.

    Args:
        where: path of the field in the inspect document, dotted.
        normal: brings either side to the form that is compared. write: from that form to compose's.
        image: name of the image's own value in its `Config`.
        default: values that mean the same as an absent key.
        given: further values that engine or Compose put there; where it looks at no more than the container's field
            and the host, say so with `still`.
        needs: flags of `/info` without which the kernel ignores the key.
        aliases: other places of the service that declare the same, strongest first (`deploy` keys).
    """
    reading = _Scalar(
        key=key, field=where.split("."), normal=normal, write=write, image=image.split(), given=given,
        needs=needs.split(), places=(*aliases, (key,)),
    )  # fmt: skip
    # What only reads its own field is still by nature; a row with a `given` of its own must say what that looks at.
    if image or given:
        options["given"] = reading.contributed
        options["inherited"] = tuple(image.split())
    else:
        options.setdefault("still", (where,))
    options.setdefault("keys", (key, *(path[0] for path in aliases)))
    return Row(
        key=key,
        kind="scalar",
        where=where,
        expected=reading.expected,
        observed=reading.observed,
        nothing=default if isinstance(default, tuple) else (default,),
        image=f"`{image}`" if image else "",
        **options,
    )


def on_podman(accepted: Any) -> Callable[[Observed, Declared], Any]:
    """For `given`: what podman puts there by itself."""
    return lambda container, declared: accepted if container.host.podman else ()


def usual(key: str, field: str, container: Observed) -> tuple[Any, ...]:
    """What a container has in a field of `HostConfig`, if its daemon gives that where git says nothing."""
    value = container.host_config.get(field)
    return (value,) if container.host.habits.usual(key, value, container) else ()


def unseen(reason: str) -> Leaf:
    """A leaf that can't be compared."""
    return Leaf(Uncompared(reason))
