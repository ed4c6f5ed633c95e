"""What can be wrong with a simulated world, by the code of the cause that it brings about.

A fault changes state, never an answer: the cause then emerges from what the apps really do. `code@place` puts the same
cause at another link.
"""

import os
import shutil
from collections.abc import Callable
from dataclasses import replace

from homelab_assets.media.clients import Egress
from homelab_assets.media.settings import Service
from homelab_assets.media.simulator.containers import bind, identity
from homelab_assets.media.simulator.server import App, Response, words
from homelab_assets.media.simulator.servarr import set_value
from homelab_assets.media.simulator.world import HOME_V4, HOME_V6, HOST_MEDIA, World, made_up

Fault = Callable[[World], None]


def apply(name: str, world: World) -> None:
    """Switch a fault on.

    Raises:
        ValueError: no such fault; the message lists all.
    """
    if name not in FAULTS:
        raise ValueError(f"no fault {name}; known: {', '.join(FAULTS)}")
    FAULTS[name](world)


def _service(world: World, app: str, **changes: str | None) -> None:
    service = world.overrides[app]
    assert service is not None
    world.overrides[app] = replace(service, **changes)  # type: ignore[arg-type]


def _stopped(app: str) -> Fault:
    def fault(world: World) -> None:
        world.apps[app].stop()
        world.inspect[app]["State"] |= {"Status": "exited", "Running": False, "ExitCode": 137}

    return fault


def _refused(app: str) -> Fault:
    return lambda world: world.apps[app].stop()


def _behind(answer: Callable[[App], Response], app: str) -> Fault:
    def fault(world: World) -> None:
        world.apps[app].broken = lambda request: answer(world.apps[app])

    return fault


def _indexers(app: str, name: str, value: object) -> Fault:
    def fault(world: World) -> None:
        for one in getattr(world, app).providers["indexer"]:
            set_value(one, name, value)

    return fault


def _each(kind: str, app: str, **changes: object) -> Fault:
    def fault(world: World) -> None:
        for one in getattr(world, app).providers[kind]:
            one |= changes

    return fault


def _field(kind: str, app: str, name: str, value: object) -> Fault:
    return lambda world: set_value(getattr(world, app).providers[kind][0], name, value)


def _environment(app: str, *variables: str) -> Fault:
    def fault(world: World) -> None:
        kept = [
            one
            for one in world.inspect[app]["Config"]["Env"]
            if one.split("=")[0] not in {v.split("=")[0] for v in variables}
        ]
        world.inspect[app]["Config"]["Env"] = [*kept, *variables]

    return fault


def _server(app: str, **changes: object) -> Fault:
    def fault(world: World) -> None:
        world.overseerr.servers[app][0] |= changes

    return fault


def _restarted(world: World) -> None:
    world.inspect["gluetun"]["State"]["StartedAt"] = "2026-11-22T03:00:00Z"
    world.qbittorrent.stop()


def _recreated(world: World) -> None:
    world.inspect["gluetun"] |= {"Id": identity("gluetun", 2)}
    world.inspect["gluetun"]["State"]["StartedAt"] = "2026-11-22T03:00:00Z"
    world.qbittorrent.stop()


def _own_network(world: World) -> None:
    torrent = world.inspect["qbittorrent"]
    torrent["HostConfig"]["NetworkMode"] = "media-downloads_default"
    torrent["NetworkSettings"]["Networks"] = {"media-downloads_default": {}}
    world.egress = Egress(v4=HOME_V4, v6=None, source="from inside qBittorrent's container")


def _vpn_down(world: World) -> None:
    world.gluetun.status, world.gluetun.public_ip = "crashed", ""
    world.inspect["gluetun"]["State"]["Health"]["Status"] = "unhealthy"


def _crashed_unnoticed(world: World) -> None:
    world.gluetun.status, world.gluetun.public_ip = "crashed", ""


def _private_control(world: World) -> None:
    world.gluetun.key, world.gluetun.private = made_up("another key"), True


def _leak(v4: str | None, v6: str | None) -> Fault:
    def fault(world: World) -> None:
        world.egress = Egress(v4=v4 or world.egress.v4, v6=v6, source=world.egress.source)

    return fault


def _bound_elsewhere(world: World) -> None:
    world.qbittorrent.preferences["current_network_interface"] = "wg0"


def _banned(world: World) -> None:
    world.qbittorrent.failures = 5


def _other_port(world: World) -> None:
    world.qbittorrent.listens_on = 9090


def _back_off(world: World) -> None:
    world.prowlarr.paused = [
        {"indexerId": one["id"], "disabledTill": "2026-11-23T12:00:00Z", "mostRecentFailure": "2026-11-23T06:00:00Z"}
        for one in world.prowlarr.providers["indexer"]
    ]


def _no_results(world: World) -> None:
    world.prowlarr.results = {2000: ["Another Film"], 5000: ["Pioneer One S01E01 720p"]}


def _private_mount(world: World) -> None:
    """qBittorrent puts films where only it has a mount: Larry's path mismatch."""
    world.inspect["qbittorrent"]["Mounts"].append(bind("/media/downloads", "/downloads"))
    world.qbittorrent.categories["radarr"]["savePath"] = "/downloads/complete/movies"


def _other_mount(world: World) -> None:
    """qBittorrent knows the downloads under a name that no other app has."""
    world.inspect["qbittorrent"]["Mounts"] = [bind("/media/downloads", "/downloads")]
    world.qbittorrent.preferences |= {"save_path": "/downloads/complete", "temp_path": "/downloads/incomplete"}
    for name, folder in (("radarr", "movies"), ("sonarr", "tv")):
        world.qbittorrent.categories[name]["savePath"] = f"/downloads/complete/{folder}"


def _in_container(world: World) -> None:
    world.qbittorrent.preferences["save_path"] = "/downloads"


def _mapping(host: str, remote: str, local: str) -> Fault:
    def fault(world: World) -> None:
        world.radarr.mappings = [{"id": 1, "host": host, "remotePath": remote, "localPath": local}]

    return fault


def _dead_mapping(world: World) -> None:
    _private_mount(world)
    _mapping("qbittorrent", "/downloads/", "/media/downloads/")(world)


def _root(*paths: str) -> Fault:
    def fault(world: World) -> None:
        world.radarr.roots = list(paths)
        for path in paths:
            world.overseerr.servers["radarr"][0]["activeDirectory"] = path

    return fault


def _read_only(world: World) -> None:
    world.inspect["radarr"]["Mounts"][0]["RW"] = False


def _split_mounts(world: World) -> None:
    parts = ("downloads", "movies", "tv")
    world.inspect["radarr"]["Mounts"] = [bind(f"/media/{part}", f"/media/{part}") for part in parts]


def _copied(world: World) -> None:
    for file in (world.media / "movies").rglob("*.mkv"):
        copy = file.with_suffix(".copy")
        shutil.copy(file, copy)
        os.replace(copy, file)


def _unproved(world: World) -> None:
    world.radarr.history = []


def _silent_agents(world: World) -> None:
    world.overseerr.agents = dict.fromkeys(world.overseerr.agents, False)


def _plex_elsewhere(world: World) -> None:
    (world.media / "old").mkdir()
    world.plex.sections[0]["Location"] = [{"id": 1, "path": "/media/old"}]


def _no_scan(world: World) -> None:
    world.plex.preferences |= {"FSEventLibraryUpdatesEnabled": False, "ScheduledLibraryUpdatesEnabled": False}


def _on_nas(world: World) -> None:
    """Plex reads the library from a volume that is an NFS export; so do all others, under the same name."""
    world.volumes = [
        {"Name": "media", "Driver": "local", "Options": {"type": "nfs", "o": "addr=192.168.50.5", "device": ":/media"}}
    ]
    for name in ("plex", "radarr", "sonarr", "qbittorrent"):
        world.inspect[name]["Mounts"] = [
            {
                "Type": "volume",
                "Name": "media",
                "Source": HOST_MEDIA,
                "Destination": "/media",
                "Driver": "local",
                "RW": True,
            }
        ]
    world.plex.events = False


def _complains(world: World) -> None:
    world.radarr.health_items = [
        {"source": "AppDataLocationCheck", "type": "error", "message": "Updating is not possible", "wikiUrl": ""}
    ]


def _unreadable(world: World) -> None:
    world.plex.unreadable = True


def _redirect(app: App) -> Response:
    return Response(status=302, headers={"Location": "https://login.example/?next=/"})


def _login_page(app: App) -> Response:
    return words("<html>Sign in</html>", kind="text/html")


def _crash(app: App) -> Response:
    return words("database disk image is malformed", 500)


FAULTS: dict[str, Fault] = {
    "container_stopped": _stopped("radarr"),
    "container_stopped@gluetun": _stopped("gluetun"),
    "unreachable": _refused("prowlarr"),
    "unreachable@radarr": _refused("radarr"),
    "unreachable@plex": _refused("plex"),
    "unreachable@applications": _field("applications", "prowlarr", "baseUrl", "http://radarr:7879"),
    "unreachable@way_back": _field("applications", "prowlarr", "prowlarrUrl", "http://prowlarr:9697"),
    "unreachable@search": _indexers("radarr", "baseUrl", "http://prowlarr:9697/1/"),
    "unreachable@downloads": _field("downloadclient", "radarr", "port", 8081),
    "unreachable@requests": _server("radarr", port=7879),
    "dns": lambda world: _service(world, "sonarr", url="http://sonarr.invalid:8989"),
    "dns@applications": _field("applications", "prowlarr", "baseUrl", "http://radarrr:7878"),
    "dns@downloads": _field("downloadclient", "radarr", "host", "qbittorrent"),
    "http_redirect": _behind(_redirect, "radarr"),
    "not_json": _behind(_login_page, "overseerr"),
    "server_error": _behind(_crash, "sonarr"),
    "key_missing": lambda world: _service(world, "radarr", api_key=None),
    "key_rejected": lambda world: _service(world, "radarr", api_key=made_up("yesterday")),
    "key_rejected@prowlarr": lambda world: _service(world, "prowlarr", api_key=made_up("yesterday")),
    "key_rejected@overseerr": lambda world: _service(world, "overseerr", api_key=made_up("yesterday")),
    "key_rejected@plex": lambda world: _service(world, "plex", token=made_up("yesterday")),
    "key_rejected@qbittorrent": lambda world: _service(world, "qbittorrent", password=made_up("yesterday")),
    "key_stale_copy": _indexers("radarr", "apiKey", made_up("prowlarr of before")),
    "key_stale_copy@applications": _field("applications", "prowlarr", "apiKey", made_up("radarr of before")),
    "key_stale_copy@downloads": _field("downloadclient", "radarr", "password", made_up("qbittorrent of before")),
    "key_stale_copy@requests": _server("radarr", apiKey=made_up("radarr of before")),
    "app_health": _complains,
    "netns_not_vpn": _own_network,
    "netns_stale_recreate": _recreated,
    "netns_stale_restart": _restarted,
    "vpn_down": _vpn_down,
    "vpn_down@tunnel": _crashed_unnoticed,
    "vpn_probe_unauthorised": _private_control,
    "killswitch_off": _environment("gluetun", "FIREWALL_ENABLED_DISABLING_IT_SHOOTS_YOU_IN_YOUR_FOOT=off"),
    "killswitch_off@subnets": _environment("gluetun", "FIREWALL_OUTBOUND_SUBNETS=0.0.0.0/0"),
    "interface_missing": _bound_elsewhere,
    "leak_v4": _leak(HOME_V4, None),
    "leak_v6": _leak(None, HOME_V6),
    "banned": _banned,
    "host_header_blocked": _other_port,
    "no_provider": lambda world: world.prowlarr.providers.update(indexer=[]),
    "no_provider@applications": lambda world: world.prowlarr.providers.update(
        applications=world.prowlarr.providers["applications"][1:]
    ),
    "no_provider@search": lambda world: world.radarr.providers.update(indexer=[]),
    "no_provider@downloads": lambda world: world.radarr.providers.update(downloadclient=[]),
    "provider_disabled": lambda world: world.prowlarr.providers["applications"][0].update(syncLevel="disabled"),
    "provider_disabled@indexers": _each("indexer", "prowlarr", enable=False),
    "provider_disabled@search": _each(
        "indexer", "radarr", enableRss=False, enableAutomaticSearch=False, enableInteractiveSearch=False
    ),
    "provider_disabled@downloads": _each("downloadclient", "radarr", enable=False),
    "provider_backoff": _back_off,
    "categories": _indexers("radarr", "categories", [8000]),
    "search_empty": _no_results,
    "path_not_mounted": _private_mount,
    "path_not_mounted@everywhere": _other_mount,
    "path_not_mounted@library": _root("/media/films"),
    "path_ephemeral": _in_container,
    "path_ephemeral@library": _root("/library"),
    "path_read_only": _read_only,
    "mapping_dead": _dead_mapping,
    "mapping_wrong": _mapping("gluetun", "/media/downloads/", "/data/"),
    "root_missing": _root(),
    "root_in_downloads": _root("/media/downloads/complete/movies"),
    "hardlink_impossible": _split_mounts,
    "hardlink_impossible@history": _copied,
    "hardlink_unproved": _unproved,
    "import_off": lambda world: world.radarr.handling.update(enableCompletedDownloadHandling=False),
    "csrf": lambda world: setattr(world.overseerr, "csrf", True),
    "default_server_missing": _server("radarr", isDefault=False),
    "request_root_missing": _server("radarr", activeDirectory="/media/old"),
    "request_profile_missing": _server("radarr", activeProfileId=99),
    "notifications_off": _silent_agents,
    "library_mismatch": _plex_elsewhere,
    "scan_disabled": _no_scan,
    "scan_no_events": _on_nas,
    "not_playable": _unreadable,
}
"""Every fault by name."""

LARRY = ("key_stale_copy", "path_not_mounted", "scan_disabled")
"""What was wrong in Larry's home: a stale key of Prowlarr in Radarr, a path mismatch, and Plex that does not scan."""

__all__ = ["FAULTS", "LARRY", "Service", "apply"]
