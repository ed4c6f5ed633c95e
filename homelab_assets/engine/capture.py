"""Capturing hosts: everything that their engines say of containers, images, networks and volumes, sealed at the door.

A host that can't be captured is a result, not an exception, and never holds up the others: each host has a thread and a
budget of its own.
"""

import logging
import threading
import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

from msgspec.structs import replace

from homelab_assets.engine.address import parse_address
from homelab_assets.engine.host_files import read_host_files
from homelab_assets.engine.recorded import read_capture
from homelab_assets.errors import CaptureError, UserError
from homelab_assets.lab.settings import HostSettings
from homelab_assets.model import Captured, CaptureResult, Json, Unreachable
from homelab_assets.moments import utc_text
from homelab_assets.secrecy import Vault
from homelab_assets.secrecy.defects import described, traced

if TYPE_CHECKING:
    from homelab_assets.engine.api import EngineApi
    from homelab_assets.engine.connection import Connection

_log = logging.getLogger(__name__)
Clock = Callable[[], datetime]
_CLOCK: Clock = partial(datetime.now, UTC)

# sshd allows 10 sessions a connection by default (MaxSessions); one is left for reading files.
WIDTH = 6
# How long an engine may keep silent within a call, as a multiple of the time that a connection may take.
_READ_FACTOR = 3


def capture_hosts(hosts: Iterable[HostSettings], *, vault: Vault, clock: Clock = _CLOCK) -> list[CaptureResult]:
    """Capture hosts side by side, and return one result per host, in the order given; see `capture_host`."""
    tasks = [_Task(settings, vault, clock) for settings in hosts]
    try:
        for task in tasks:
            task.start()
        return [task.finish() for task in tasks]
    except BaseException:
        for task in tasks:
            task.abort()
        raise


def capture_host(settings: HostSettings, *, vault: Vault, clock: Clock = _CLOCK) -> CaptureResult:
    """Capture one host, live or recorded, within its budget.

    Args:
        settings: where the engine is and how long things may take (`connect_timeout`, `budget`, in seconds).
        vault: seals every secret before anything is kept.
        clock: tells when the capture began.

    Returns:
        What the engine said, or why it can't be captured and what to do next. Nothing is raised for what can go wrong
        on the way to a host.
    """
    return capture_hosts([settings], vault=vault, clock=clock)[0]


class _Task:
    """One capture on a thread of its own. What hangs is broken off when the budget is used up."""

    def __init__(self, settings: HostSettings, vault: Vault, clock: Clock) -> None:
        self._settings = settings
        self._vault = vault
        self._at = utc_text(clock())
        self._started = time.monotonic()
        self._progress = "it was still connecting"
        self._result: CaptureResult | None = None
        self._lock = threading.Lock()
        self._closers: list[Callable[[], None]] = []
        self._aborted = False
        self._thread = threading.Thread(target=self._run, name=f"capture {settings.name}", daemon=True)

    def start(self) -> None:
        """Begin."""
        self._thread.start()

    def finish(self) -> CaptureResult:
        """Wait for the result, at most until the budget is used up."""
        self._thread.join(max(0.0, self._started + self._settings.budget - time.monotonic()))
        late = self._unreachable(
            f"the capture did not finish within its budget of {self._settings.budget} s ({self._progress})",
            "see why the host or the way to it is slow, or raise `budget` in lab.yaml",
        )
        result = self._settle(late)
        if result is late:
            self.abort()
            # A thread that not even this can wake (it looks up a name) ends by itself, unheard.
            self._thread.join(2.0)
        return result

    def _settle(self, result: CaptureResult) -> CaptureResult:
        """Make this the result unless there is one already; return the one that counts."""
        with self._lock:
            self._result = self._result or result
            return self._result

    def abort(self) -> None:
        """Break off; every connection is closed at once."""
        with self._lock:
            self._aborted = True
        self._close()

    def _run(self) -> None:
        try:
            result: CaptureResult = replace(self._capture(), seconds=self._seconds())
        except UserError as error:
            result = self._unreachable(_what(error), error.hint)
        except Exception as error:  # A defect of ours must not take the other hosts with it.
            _log.debug("capture of %s\n%s", self._settings.name, traced(error))
            what = self._vault.redact(f"internal error: {described(error)}")
            result = self._unreachable(what, "this is a defect: please report it")
        self._close()
        self._settle(result)

    def _unreachable(self, error: str, hint: str | None) -> Unreachable:
        return Unreachable(
            host=self._settings.name, captured_at=self._at, error=error, hint=hint, seconds=self._seconds()
        )

    def _seconds(self) -> float:
        return round(time.monotonic() - self._started, 3)

    def _close(self) -> None:
        with self._lock:
            closers, self._closers = self._closers, []
        for close in reversed(closers):
            with suppress(OSError, EOFError):
                close()

    def _on_close(self, close: Callable[[], None]) -> None:
        with self._lock:
            aborted = self._aborted
            if not aborted:
                self._closers.append(close)
        if aborted:
            close()
            raise CaptureError("the capture was broken off")

    def _capture(self) -> CaptureResult:
        address = parse_address(self._settings.docker)
        if address.kind == "capture":
            return read_capture(self._settings.name, Path(address.path), self._vault)
        from homelab_assets.engine.api import EngineApi
        from homelab_assets.engine.connection import connect

        connection = connect(self._settings)
        self._on_close(connection.close)
        read_timeout = self._settings.connect_timeout * _READ_FACTOR
        api = EngineApi(connection, read_timeout=read_timeout, width=WIDTH)
        self._on_close(api.close)
        with ThreadPoolExecutor(WIDTH, thread_name_prefix=f"inspect {self._settings.name}") as pool:
            try:
                return self._read(api, connection, pool)
            except BaseException:
                api.abort()
                pool.shutdown(cancel_futures=True)
                raise

    def _read(self, api: "EngineApi", connection: "Connection", pool: ThreadPoolExecutor) -> Captured:
        version = api.negotiate()
        self._progress = "it was reading the lists"
        info, listed, image_list, network_list, volumes = pool.map(
            lambda path: api.get(path[0], **path[1]),
            [
                ("/info", {}),
                ("/containers/json", {"all": 1}),
                ("/images/json", {}),
                ("/networks", {}),
                ("/volumes", {}),
            ],
        )
        names = [str(item["Id"]) for item in _documents(listed, "/containers/json")]
        self._progress = f"it was reading {len(names)} containers"
        seal = self._vault.seal_inspect
        containers = _found("containers", pool.map(lambda name: seal(api.get(f"/containers/{name}/json")), names))
        networks = [str(item["Id"]) for item in _documents(network_list, "/networks")]
        images = _images_in_use(containers, _documents(image_list, "/images/json"))
        self._progress = f"it had read {len(containers)} containers, and was reading {len(images)} images"
        reading_networks = pool.map(lambda name: seal(api.get(f"/networks/{name}")), networks)
        reading_images = pool.map(lambda name: seal(api.get(f"/images/{name}/json")), images)
        files: dict[str, Any] = {}
        if self._settings.read_env:
            read = partial(_file, connection, info or {})
            files = read_host_files(containers, lambda paths: pool.map(read, paths), self._vault)
        return Captured(
            host=self._settings.name,
            captured_at=self._at,
            engine={"version": version, "info": seal(info)},
            containers=sorted(containers, key=lambda document: str(document.get("Name"))),
            images=_found("images", reading_images),
            networks=sorted(_found("networks", reading_networks), key=lambda document: str(document.get("Name"))),
            volumes=sorted(
                (seal(item) for item in _documents((volumes or {}).get("Volumes") or [], "/volumes")),
                key=lambda document: str(document.get("Name")),
            ),
            **files,
        )


def _file(connection: "Connection", info: Json, path: str) -> bytes | FileNotFoundError | None:
    """Read a file of the host. That it isn't there is an answer, too, which must not end the reading of others."""
    try:
        return connection.read_file(path, info)
    except FileNotFoundError as error:
        return error


def _documents(value: Any, path: str) -> list[dict[str, Any]]:
    if not isinstance(value, list) or not all(isinstance(item, dict) for item in value):
        raise CaptureError(
            f"the engine answers GET {path} with something else than a list", hint="is it a Docker engine?"
        )
    return value


def _found(kind: str, documents: Iterable[Json]) -> list[Json]:
    """Leave out what vanished between the list and the inspect call."""
    found = [document for document in documents if document is not None]
    if not all(isinstance(document, dict) for document in found):
        raise CaptureError(f"the engine answers with {kind} that are no JSON objects", hint="is it a Docker engine?")
    return found


def _images_in_use(containers: Sequence[Json], images: Sequence[Mapping[str, Any]]) -> list[str]:
    """List the ids of the images that containers were made from, and of those that their tags point to by now."""
    by_tag = {tag: str(image.get("Id")) for image in images for tag in image.get("RepoTags") or []}
    ids = {str(container.get("Image")): None for container in containers if container.get("Image")}
    for container in containers:
        reference = _with_tag(str((container.get("Config") or {}).get("Image") or ""))
        if reference in by_tag:
            ids[by_tag[reference]] = None
    return list(ids)


def _with_tag(reference: str) -> str:
    """Write an image reference as the engine lists tags: without Docker Hub's name, with a tag."""
    for prefix in ("docker.io/", "index.docker.io/", "library/"):
        reference = reference.removeprefix(prefix)
    return reference if ":" in reference.rpartition("/")[2] or "@" in reference else f"{reference}:latest"


def _what(error: UserError) -> str:
    return f"{error.where}: {error.what}" if error.where else error.what
