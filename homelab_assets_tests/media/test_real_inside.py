"""Looking into real containers of a real engine, over SSH: a file, what a link is, who answers from inside."""

from collections.abc import Iterator

import pytest

from homelab_assets.lab.settings import HostSettings
from homelab_assets.media.clients import Egress, FileIdentity, Trouble
from homelab_assets.media.clients.inside import Inside, open_inside
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
