"""Looking into real containers of a real engine, over SSH: a file, what a link is, who answers from inside."""

import json
from collections.abc import Iterator
from pathlib import Path

import pytest
import yaml

from homelab_assets.lab.settings import HostSettings, load_lab
from homelab_assets.media.clients import Egress, FileIdentity, Trouble
from homelab_assets.media.clients.inside import Inside, open_inside
from homelab_assets.media.session import open_session
from homelab_assets.media.simulator import World
from homelab_assets.secrecy import Vault
from homelab_assets_tests.lab import RealLab
from homelab_assets_tests.lab.machine import Machine

HOST = "ct-media-01"
CURL = """#!/bin/sh
case "$*" in *-4*) echo 203.0.113.77;; *) echo no such thing >&2; exit 6;; esac
"""


@pytest.fixture(scope="module")
def machine(lab: RealLab) -> Iterator[Machine]:
    """A qBittorrent with a configuration file, and two names of one file."""
    host = lab.hosts[HOST]
    host.docker("run", "-d", "--name", "qb", "--network", "none", "lscr.io/linuxserver/qbittorrent:4.6.5")
    for name, text in {
        "/config/config.xml": "<Config><ApiKey>0123456789abcdef0123456789abcdef</ApiKey></Config>",
        "/data/film.mkv": "a film",
        "/usr/bin/curl": CURL,
    }.items():
        host.docker("exec", "qb", "sh", "-c", f"cat > {name} <<'E'\n{text}\nE")
    host.docker(
        "exec", "qb", "sh", "-c", "busybox ln /data/film.mkv /srv/linked.mkv; cat /data/film.mkv > /srv/copy.mkv"
    )
    yield host
    host.docker("rm", "-fv", "qb")


@pytest.fixture
def inside(lab: RealLab, machine: Machine) -> Iterator[Inside]:
    settings = HostSettings(
        name=HOST, docker=f"ssh://root@{HOST}", ssh_config=lab.ssh_config, known_hosts=lab.known_hosts
    )
    with open_inside(settings) as opened:
        assert opened is not None
        yield opened


def test_a_configuration_file_is_read_without_running_anything(inside: Inside) -> None:
    assert "<ApiKey>0123456789abcdef" in (inside.read_file("qb", "/config/config.xml") or "")
    assert inside.read_file("qb", "/config/nothing.xml") is None
    assert inside.read_file("qb", "/config") is None
    assert inside.read_file("nobody", "/config/config.xml") is None
    assert inside.effects == {"file": 4}


def test_a_link_is_told_from_a_copy(inside: Inside) -> None:
    film, linked, copy = (inside.stat("qb", path) for path in ("/data/film.mkv", "/srv/linked.mkv", "/srv/copy.mkv"))
    assert isinstance(film, FileIdentity)
    assert film == linked
    assert film.links == 2
    assert copy is not None
    assert copy.inode != film.inode
    assert inside.stat("qb", "/srv/nothing.mkv") is None
    assert inside.stat("nobody", "/data/film.mkv") is None


def test_the_address_is_asked_for_from_inside(inside: Inside, machine: Machine) -> None:
    # Without any network there is no global IPv6 address, so nobody need be asked.
    assert inside.egress("qb") == Egress(v4="203.0.113.77", v6=None, source="from inside qBittorrent's container")
    assert isinstance(inside.egress("nobody"), Trouble)


def test_a_session_finds_a_missing_key_and_looks_out_of_qbittorrents_network(
    lab: RealLab, machine: Machine, tmp_path: Path
) -> None:
    with World() as world:
        world.radarr.key = "0123456789abcdef0123456789abcdef"
        services = {
            "radarr": {"url": world.radarr.url, "container": "qb"},
            "qbittorrent": {"url": world.qbittorrent.url, "container": "qb", "password": "${PASSWORD}"},
        }
        media = {"host": HOST, "look_inside": True, "home_addresses": ["198.51.100.0/24"], "services": services}
        file = tmp_path / "lab.yaml"
        file.write_text(yaml.safe_dump({"hosts": lab.settings([HOST])["hosts"], "media": media}))
        loaded = load_lab(str(file), {"PASSWORD": world.qbittorrent.password, "HOMELAB_STATE": str(tmp_path / "state")})
        with open_session(loaded, vault=Vault(bytes(32)), salt=b"for tests") as session:
            result = session.check(generated_at="2026-11-23T06:00:00Z", active=False)
        text = json.dumps(session.document(result))
    assert result.check("radarr.key").status == "pass"
    assert "from inside qBittorrent's container: 203.0.x.x" in str(result.check("vpn.egress_v4").to_json()["evidence"])
    assert result.effects["file"] == 1
    assert result.effects["exec"] == 2
    assert world.radarr.key not in text
