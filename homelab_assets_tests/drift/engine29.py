"""What Engine 29 says to a client that asks in its own API (1.52 and newer), of what an engine 28 recorded.

Nobody here has run one. Each change below is written in moby's `api/docs/CHANGELOG.md` (by version of the API), in its
types (`api/types`), or in its release notes of 29.0.
"""

import hashlib
import re
from collections.abc import Callable, Mapping
from copy import deepcopy
from ipaddress import ip_address
from typing import Any

Document = dict[str, Any]
API = "1.56"


def as_29(recorded: Mapping[str, Any]) -> Document:
    """A recording of an engine 28, as an engine 29 with its default store of images would have been recorded."""
    told: Document = deepcopy(dict(recorded))
    told["engine"]["version"] |= {"Version": "29.9.0", "ApiVersion": API, "MinAPIVersion": "1.44"}
    told["containers"] = [_container(one) for one in told["containers"]]
    told["images"] = [_image(one) for one in told["images"]]
    told["networks"] = [_network(one) for one in told["networks"]]
    return told


def _digest(*parts: str) -> str:
    return "sha256:" + hashlib.sha256("/".join(parts).encode()).hexdigest()


def _address(text: str) -> str:
    """`netip.Addr`: as Go writes it, or "" (moby/moby#50956)."""
    return str(ip_address(text)) if text else ""


def _port(text: str) -> list[str]:
    """`network.Port`: a number and a protocol in small letters. Compose 5 spells ranges out."""
    numbers, _, protocol = text.partition("/")
    first, _, last = numbers.partition("-")
    return [f"{number}/{protocol.lower() or 'tcp'}" for number in range(int(first), int(last or first) + 1)]


def _hardware(text: str) -> str:
    """`network.HardwareAddr`: as Go's `net.HardwareAddr` writes it."""
    return ":".join(re.findall("..", re.sub("[:.-]", "", text.lower())))


def _container(one: Document) -> Document:
    config, host, settings = one["Config"], one["HostConfig"], one["NetworkSettings"]
    # 1.52: no more in the answer; the first also where a client asks for it.
    config.pop("MacAddress", None)
    if not config.get("OnBuild"):
        config.pop("OnBuild", None)
    if config.get("ExposedPorts"):
        config["ExposedPorts"] = {port: {} for text in config["ExposedPorts"] for port in _port(text)}
    host["PortBindings"] = {
        port: [{**binding, "HostIp": _address(binding["HostIp"])} for binding in bindings]
        for text, bindings in (host.get("PortBindings") or {}).items()
        for port in _port(text)
    }
    host["Dns"] = [_address(text) for text in host.get("Dns") or ()]
    # 1.52: of the whole block of the default bridge these are left.
    left = ("SandboxID", "SandboxKey", "Ports", "Networks")
    one["NetworkSettings"] = {key: settings[key] for key in left}
    for endpoint in settings["Networks"].values():
        _endpoint(endpoint, one)
    # 29.0: the store of containerd. 1.48: the manifest of the platform beside the index that the image is.
    # 1.52: what was the driver of a graph is a snapshot.
    manifest = {
        "mediaType": "application/vnd.oci.image.manifest.v1+json",
        "digest": _digest(one["Image"], "manifest"),
        "size": 480,
        "platform": {"architecture": "amd64", "os": "linux"},
    }
    one.pop("GraphDriver", None)
    config["Labels"] = {
        name: manifest["digest"] if name == "com.docker.compose.image" else text
        for name, text in config["Labels"].items()
    }
    return {
        **one,
        "Image": _digest(one["Image"]),
        "Driver": "overlayfs",
        "Storage": {"RootFS": {"Snapshot": {"Name": "overlayfs"}}},
        "ImageManifestDescriptor": manifest,
    }


def _endpoint(endpoint: Document, one: Document) -> None:
    # 1.45: what the engine adds stands in `DNSNames` alone.
    own = (one["Id"][:12], one["Config"]["Hostname"])
    endpoint["DNSNames"] = endpoint.get("Aliases")
    endpoint["Aliases"] = [alias for alias in endpoint.get("Aliases") or () if alias not in own] or None
    endpoint["MacAddress"] = _hardware(endpoint.get("MacAddress") or "")
    if (asked := endpoint.get("IPAMConfig")) is not None:
        # Go leaves out no empty struct for `omitempty` (moby/moby#51890).
        endpoint["IPAMConfig"] = {
            **asked, "IPv4Address": _address(asked.get("IPv4Address", "")), "IPv6Address": _address(asked.get("IPv6Address", ""))
        }  # fmt: skip


# 1.50: no more of an image. 1.52: nor these, where they are empty.
_OF_CONTAINERS = ("Hostname", "Domainname", "AttachStdin", "AttachStdout", "AttachStderr", "Tty", "OpenStdin",
                  "StdinOnce", "Image")  # fmt: skip
_LEGACY: Mapping[str, Callable[[Any], bool]] = {
    **dict.fromkeys(("ContainerConfig", "VirtualSize", "GraphDriver"), lambda value: True),
    **dict.fromkeys(("Parent", "Comment", "DockerVersion", "Author"), lambda value: not value),
}


def _image(one: Document) -> Document:
    config = {key: value for key, value in one["Config"].items() if value and key not in _OF_CONTAINERS}
    kept = {key: value for key, value in one.items() if key not in _LEGACY or not _LEGACY[key](value)}
    # 1.48: `Descriptor`. 1.53: `Identity`.
    index = {"mediaType": "application/vnd.oci.image.index.v1+json", "digest": _digest(one["Id"]), "size": 855}
    return {**kept, "Id": index["digest"], "Config": config, "Descriptor": index, "Identity": {}}


def _network(one: Document) -> Document:
    pools = [
        {"Subnet": "", "IPRange": "", "Gateway": "", **pool} for pool in (one.get("IPAM") or {}).get("Config") or ()
    ]
    # 1.48: `EnableIPv4`. 1.52: `Status`.
    return {
        **one,
        "IPAM": {**(one.get("IPAM") or {}), "Config": pools},
        "EnableIPv4": True,
        "Status": {"IPAM": {"Subnets": {pool["Subnet"]: {"IPsInUse": 3} for pool in pools}}},
    }
