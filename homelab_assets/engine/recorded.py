"""Recorded captures: a folder of JSON that replaces a live host. Also raw inspect output, saved by hand.

This module starts fast: it needs neither the Docker SDK nor SSH.
"""

import json
from collections.abc import Sequence
from contextlib import suppress
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import msgspec

from homelab_assets.errors import CaptureError, UserError
from homelab_assets.files import write_whole
from homelab_assets.model import Captured, CaptureResult, Json, Unreachable
from homelab_assets.moments import utc_text
from homelab_assets.secrecy import Vault

_LISTS = ("containers", "images", "networks", "volumes")
# More than a thousand inspect documents; a larger file is no capture, or one that was made to choke its reader.
_LARGEST = 256 * 1024 * 1024


def write_capture(captured: Captured, directory: Path) -> None:
    """Write a capture as `engine.json`, `containers.json`, `images.json`, `networks.json` and `volumes.json`.

    Each file is written whole or not at all, readable by its owner only (0600); secrets are the fingerprints that they
    are in memory. `.env` files are not written.

    Raises:
        UserError: the folder can't be written to.
    """
    engine = {**captured.engine, "host": captured.host, "captured_at": captured.captured_at}
    try:
        directory.mkdir(parents=True, exist_ok=True, mode=0o700)
    except OSError as error:
        raise UserError(f"can't be made: {error.strerror}", where=str(directory), hint="name another folder") from None
    for name, value in [*((name, getattr(captured, name)) for name in _LISTS), ("engine", engine)]:
        # `engine.json` comes last: a folder without it is a recording that was broken off.
        text = json.dumps(_plain(value), indent=1, sort_keys=True, ensure_ascii=True)
        write_whole(directory / f"{name}.json", text + "\n", private=True)


def _plain(value: Any) -> Any:
    return list(value) if isinstance(value, Sequence) and not isinstance(value, str) else dict(value)


def read_capture(name: str, directory: Path, vault: Vault) -> CaptureResult:
    """Read a recorded capture as the host `name`.

    Args:
        directory: the folder. `containers.json` must be there; a missing list of images, networks or volumes is
            empty, as in a capture that was saved by hand.
        vault: seals what is secret in raw inspect output. Fingerprints of a recording stay what they are.

    Returns:
        The capture, or why it can't be used, naming the file.
    """
    at = utc_text(datetime.now(UTC))
    try:
        if not directory.is_dir():
            raise CaptureError(
                "no such folder", where=str(directory), hint=f"record it: drift-detector capture {name} --output DIR"
            )
        engine = _read_engine(directory / "engine.json")
        lists = {key: _read_list(directory / f"{key}.json", required=key == "containers") for key in _LISTS}
    except CaptureError as error:
        return Unreachable(host=name, captured_at=at, error=f"{error.where}: {error.what}", hint=error.hint)
    sealed = {key: [vault.seal_inspect(document) for document in documents] for key, documents in lists.items()}
    return Captured(
        host=name,
        captured_at=_moment(engine.pop("captured_at", None)) or _moment(engine["info"].get("SystemTime")) or at,
        engine={"version": vault.seal_inspect(engine["version"]), "info": vault.seal_inspect(engine["info"])},
        containers=sorted(sealed["containers"], key=lambda document: str(document.get("Name"))),
        images=sealed["images"],
        networks=sealed["networks"],
        volumes=sealed["volumes"],
    )


def _read_json(file: Path) -> Json:
    try:
        if file.stat().st_size > _LARGEST:
            raise CaptureError("is too large for a capture", where=str(file), hint="record it again")
        data = file.read_bytes()
        with suppress(msgspec.DecodeError):
            return msgspec.json.decode(data)
        # It takes what the other one does not, or says where the mistake is.
        return json.loads(data.decode("utf-8-sig"))
    except FileNotFoundError:
        raise CaptureError(
            "no such file", where=str(file), hint="the recording is not complete: record it again"
        ) from None
    except OSError as error:
        raise CaptureError(f"can't be read: {error.strerror}", where=str(file)) from None
    except json.JSONDecodeError as error:
        cut = error.pos >= len(error.doc.rstrip()) or error.msg.startswith("Unterminated")
        what = "the JSON ends too early; the file is cut off" if cut else f"no JSON: {error.msg} in line {error.lineno}"
        raise CaptureError(what, where=str(file), hint="record it again") from None
    except UnicodeDecodeError as error:
        raise CaptureError(f"no UTF-8 text (byte {error.start})", where=str(file), hint="record it again") from None
    except (RecursionError, ValueError) as error:
        raise CaptureError(f"no sensible JSON: {error}", where=str(file), hint="record it again") from None


def _read_engine(file: Path) -> dict[str, Any]:
    """Read `engine.json`; by hand it may be missing, or hold `/version` or `/info` alone."""
    value = _read_json(file) if file.exists() else {}
    if not isinstance(value, dict):
        raise CaptureError("is no JSON object", where=str(file), hint='it holds {"version": …, "info": …}')
    if "version" not in value and "info" not in value:
        return {"version": value if "ApiVersion" in value else {}, "info": value if "ServerVersion" in value else {}}
    engine = {"version": value.get("version") or {}, "info": value.get("info") or {}}
    for key, part in engine.items():
        if not isinstance(part, dict):
            raise CaptureError(f"`{key}` is no JSON object", where=str(file), hint="record it again")
    return {**engine, "captured_at": value.get("captured_at")}


def _read_list(file: Path, *, required: bool) -> list[dict[str, Any]]:
    if not required and not file.exists():
        return []
    value = _read_json(file)
    if not isinstance(value, list):
        raise CaptureError("is no JSON list", where=str(file), hint="it holds a list of inspect documents")
    for number, document in enumerate(value):
        mistake = _mistake(document, file.stem)
        if mistake:
            raise CaptureError(
                f"entry {number}: {mistake}", where=str(file), hint="it holds a list of inspect documents"
            )
    return value


def _mistake(document: Any, kind: str) -> str | None:
    """Say what makes a document no inspect document, as far as everybody after this relies on it."""
    if not isinstance(document, dict):
        return "is no JSON object"
    if kind == "volumes":
        return None if isinstance(document.get("Name"), str) else "has no `Name`"
    if not isinstance(document.get("Id"), str):
        return "has no `Id`"
    if kind == "containers":
        if not isinstance(document.get("Name"), str):
            return "has no `Name`"
        for key in ("Config", "HostConfig", "State"):
            if not isinstance(document.get(key), dict):
                return f"{document['Name']!r}: `{key}` is no JSON object"
    return None


def _moment(value: Any) -> str | None:
    if not isinstance(value, str):
        return None
    try:
        return utc_text(datetime.fromisoformat(value[:19] + "+00:00" if "." in value else value))
    except ValueError:
        return None
