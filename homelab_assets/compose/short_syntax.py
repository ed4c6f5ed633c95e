"""The short forms of ports, volumes and devices.

A marker (see `interpolation`) counts as an ordinary character. What a short form means can depend on the variable's
text; then the visible separators decide, and the result says so:

- `${P}:80`: `published` is the marker. `${P}` alone, or a marker in the container's part: `target` is the marked text.
- `${R}:80-81`: two entries, of which `published` is `${R}+0` and `${R}+1`: the first and the second port of that range.
- `./${D}:/data`, `/srv/${D}:/data`, `${D}/media:/data`: a bind; `source` keeps the marker and stays as written where it
  starts with one.
- `./x:/data:${M}`: `access_mode` is all of the options, which count for nothing else.
- `${D}:/data`: nobody knows; `type` is `bind-or-volume`, without `bind` and `volume` sections.
"""

import ipaddress
from collections.abc import Iterator
from typing import Any

from homelab_assets.compose.interpolation import MARKER, OPEN
from homelab_assets.compose.problems import refuse
from homelab_assets.compose.tree import Map
from homelab_assets.late import late

UNDECIDED = "bind-or-volume"
_LONGEST_NUMBER = 4_000  # digits: Python refuses to read more
_PROTOCOLS = ("tcp", "udp", "sctp")
_PROPAGATIONS = ("rprivate", "private", "rshared", "shared", "rslave", "slave")
_IPV4 = late(r"(?:(?:0|[1-9][0-9]{0,2})\.){3}(?:0|[1-9][0-9]{0,2})")


def parse_port(text: str) -> list[Map]:
    """Return the entries of `[ip:][host[-host]]:container[-container][/protocol]`, sorted by port as text.

    Raises:
        BaselineError: not a port, an address that is none, ranges of different length.
    """
    address, published, container = _split_port(text)
    container, _, protocol = container.partition("/")
    protocol = protocol.partition("/")[0] or "tcp"
    if OPEN in container or (OPEN in text and not container):
        if "[" in address + published and not address.endswith("]"):
            # The variable holds the host's port as well: a colon of the address was taken for the one before that.
            address, published = f"{address}:{published}", ""
        return [_port_entry(_address(address, text), container, published, _protocol(protocol, text))]
    if not container:
        refuse(f"no port specified in {text!r}")
    host, protocol = _address(address, text), _protocol(protocol, text)
    first, last = _port_range(container, text)
    outside = _published(published, last - first + 1, text)
    entries = [_port_entry(host, first + offset, outside[offset], protocol) for offset in range(last - first + 1)]
    return sorted(entries, key=lambda entry: f"{entry.get('target', 0)}/")


def _published(text: str, count: int, whole: str) -> list[str]:
    """The host's side of so many container ports; of an unknown range `${R}+<number of the port in it>`."""
    if OPEN in text:
        return [text] if count == 1 else [f"{text}+{number}" for number in range(count)]
    if not text:
        return [""] * count
    first, last = _port_range(text, whole)
    if count == 1:
        return [str(first) if first == last else f"{first}-{last}"]
    if last - first + 1 != count:
        refuse(f"invalid ranges in {whole!r}: {text} is not of {count} ports")
    return [str(port) for port in range(first, last + 1)]


def _protocol(text: str, whole: str) -> str:
    if OPEN in text:
        return text
    if text.lower() not in _PROTOCOLS:
        refuse(f"invalid protocol in {whole!r}", hint="use tcp, udp or sctp")
    return text.lower()


def _port_entry(host: str, target: Any, published: str, protocol: str) -> Map:
    entry = Map({"mode": "ingress"})
    if host:
        entry["host_ip"] = host
    if target:
        entry["target"] = target
    if published:
        entry["published"] = published
    entry["protocol"] = protocol
    return entry


def _split_port(text: str) -> tuple[str, str, str]:
    parts = text.split(":")
    if len(parts) == 1:
        return "", "", text
    if len(parts) == 2:
        return "", parts[0], parts[1]
    return ":".join(parts[:-2]), parts[-2], parts[-1]


def _address(text: str, whole: str) -> str:
    if OPEN in text:
        return text
    if text.startswith("["):
        if not text.endswith("]") or "[" in text[1:] or "]" in text[:-1]:
            refuse(f"invalid IP address in {whole!r}")
        text = text[1:-1]
    elif ":" in text or "[" in text or "]" in text:
        refuse(f"invalid IP address in {whole!r}", hint="put an IPv6 address in brackets")
    if text and not is_ip(text):
        refuse(f"invalid IP address in {whole!r}: {text}")
    return text


def is_ip(text: str) -> bool:
    """Say whether Go's `net.ParseIP` takes the text."""
    if ":" not in text:
        return _IPV4.fullmatch(text) is not None and all(int(part) < 256 for part in text.split("."))
    if "%" in text:
        return False
    try:
        ipaddress.IPv6Address(text)
    except ValueError:
        return False
    return True


def _port_range(text: str, whole: str) -> tuple[int, int]:
    first, dash, last = text.partition("-")
    last = last.partition("-")[0] if dash else first
    if not (_is_port(first) and _is_port(last)):
        refuse(f"invalid port in {whole!r}: {text}")
    if int(last) < int(first):
        refuse(f"invalid range in {whole!r}: {text}")
    return int(first), int(last)


def _is_port(text: str) -> bool:
    return text.isascii() and text.isdigit() and len(text) <= _LONGEST_NUMBER and int(text) < 65536


def parse_volume(text: str) -> Map:
    """Return the long form of `[source:]target[:options]`. Unknown options are dropped, as Compose does;
    the target is as written.

    Raises:
        BaselineError: empty, an empty section, too many colons.
    """
    if not text:
        refuse("invalid empty volume spec")
    if len(text.encode()) <= 2:
        return Map({"type": "volume", "target": text})
    source = target = ""
    volume = Map()
    for section, last in _sections(text):
        if not section:
            refuse(f"invalid volume {text!r}: empty section between colons")
        if not source and not last:
            source = section
        elif not target:
            target = section
        elif not last:
            refuse(f"invalid volume {text!r}: too many colons")
        else:
            _options(volume, section)
    result = Map({"type": _volume_type(source, target)})
    if source:
        result["source"] = source
    if target:
        result["target"] = target
    if volume.get("read_only"):
        result["read_only"] = True
    if "access_mode" in volume:
        result["access_mode"] = volume["access_mode"]
    _sections_of_type(result, volume)
    return result


def _sections(text: str) -> Iterator[tuple[str, bool]]:
    """Yield the parts between colons and whether it is the last; no colon counts in a Windows drive or inside `${…}`.

    Where a `${` is never closed the last part is lost, as in Compose.
    """
    *before, last = text.split(":")
    if "${" not in text and not any(len(part) == 1 and part.isalpha() for part in before):
        yield from ((part, False) for part in before)
        yield last, True
        return
    buffer = ""
    depth = 0
    for index, character in enumerate(text):
        if character == "$" and text[index + 1 : index + 2] == "{":
            depth += 1
            buffer += character
        elif character == "}" and depth:
            depth -= 1
            buffer += character
        elif character == ":" and not depth and not (len(buffer) == 1 and buffer.isalpha()):
            yield buffer, False
            buffer = ""
        else:
            buffer += character
    if not depth:
        yield buffer, True


def _options(volume: Map, section: str) -> None:
    if OPEN in section:
        volume["access_mode"] = section
        return
    for option in section.split(","):
        if option in ("ro", "rw"):
            volume["read_only"] = option == "ro"
        elif option == "nocopy":
            volume["volume"] = Map({"nocopy": True})
        elif option in _PROPAGATIONS:
            volume.setdefault("bind", Map())["propagation"] = option
        elif option in ("z", "Z"):
            volume.setdefault("bind", Map())["selinux"] = option


def _volume_type(source: str, target: str) -> str:
    if source.startswith(OPEN):
        return "bind" if "/" in MARKER.sub("", source) else UNDECIDED
    if not source and target.startswith(OPEN):
        return UNDECIDED
    drive = len(source) > 1 and source[0].isalpha() and source[1] == ":"
    return "bind" if source.startswith((".", "/", "~", "\\\\")) or drive else "volume"


def _sections_of_type(result: Map, volume: Map) -> None:
    bind, options = volume.get("bind"), volume.get("volume")
    if result["type"] == "bind":
        bind = bind if bind is not None else Map()
        bind["create_host_path"] = True
    elif result["type"] == "volume" and options is None:
        options = Map()
    if bind is not None:
        result["bind"] = bind
    if options is not None:
        result["volume"] = options


def parse_device(text: str) -> Map:
    """Return the long form of `source[:target[:permissions]]`."""
    parts = text.split(":")
    if len(parts) > 3:
        refuse(f"confusing device mapping {text!r}", hint="use the long syntax")
    source = parts[0]
    return Map(
        {
            "source": source,
            "target": parts[1] if len(parts) > 1 and parts[1] else source,
            "permissions": parts[2] if len(parts) > 2 else "rwm",
        }
    )
