"""Drift that weakens security: what git would bless if it were merged without a thought."""

import re
from collections.abc import Iterable, Iterator
from typing import Any

from homelab_assets.drift.document import Item
from homelab_assets.remediation.markdown import code
from homelab_assets.remediation.short_forms import long_port, long_volume

# Ports behind which databases, control planes and administration live. Published means reachable by the whole network.
ADMIN_PORTS = frozenset(
    """
    22 2019 2375 2376 2377 3306 4243 5432 5433 5601 5900 5984 6379 6443 7000 8000 8001 8006 8080 8443 8500 9000 9001
    9090 9200 9443 11211 15672 27017
    """.split()  # noqa: SIM905
)
_SENSITIVE = re.compile(
    r"/(?:|etc|root|boot|proc|sys|dev|run|var|var/run|var/lib|var/lib/docker|home|usr|run/docker)/?"
)
_SOCKET = re.compile(r"docker\.sock|containerd\.sock|podman\.sock")
_LOOPBACK = ("127.", "localhost", "::1", "[::1]")
_AUTH = re.compile(r"auth|sso|ldap|oidc|forward-?auth|whitelist|allowlist|ip-?filter|crowdsec|secure", re.IGNORECASE)


def weaknesses(item: Item) -> tuple[str, ...]:
    """Return in words how a difference weakens security if git adopts it; () where it does not."""
    return tuple(dict.fromkeys(_weaknesses(item)))


def weaknesses_of(values: Iterable[tuple[str, Any]]) -> tuple[str, ...]:
    """Return in words what of these settings (path, value) weakens security in a stack that is new to git."""
    items = [Item(path=path, change="added", severity="functional", running=value) for path, value in values]
    return tuple(words for item in items for words in weaknesses(item))


def _weaknesses(item: Item) -> Iterator[str]:
    head, _, rest = item.path.partition(".")
    running, gone = item.running, item.change == "removed"
    if head == "privileged" and _true(running):
        yield "the container runs privileged"
    elif head in ("network_mode", "pid", "ipc", "uts", "userns_mode", "cgroup") and str(running) == "host":
        yield f"the container shares the host's {head.removesuffix('_mode')} namespace"
    elif head == "network_mode" and str(item.baseline).startswith(("service:", "container:")):
        yield "the container's traffic no longer goes through another container (a VPN, for instance)"
    elif head == "volumes" and not gone:
        yield from _mount(running)
    elif head == "ports" and not gone:
        yield from _port(item)
    elif head == "labels":
        yield from _label(item, rest)
    elif head == "image" and not gone:
        yield from _image(running)
    elif head in ("cap_add", "devices", "device_cgroup_rules", "gpus") and not gone:
        yield f"the container gets the {_MORE[head]} {code(rest or head)}"
    elif head == "cap_drop" and gone:
        yield f"the capability {code(rest)} is not dropped any more"
    elif head == "security_opt":
        yield from _option(item, rest)
    elif head == "read_only" and (gone or not _true(running)):
        yield "the root file system becomes writable"
    elif head == "user" and (gone or str(running).partition(":")[0] in ("0", "root", "")):
        yield "the process runs as root"


_MORE = {
    "cap_add": "capability",
    "devices": "device",
    "device_cgroup_rules": "devices of rule",
    "gpus": "devices of",
}


def _true(value: Any) -> bool:
    return value is True or str(value).lower() == "true"


def _mount(running: Any) -> Iterator[str]:
    mount = running if isinstance(running, dict) else long_volume(str(running))
    source = str(mount.get("source") or "")
    if _SOCKET.search(source):
        yield "the container controls the Docker engine through its socket"
    elif _SENSITIVE.fullmatch(source) and not mount.get("read_only"):
        yield f"the container can write to {code(source)} of the host"
    elif _SENSITIVE.fullmatch(source):
        yield f"the container reads {code(source)} of the host"


def _port(item: Item) -> Iterator[str]:
    before = item.baseline if isinstance(item.baseline, list) else [item.baseline] if item.baseline else []
    bindings = item.running if isinstance(item.running, list) else [item.running]
    for binding in bindings:
        port = long_port(str(binding))
        if port.get("host_ip", "").startswith(_LOOPBACK) or binding in before:
            continue
        local = [old for old in before if long_port(str(old)).get("host_ip", "").startswith(_LOOPBACK)]
        if local:
            yield f"port {code(port['target'])} was bound to this host alone, and is open to the network"
        elif item.change == "added" and {port["target"], port.get("published", "")} & ADMIN_PORTS:
            yield f"the administration port {code(port['target'])} is published"


def _label(item: Item, name: str) -> Iterator[str]:
    lost = {part.strip() for part in str(item.baseline or "").split(",")} - {
        part.strip() for part in str(item.running if item.change != "removed" else "").split(",")
    }
    if name.endswith(".middlewares") and item.change != "added" and any(_AUTH.search(part) for part in lost):
        yield "an authentication middleware is taken off a router"
    elif name.endswith(".middlewares") and item.change == "removed":
        yield "the middlewares are taken off a router"
    elif re.search(r"(basicauth|digestauth|forwardauth|ipallowlist|ipwhitelist)", name, re.IGNORECASE) and lost:
        yield "an authentication rule is changed or taken away"
    elif name == "traefik.enable" and str(item.running).lower() == "true":
        yield "the service is published through Traefik"
    elif name.endswith(".tls") and item.change != "added" and str(item.running).lower() != "true":
        yield "a router serves without TLS"


def _image(running: Any) -> Iterator[str]:
    reference = str(running)
    if "@sha256:" in reference or "<" in reference:
        return
    tag = reference.rpartition("/")[2].partition(":")[2]
    if tag in ("", "latest"):
        yield "the image is not pinned: `latest` can change without a commit"


def _option(item: Item, rest: str) -> Iterator[str]:
    if item.change != "removed" and ("unconfined" in f"{rest}{item.running}" or "disable" in f"{rest}{item.running}"):
        yield f"a security profile is switched off ({code(rest)})"
    elif item.change != "added" and rest.startswith(("no-new-privileges", "seccomp", "apparmor")):
        yield f"the security option {code(rest)} is taken away or changed"
