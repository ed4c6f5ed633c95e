"""Images that carry the configuration of real ones and hold little more than busybox.

All are loaded with one archive in the layout of `docker save`, which every engine version takes, so that any
configuration can be given (`docker import` cannot set all of it).
"""

import hashlib
import io
import json
import tarfile
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import yaml

DATA = Path(__file__).parent / "images.yaml"

# What all programs of all images are: they wait, and they end at once when they are told to.
_PROGRAM = b"#!/bin/sh\ntrap 'exit 0' TERM INT QUIT\nwhile :; do sleep 3600 & wait; done\n"
_APPLETS = ("sh", "sleep", "cat", "true", "echo", "env", "ls", "kill", "id", "test", "stat")
_SUCCEEDS = ("usr/bin/curl", "usr/bin/wget", "usr/bin/nc", "usr/bin/pg_isready", "usr/local/bin/redis-cli")


def archive(busybox: Path, images: Mapping[str, Mapping[str, Any]]) -> bytes:
    """Build the archive for `docker load`.

    Args:
        images: image reference to its OCI configuration (`Env`, `Cmd`, `Labels`, …) and optional
            `content`, a text that makes the image differ from another with the same configuration.
    """
    programs = sorted({program for config in images.values() for program in _programs(config)})
    layer = _layer(busybox, programs)
    digest = hashlib.sha256(layer).hexdigest()
    files: dict[str, bytes] = {f"{digest}/layer.tar": layer}
    manifest = []
    for reference, config in images.items():
        document = _image_document(reference, config, digest)
        name = hashlib.sha256(document).hexdigest() + ".json"
        files[name] = document
        manifest.append({"Config": name, "RepoTags": [reference], "Layers": [f"{digest}/layer.tar"]})
    files["manifest.json"] = json.dumps(manifest).encode()
    return _tar(files)


def load_images(path: Path = DATA) -> dict[str, dict[str, Any]]:
    """Read the images' configuration: families of images share what their builder sets."""
    data = yaml.safe_load(path.read_text())
    return {reference: _inherit(data["families"], own or {}) for reference, own in data["images"].items()}


def _inherit(families: Mapping[str, Mapping[str, Any]], own: Mapping[str, Any]) -> dict[str, Any]:
    family = dict(families.get(own.get("family", "plain"), {}))
    merged = {**family, **{key: value for key, value in own.items() if key != "family"}}
    for key in ("Env", "Labels"):
        merged[key] = {**(family.get(key) or {}), **(own.get(key) or {})}
    return merged


def _programs(config: Mapping[str, Any]) -> Sequence[str]:
    words = [*(config.get("Entrypoint") or [])[:1], *(config.get("Cmd") or [])[:1], *(config.get("programs") or [])]
    paths = [word.lstrip("/") if word.startswith("/") else f"usr/local/bin/{word}" for word in words]
    return [
        path
        for path in paths
        if path.rpartition("/")[2] not in _APPLETS and not path.rpartition("/")[2].startswith("-")
    ]


def _image_document(reference: str, config: Mapping[str, Any], layer: str) -> bytes:
    oci = {key: value for key, value in config.items() if key not in {"content", "programs"}}
    oci["Env"] = [f"{name}={value}" for name, value in (config.get("Env") or {}).items()]
    for key in ("ExposedPorts", "Volumes"):
        if key in oci:
            oci[key] = {item: {} for item in oci[key]}
    document = {
        "architecture": "amd64",
        "os": "linux",
        "created": "2024-01-01T00:00:00Z",
        "author": f"{reference} {config.get('content', '')}",
        "config": oci,
        "rootfs": {"type": "layers", "diff_ids": [f"sha256:{layer}"]},
        "history": [{"created": "2024-01-01T00:00:00Z", "created_by": "homelab"}],
    }
    return json.dumps(document, sort_keys=True).encode()


def _layer(busybox: Path, programs: Sequence[str]) -> bytes:
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w") as tar:
        for folder in ("bin", "tmp", "etc", "usr", "usr/bin", "usr/local", "usr/local/bin", "config", "data", "srv"):
            _add(tar, folder, kind=tarfile.DIRTYPE, mode=0o755)
        _add(tar, "bin/busybox", busybox.read_bytes(), mode=0o755)
        for applet in _APPLETS:
            _add(tar, f"bin/{applet}", kind=tarfile.SYMTYPE, target="busybox")
        _add(tar, "etc/passwd", b"root:x:0:0::/:/bin/sh\nabc:x:1000:1000::/config:/bin/sh\n")
        _add(tar, "etc/group", b"root:x:0:\nabc:x:1000:\n")
        for program in _SUCCEEDS:
            _add(tar, program, b"#!/bin/sh\nexit 0\n", mode=0o755)
        for program in programs:
            _add(tar, program, _PROGRAM, mode=0o755)
    return buffer.getvalue()


def _add(
    tar: tarfile.TarFile,
    name: str,
    data: bytes = b"",
    *,
    mode: int = 0o644,
    kind: bytes = tarfile.REGTYPE,
    target: str = "",
) -> None:
    entry = tarfile.TarInfo(name)
    entry.mode, entry.type, entry.linkname, entry.size = mode, kind, target, len(data)
    tar.addfile(entry, io.BytesIO(data))


def _tar(files: Mapping[str, bytes]) -> bytes:
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w") as tar:
        for name, data in files.items():
            _add(tar, name, data)
    return buffer.getvalue()
