"""The short and long forms in which Compose writes ports, mounts and devices: who an entry is about, and how to say it.

https://docs.docker.com/reference/compose-file/services/#ports and `#volumes`.
"""

import posixpath
import re
from collections.abc import Mapping
from typing import Any

from homelab_assets.remediation.yaml_tree import Node

_RANGE = re.compile(r"\d+-\d+")
_UNSEEN = frozenset({"consistent", "cached", "delegated"})


def split(text: str) -> list[str]:
    """Split a short form at its colons; those inside `${…}` and `[…]` separate nothing."""
    parts, depth, current = [], 0, ""
    for character in text:
        depth += character in "{[("
        depth -= character in "}])"
        if character == ":" and depth <= 0:
            parts.append(current)
            current = ""
        else:
            current += character
    return [*parts, current]


def fields(node: Node) -> dict[str, str]:
    """Return the scalar fields of a long form."""
    return {key.text: value.text for key, value in node.entries if value.kind == "scalar"}


def port_key(node: Node) -> str | None:
    """Return the container port that an entry of `ports` is about, such as `8080/tcp`; None for a range."""
    if node.kind == "mapping":
        own = fields(node)
        return f"{own.get('target')}/{own.get('protocol', 'tcp').lower()}"
    target, _, protocol = split(node.text)[-1].partition("/")
    return None if _RANGE.search(target) else f"{target.lstrip('0') or '0'}/{protocol.lower() or 'tcp'}"


def without_port(text: str, port: str) -> list[str] | None:
    """Return what is left of a range of ports without one of them, as one or two short forms.

    Args:
        text: such as `8000-8009:9000-9009/udp`. port: such as `9003/udp`.

    Returns:
        None where the text is no range with that port.
    """
    *before, target = split(text)
    inside, slash, protocol = target.partition("/")
    number, _, wanted = port.partition("/")
    spans = [_span(part) for part in (*before[-1:], inside)]
    width, at = spans[-1][1] - spans[-1][0], int(number) - spans[-1][0]
    if (protocol.lower() or "tcp") != wanted or not 0 <= at <= width or any(b - a != width for a, b in spans):
        return None

    def part(begin: int, end: int) -> str:
        pieces = [f"{a + begin}-{a + end}" if end > begin else str(a + begin) for a, _ in spans]
        return ":".join([*before[:-1], *pieces]) + slash + protocol

    return [part(begin, end) for begin, end in ((0, at - 1), (at + 1, width)) if end >= begin]


def _span(text: str) -> tuple[int, int]:
    first, _, last = text.partition("-")
    return (int(first), int(last)) if _RANGE.fullmatch(text) else (0, -1)


def outer_part(node: Node, key: str) -> str | None:
    """Return the host's side of a port, mount or device; None where there is none."""
    parts = split(node.text) if node.kind == "scalar" and key in ("ports", "volumes", "devices") else []
    own = parts[:-1] if key == "ports" else parts[:1]
    return ":".join(own) if len(parts) > 1 else None


def volume_key(node: Node) -> str | None:
    """Return the container path that an entry of `volumes` is about."""
    if node.kind == "mapping":
        target = fields(node).get("target")
    else:
        parts = split(node.text)
        target = parts[0] if len(parts) == 1 else parts[1]
    return clean(target) if target else None


def device_key(node: Node) -> str | None:
    """Return the container path of a device."""
    if node.kind == "mapping":
        own = fields(node)
        return own.get("target") or own.get("source")
    parts = split(node.text)
    return parts[1] if len(parts) > 1 else parts[0]


def tmpfs_key(node: Node) -> str | None:
    """Return the container path of a `tmpfs` entry."""
    return clean(split(node.text)[0]) if node.kind == "scalar" else None


def source_key(node: Node) -> str | None:
    """Return the name of the secret or config that an entry mounts."""
    return fields(node).get("source") if node.kind == "mapping" else node.text


def text_key(node: Node) -> str | None:
    """Return an item of a plain list as it is."""
    return node.text if node.kind == "scalar" else None


def lender_key(node: Node) -> str | None:
    """Return the service or container whose volumes an item of `volumes_from` takes."""
    return lender(node.text) if node.kind == "scalar" else None


def lender(text: str) -> str:
    """Return the name in an item of `volumes_from`, without `container:` and the mode."""
    return text.removeprefix("container:").partition(":")[0]


def member_key(node: Node) -> str | None:
    """Return an item of a plain list, without what does not tell two of them apart."""
    return member(node.text) if node.kind == "scalar" else None


def member(text: str) -> str:
    """Bring a capability to the form that is compared (`CAP_X` is `X`), and a security option (`a:b` is `a=b`) to what
    it sets, where that has one value."""
    name, sign, value = re.sub("[:=]", ":", text, count=1).partition(":")
    if name == "no-new-privileges":
        return f"{name}:{value or 'true'}"
    if name in ("seccomp", "apparmor"):
        return name
    if sign:
        return f"{name}:{value.partition(':')[0] if name == 'label' else value}"
    bare = text.upper().removeprefix("CAP_")
    return bare if bare.replace("_", "").isalpha() else text


def link_key(node: Node) -> str | None:
    """Return the alias that a link gives."""
    return node.text.rpartition(":")[2] if node.kind == "scalar" else None


def clean(path: str) -> str:
    """Return a path without trailing slash and double slashes; text with variables stays."""
    return posixpath.normpath(path) if path.startswith("/") and "$" not in path else path


def long_port(text: str) -> dict[str, str]:
    """Return the fields of a port's short form, as the long form names them."""
    target, _, protocol = split(text)[-1].partition("/")
    rest = split(text)[:-1]
    result = {"target": target}
    if rest:
        result["published"] = rest[-1]
    if len(rest) > 1:
        result["host_ip"] = rest[0].strip("[]")
    if protocol:
        result["protocol"] = protocol
    return result


def with_unseen(old: str, new: str) -> str:
    """Keep what no inspect document shows of a mount: how consistent it is."""
    kept = [option for options in split(old)[2:] for option in options.split(",") if option in _UNSEEN]
    if not kept or ":" not in new:
        return new
    return f"{new}{',' if new.count(':') > 1 else ':'}{','.join(kept)}"


def long_volume(text: str) -> dict[str, Any]:
    """Return the fields of a mount's short form, as the long form names them."""
    parts = split(text)
    if len(parts) == 1:
        return {"type": "volume", "target": parts[0]}
    modes = parts[2].split(",") if len(parts) > 2 else []
    kind = "bind" if parts[0].startswith((".", "/", "~")) else "volume"
    found: dict[str, Any] = {"type": kind, "source": parts[0], "target": parts[1], "read_only": "ro" in modes}
    bind = {}
    for mode in modes:
        if mode in ("z", "Z"):
            bind["selinux"] = mode
        elif mode.removeprefix("r") in ("shared", "slave", "private"):
            bind["propagation"] = mode
    return found | ({"bind": bind} if bind else {})


def named_volume(value: Any) -> str | None:
    """Return the name of the volume that a mount uses; None for bind mounts and anonymous volumes."""
    if isinstance(value, Mapping):
        return str(value["source"]) if value.get("type") == "volume" and value.get("source") else None
    parts = split(value) if isinstance(value, str) else []
    return parts[0] if len(parts) > 1 and not parts[0].startswith((".", "/", "~", "$")) else None
