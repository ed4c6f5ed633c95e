"""Faults of the simulated apps: what is set wrongly, off, stale or broken in them."""

from collections.abc import Callable
from pathlib import Path

from msgspec.structs import replace

from homelab_assets.media.clients import Egress
from homelab_assets.media.simulator.certificates import certificate
from homelab_assets.media.simulator.servarr import set_value
from homelab_assets.media.simulator.server import App, Response, words
from homelab_assets.media.simulator.world import World, made_up

Fault = Callable[[World], None]


def service(world: World, app: str, **changes: str | None) -> None:
    service = world.overrides[app]
    assert service is not None
    world.overrides[app] = replace(service, **changes)


def refused(app: str) -> Fault:
    return lambda world: world.apps[app].stop()


def behind(answer: Callable[[App], Response], app: str) -> Fault:
    def fault(world: World) -> None:
        world.apps[app].broken = lambda request: answer(world.apps[app])

    return fault


def indexers(app: str, name: str, value: object) -> Fault:
    def fault(world: World) -> None:
        for one in getattr(world, app).providers["indexer"]:
            set_value(one, name, value)

    return fault


def each(kind: str, app: str, **changes: object) -> Fault:
    def fault(world: World) -> None:
        for one in getattr(world, app).providers[kind]:
            one |= changes

    return fault


def field(kind: str, app: str, name: str, value: object) -> Fault:
    return lambda world: set_value(getattr(world, app).providers[kind][0], name, value)


def server(app: str, **changes: object) -> Fault:
    def fault(world: World) -> None:
        world.overseerr.servers[app][0] |= changes

    return fault


def vpn_down(world: World) -> None:
    world.gluetun.status, world.gluetun.public_ip = "crashed", ""
    world.inspect["gluetun"]["State"]["Health"]["Status"] = "unhealthy"


def crashed_unnoticed(world: World) -> None:
    world.gluetun.status, world.gluetun.public_ip = "crashed", ""


def private_control(world: World) -> None:
    world.gluetun.key, world.gluetun.private = made_up("another key"), True


def leak(v4: str | None, v6: str | None) -> Fault:
    def fault(world: World) -> None:
        world.egress = Egress(v4=v4 or world.egress.v4, v6=v6, source=world.egress.source)

    return fault


def bound_elsewhere(world: World) -> None:
    world.qbittorrent.preferences["current_network_interface"] = "wg0"


def banned(world: World) -> None:
    world.qbittorrent.failures = 5


def other_port(world: World) -> None:
    world.qbittorrent.listens_on = 9090


def never_synced(world: World) -> None:
    del world.prowlarr.providers["applications"][0]
    world.radarr.providers["indexer"] = []


def sync_off(world: World) -> None:
    world.prowlarr.providers["applications"][0]["syncLevel"] = "disabled"
    world.radarr.providers["indexer"] = []


def back_off(world: World) -> None:
    world.prowlarr.paused = [
        {"indexerId": one["id"], "disabledTill": "2026-11-23T12:00:00Z", "mostRecentFailure": "2026-11-23T06:00:00Z"}
        for one in world.prowlarr.providers["indexer"]
    ]


def no_results(world: World) -> None:
    world.prowlarr.results = {2000: ["Another Film"], 5000: ["Pioneer One S01E01 720p"]}


def unproved(world: World) -> None:
    world.radarr.history = []


def full(world: World) -> None:
    for app in (world.radarr, world.sonarr):
        app.free = dict.fromkeys(app.roots, 60 * 2**20)


def silent_agents(world: World) -> None:
    world.overseerr.agents = dict.fromkeys(world.overseerr.agents, False)


def no_scan(world: World) -> None:
    world.plex.preferences |= {"FSEventLibraryUpdatesEnabled": False, "ScheduledLibraryUpdatesEnabled": False}


def complains(world: World) -> None:
    world.radarr.health_items = [
        {"source": "AppDataLocationCheck", "type": "error", "message": "Updating is not possible", "wikiUrl": ""}
    ]


def unreadable(world: World) -> None:
    world.plex.unreadable = True


def self_signed(app: str) -> Fault:
    def fault(world: World) -> None:
        world.apps[app].stop()
        world.apps[app].start(tls=certificate(Path(world.media)))
        service(world, app, url=world.apps[app].url.replace("http:", "https:"))

    return fault


def redirect(app: App) -> Response:
    return Response(status=302, headers={"Location": "https://login.example/?next=/"})


def login_page(app: App) -> Response:
    return words("<html>Sign in</html>", kind="text/html")


def crash(app: App) -> Response:
    return words("database disk image is malformed", 500)
