"""Where paths, addresses and containers lead: values in, values out."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from rich.pretty import pretty_repr

from homelab_assets.media.addresses import is_home, is_public, networks
from homelab_assets.media.clients.names import resolved
from homelab_assets.media.containers import Container, media_containers
from homelab_assets.media.folders import category_folder, client_folder
from homelab_assets.media.mounts import Ephemeral, Place, is_inside, resolve
from homelab_assets.media.probes.paths import judge_folder
from homelab_assets.media.settings import MediaPaths, MediaSettings, Service
from homelab_assets.media.simulator.containers import bind, document, identity
from homelab_assets.media.verdicts import Fail, Pass, Unknown


def container(
    *mounts: dict[str, Any], volumes: dict[str, dict[str, str]] | None = None, **host_config: Any
) -> Container:
    raw = document("radarr", mounts)
    raw["HostConfig"] |= host_config
    return Container(raw, volumes or {})


def volume(name: str, destination: str) -> dict[str, Any]:
    return {
        "Type": "volume",
        "Name": name,
        "Source": f"/var/lib/docker/volumes/{name}/_data",
        "Destination": destination,
        "RW": True,
    }


@pytest.mark.parametrize(
    ("path", "host"),
    [
        ("/media", "/srv/media"),
        ("/media/", "/srv/media"),
        ("/media/movies/../tv", "/srv/media/tv"),
        ("/media/downloads/x", "/mnt/fast/x"),
        ("/media/downloadsx", "/srv/media/downloadsx"),
        ("/data/x", "volume media:/x"),
        ("/elsewhere", None),
        ("/", None),
    ],
)
def test_the_longest_mount_decides(path: str, host: str | None) -> None:
    place = resolve(
        container(bind("/srv/media", "/media"), bind("/mnt/fast", "/media/downloads"), volume("media", "/data")), path
    )
    assert (place.host if isinstance(place, Place) else None) == host


def test_a_volume_that_is_a_bind_is_the_folder_behind_it() -> None:
    options = {"media": {"type": "none", "o": "bind", "device": "/media"}}
    shown = resolve(container(volume("media", "/data"), volumes=options), "/data/movies")
    written = resolve(container(bind("/media", "/media")), "/media/movies")
    assert isinstance(shown, Place)
    assert isinstance(written, Place)
    assert shown.same_as(written) is True
    unknown = resolve(container(volume("media", "/data")), "/data/movies")
    assert isinstance(unknown, Place)
    assert unknown.same_as(written) is None


def test_a_network_volume_is_known_as_one_and_tmpfs_as_fleeting() -> None:
    nas = resolve(
        container(volume("nas", "/data"), volumes={"nas": {"type": "nfs", "o": "addr=nas", "device": ":/x"}}), "/data/a"
    )
    assert isinstance(nas, Place)
    assert nas.network == "nfs"
    assert isinstance(resolve(container({"Type": "tmpfs", "Destination": "/tmp"}), "/tmp/x"), Ephemeral)


parts = st.lists(st.sampled_from(["media", "movies", "downloads", "tv", "m"]), max_size=4)


@given(parts, parts)
def test_what_is_inside_resolves_inside(parent: list[str], below: list[str]) -> None:
    top = "/" + "/".join(parent)
    path = "/".join([top.rstrip("/"), *below]) or "/"
    assert is_inside(path, top)
    place = resolve(container(bind("/host", top)), path)
    assert isinstance(place, Place)
    assert is_inside(place.host, "/host")


@pytest.mark.parametrize(
    ("category", "categories", "automatic", "folder"),
    [
        ("radarr", {"radarr": {"savePath": "/media/x"}}, True, "/media/x"),
        ("radarr", {"radarr": {"savePath": "x/y"}}, True, "/downloads/x/y"),
        ("radarr", {"radarr": {"savePath": ""}}, True, "/downloads/radarr"),
        ("radarr", {"radarr": {"savePath": ""}}, False, "/downloads"),
        ("radarr", {}, True, "/downloads"),
        ("", {}, True, "/downloads"),
    ],
)
def test_where_a_category_saves(category: str, categories: dict[str, Any], automatic: bool, folder: str) -> None:
    assert category_folder(category, {"save_path": "/downloads/", "auto_tmm_enabled": automatic}, categories) == folder


def test_the_first_mapping_of_the_clients_host_wins_and_others_are_dead() -> None:
    mappings = [
        {"host": "qbittorrent", "remotePath": "/downloads/", "localPath": "/wrong/"},
        {"host": "GLUETUN", "remotePath": "/other/", "localPath": "/wrong/"},
        {"host": "gluetun", "remotePath": "/downloads/", "localPath": "/media/downloads/"},
        {"host": "gluetun", "remotePath": "/", "localPath": "/wrong/"},
    ]
    found = client_folder("/downloads/movies", "gluetun", mappings, ["gluetun"])
    assert found.local == "/media/downloads/movies"
    assert found.mapping == mappings[2]
    assert found.dead == [mappings[0]]
    assert client_folder("/other/x", "gluetun", mappings, ["gluetun"]).mapping == mappings[1]


def test_a_mapping_that_is_needed_and_right_passes() -> None:
    writer, reader = container(bind("/media/downloads", "/downloads")), container(bind("/media", "/media"))
    mapping = {"host": "gluetun", "remotePath": "/downloads/", "localPath": "/media/downloads/"}
    good = client_folder("/downloads/movies", "gluetun", [mapping], ["gluetun"])
    assert isinstance(judge_folder("radarr", good, writer, reader), Pass)
    bad = client_folder("/downloads/movies", "gluetun", [{**mapping, "localPath": "/media/films/"}], ["gluetun"])
    verdict = judge_folder("radarr", bad, writer, reader)
    assert isinstance(verdict, Fail)
    assert verdict.cause == "path_not_mounted"


def test_a_volume_against_a_folder_is_not_guessed() -> None:
    folder = client_folder("/data/x", "gluetun", [], ["gluetun"])
    verdict = judge_folder("radarr", folder, container(volume("media", "/data")), container(bind("/srv", "/data")))
    assert isinstance(verdict, Unknown)


@pytest.mark.parametrize(
    ("address", "home", "public"),
    [
        ("198.51.100.23", True, True),
        ("198.51.100.24", False, True),
        ("2001:db8:50:1::9", True, True),
        ("2001:db8:51::1", False, True),
        ("192.168.50.161", False, False),
        ("fd00::1", False, False),
        ("127.0.0.1", False, False),
    ],
)
def test_whose_address_it_is(address: str, home: bool, public: bool) -> None:
    known = ["198.51.100.23", "2001:db8:50::/48", "nonsense"]
    assert is_home(address, [*networks(known, 4), *networks(known, 6)]) is home
    assert is_public(address) is public


def test_names_of_the_home_are_looked_up_and_unknown_ones_left_out() -> None:
    assert "127.0.0.1" in resolved(["localhost", "198.51.100.0/24"])
    assert resolved(["2001:db8::/48", "home.invalid"]) == ["2001:db8::/48"]


def test_apps_are_found_by_service_name_or_image() -> None:
    def named(name: str, image: str, service: str | None = None) -> dict[str, Any]:
        labels = {"com.docker.compose.service": service} if service else {}
        return {
            "Id": identity(name),
            "Name": f"/{name}",
            "State": {"Running": True},
            "Config": {"Image": image, "Labels": labels},
        }

    documents = [
        named("media-radarr-1", "lscr.io/linuxserver/radarr:5", "radarr"),
        named("vpn", "qmcgaw/gluetun@sha256:abc", "vpn"),
        named("pms", "plexinc/pms-docker:latest"),
        named("requests", "ghcr.io/seerr-team/seerr:v3"),
        named("radarr-exporter", "ghcr.io/onedr0p/exportarr:v2"),
        named("films", "registry:5000/library/sonarr"),
        named("indexers", "hotio/prowlarr"),
        named("torrents", "qbittorrentofficial/qbittorrent-nox:5.1.2-1"),
    ]
    found = media_containers(documents, MediaSettings(services={"prowlarr": Service(url="http://x", container="vpn")}))
    assert {app: one.name for app, one in found.by_app.items()} == {
        "radarr": "media-radarr-1",
        "gluetun": "vpn",
        "plex": "pms",
        "overseerr": "requests",
        "sonarr": "films",
        "prowlarr": "vpn",
        "qbittorrent": "torrents",
    }


def test_settings_file_seerr_under_overseerr_and_hide_their_secrets() -> None:
    settings = MediaSettings(services={"seerr": Service(url="http://x", api_key="very-secret")})
    assert settings.service("overseerr") is not None
    assert "very-secret" not in repr(settings) + pretty_repr(settings)
    assert settings.secrets == ("very-secret",)
    assert MediaPaths().root == "/media"
