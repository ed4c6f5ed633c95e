"""One run of the pipeline check for a lab: settings, capture of the media host, clients, memory of refused logins.

The command line and Dagster both come in here.
"""

import json
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from functools import cache, partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

from msgspec import Struct
from msgspec.structs import replace

from homelab_assets.errors import ConfigurationError
from homelab_assets.lab.certificates import trusted
from homelab_assets.media.clients import Clients, open_clients
from homelab_assets.media.containers import MediaContainers, media_containers
from homelab_assets.media.fixes import propose
from homelab_assets.media.keys import lacks_keys, with_resolved_keys
from homelab_assets.media.pipeline import Progress, run_pipeline
from homelab_assets.media.plan import Fix, apply_plan
from homelab_assets.media.result import PipelineResult
from homelab_assets.media.settings import MediaPaths, MediaSettings, Service
from homelab_assets.media.situation import look
from homelab_assets.model import Captured, CaptureResult

if TYPE_CHECKING:
    from homelab_assets.lab.settings import Lab
    from homelab_assets.media.clients.inside import Inside
    from homelab_assets.secrecy import Vault

_CREDENTIALS = ("api_key", "token", "username", "password")


class Session(Struct, frozen=True, kw_only=True):
    """Everything that a run needs, open. `salt` keys the fingerprints of secrets."""

    settings: MediaSettings
    clients: Clients
    captured: CaptureResult | None
    salt: bytes

    @property
    def containers(self) -> MediaContainers | None:
        """The media host's containers, where it was captured."""
        return _containers(self.captured, self.settings)

    def check(
        self, *, generated_at: str, health_only: bool = False, active: bool = True, progress: Progress | None = None
    ) -> PipelineResult:
        """Run the probes."""
        return run_pipeline(
            self.settings,
            clients=self.clients,
            generated_at=generated_at,
            containers=self.containers,
            capture_error=getattr(self.captured, "error", None),
            health_only=health_only,
            active=active,
            progress=progress,
        )

    def fixes(self, result: PipelineResult) -> list[Fix]:
        """Propose fixes for what failed. Reads once more where something has to be changed."""
        if not any(check.status == "fail" for check in result.checks):
            return []
        return list(propose(result, look(self.clients, self.settings, self.containers, salt=self.salt)))

    def document(self, result: PipelineResult) -> dict[str, Any]:
        """Return the result as JSON values, with the fixes and their apply plan."""
        fixes = self.fixes(result)
        plan = apply_plan(fixes, generated_at=result.generated_at, host=self.settings.host)
        return {**result.to_json(), "fixes": [fix.to_json() for fix in fixes], "plan": plan}


def media_settings(lab: "Lab") -> MediaSettings:
    """Return the media section of a lab, credentials resolved from the environment; one without a value stays None.

    Raises:
        ConfigurationError: the lab has no media section.
    """
    section = lab.media
    if not section.get("services"):
        raise ConfigurationError(
            "has no media section",
            where=str(lab.file),
            hint='such as `media: {host: …, services: {radarr: {url: "http://…:7878", api_key: "${RADARR_API_KEY}"}}}`',
        )
    services = {name: _service(lab, name, values) for name, values in section["services"].items()}
    return MediaSettings(
        host=section.get("host"),
        services=services,
        paths=MediaPaths(**(section.get("paths") or {})),
        # One without a value stays what it is, and leads nowhere: what the home looks like is then not fully known.
        home_addresses=tuple(
            _resolved(lab, text, "media.home_addresses") or text for text in section.get("home_addresses") or ()
        ),
    )


def _service(lab: "Lab", name: str, values: Mapping[str, Any]) -> Service:
    key = f"media.services.{name}"
    credentials = {one: _resolved(lab, values[one], f"{key}.{one}") for one in _CREDENTIALS if values.get(one)}
    return Service(
        url=lab.resolve(values["url"], key=f"{key}.url"),
        **credentials,
        container=values.get("container"),
        ca=trusted(lab, values["ca"], f"{key}.ca") if values.get("ca") else None,
        verify_tls=values.get("verify_tls", True),
    )


def _resolved(lab: "Lab", text: str, key: str) -> str | None:
    """Return a value, or None where its variable is not set: the app's own check then says so."""
    try:
        return lab.resolve(text, key=key) or None
    except ConfigurationError:
        return None


@contextmanager
def open_session(
    lab: "Lab",
    *,
    vault: "Vault",
    salt: bytes,
    say: Callable[[str], None] | None = None,
) -> Iterator[Session]:
    """Open everything for one run.

    The bundled demo lab has no media host; a simulated one takes its place, with the faults that Larry's home had.
    """
    if lab.demo and not lab.media.get("services"):
        with _simulated(salt, say) as session:
            yield session
        return
    settings = media_settings(lab)
    captured: CaptureResult | None = None
    if settings.host:
        from homelab_assets.engine import capture_hosts

        (captured,) = capture_hosts([lab.hosts[settings.host]], vault=vault)
    known = _containers(captured, settings)
    with _inside(lab, settings, known) as inside, remembered(lab.state / "refused-logins.json") as memory:
        if known is not None:
            settings = with_resolved_keys(
                settings,
                known,
                reveal=lambda text: vault.reveal(text) if text else "",
                read_file=inside.read_file if inside else None,
            )
        torrent = known.get("qbittorrent") if known else None
        look = inside if inside and lab.media.get("look_inside") else None
        with open_clients(
            settings,
            memory=memory,
            salt=salt,
            egress=cache(partial(look.egress, torrent.id)) if look and torrent and torrent.running else None,
            stat=look.stat if look else None,
            beside=inside.effects if inside else None,
            torrent_started=torrent.started_at if torrent else "",
        ) as clients:
            yield Session(settings=settings, clients=clients, captured=captured, salt=salt)


def _containers(captured: CaptureResult | None, settings: MediaSettings) -> MediaContainers | None:
    if not isinstance(captured, Captured):
        return None
    return media_containers(captured.containers, settings, captured.volumes)


@contextmanager
def _inside(lab: "Lab", settings: MediaSettings, known: MediaContainers | None) -> "Iterator[Inside | None]":
    """Open a way into the media host's containers, where something is to be looked for there."""
    host = lab.hosts.get(settings.host or "")
    if host is None or known is None or not (lab.media.get("look_inside") or lacks_keys(settings)):
        yield None
        return
    from homelab_assets.media.clients.inside import open_inside

    with open_inside(host) as inside:
        yield inside


@contextmanager
def _simulated(salt: bytes, say: Callable[[str], None] | None) -> Iterator[Session]:
    from homelab_assets.media.simulator import LARRY, World

    if say is not None:
        say("demo: a simulated media host, with three faults")
    with World(faults=LARRY) as world, world.clients() as clients:
        nothing: dict[str, Any] = {"captured_at": "", "engine": {}, "images": (), "networks": ()}
        captured = Captured(host="ct-media-01", containers=world.containers(), volumes=world.volumes, **nothing)
        yield Session(
            settings=replace(world.settings(), host="ct-media-01"), clients=clients, captured=captured, salt=salt
        )


@contextmanager
def remembered(file: Path) -> Iterator[dict[str, str]]:
    """Keep fingerprints of refused logins between runs: five refused ones ban this machine for an hour."""
    from homelab_assets.files import read_json, write_whole

    try:
        before = read_json(file)
    except (OSError, ValueError):
        before = {}
    memory = {str(key): str(value) for key, value in before.items()} if isinstance(before, dict) else {}
    kept = dict(memory)
    try:
        yield memory
    finally:
        if memory != kept:
            write_whole(file, json.dumps(memory, indent=2) + "\n", private=True)
