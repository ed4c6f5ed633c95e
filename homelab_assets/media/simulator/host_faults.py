"""Faults of the simulated host: containers, mounts and folders."""

import os
import shutil
from collections.abc import Callable

from homelab_assets.media.clients import Egress
from homelab_assets.media.simulator.containers import bind, identity
from homelab_assets.media.simulator.world import HOME_V4, HOST_MEDIA, World

Fault = Callable[[World], None]


def stopped(app: str) -> Fault:
    def fault(world: World) -> None:
        # qBittorrent is reached through Gluetun's ports, and not at all without it.
        for gone in (app, "qbittorrent") if app == "gluetun" else (app,):
            world.apps[gone].stop()
        world.inspect[app]["State"] |= {"Status": "exited", "Running": False, "ExitCode": 137}

    return fault


def environment(app: str, *variables: str) -> Fault:
    def fault(world: World) -> None:
        kept = [
            one
            for one in world.inspect[app]["Config"]["Env"]
            if one.split("=")[0] not in {v.split("=")[0] for v in variables}
        ]
        world.inspect[app]["Config"]["Env"] = [*kept, *variables]

    return fault


def restarted(world: World) -> None:
    world.inspect["gluetun"]["State"]["StartedAt"] = "2026-11-22T03:00:00Z"
    world.qbittorrent.stop()


def recreated(world: World) -> None:
    world.inspect["gluetun"] |= {"Id": identity("gluetun", 2)}
    world.inspect["gluetun"]["State"]["StartedAt"] = "2026-11-22T03:00:00Z"
    world.qbittorrent.stop()


def own_network(world: World) -> None:
    torrent = world.inspect["qbittorrent"]
    torrent["HostConfig"]["NetworkMode"] = "media-downloads_default"
    torrent["NetworkSettings"]["Networks"] = {"media-downloads_default": {}}
    world.egress = Egress(v4=HOME_V4, v6=None, source="from inside qBittorrent's container")


def private_mount(world: World) -> None:
    """qBittorrent puts films where only it has a mount: Larry's path mismatch."""
    world.inspect["qbittorrent"]["Mounts"].append(bind("/media/downloads", "/downloads"))
    world.qbittorrent.categories["radarr"]["savePath"] = "/downloads/complete/movies"


def other_mount(world: World) -> None:
    """qBittorrent knows the downloads under a name that no other app has."""
    world.inspect["qbittorrent"]["Mounts"] = [bind("/media/downloads", "/downloads")]
    world.qbittorrent.preferences |= {"save_path": "/downloads/complete", "temp_path": "/downloads/incomplete"}
    for name, folder in (("radarr", "movies"), ("sonarr", "tv")):
        world.qbittorrent.categories[name]["savePath"] = f"/downloads/complete/{folder}"


def in_container(world: World) -> None:
    world.qbittorrent.preferences["save_path"] = "/downloads"
    world.qbittorrent.categories["radarr"]["savePath"] = "movies"


def mapping(host: str, remote: str, local: str) -> Fault:
    def fault(world: World) -> None:
        world.radarr.mappings = [{"id": 1, "host": host, "remotePath": remote, "localPath": local}]

    return fault


def dead_mapping(world: World) -> None:
    private_mount(world)
    mapping("qbittorrent", "/downloads/", "/media/downloads/")(world)


def root(*paths: str) -> Fault:
    def fault(world: World) -> None:
        world.radarr.roots = list(paths)
        for path in paths:
            world.overseerr.servers["radarr"][0]["activeDirectory"] = path

    return fault


def read_only(world: World) -> None:
    world.inspect["radarr"]["Mounts"][0]["RW"] = False


def split_mounts(world: World) -> None:
    parts = ("downloads", "movies", "tv")
    world.inspect["radarr"]["Mounts"] = [bind(f"/media/{part}", f"/media/{part}") for part in parts]


def copied(world: World) -> None:
    for file in (world.media / "movies").rglob("*.mkv"):
        copy = file.with_suffix(".copy")
        shutil.copy(file, copy)
        os.replace(copy, file)


def plex_elsewhere(world: World) -> None:
    (world.media / "old").mkdir()
    world.plex.sections[0]["Location"] = [{"id": 1, "path": "/media/old"}]


def on_nas(world: World) -> None:
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
