"""Network namespaces of real containers: what Gluetun's restart and recreation do to qBittorrent, and how it shows."""

import json
from collections.abc import Iterator

import pytest

from homelab_assets.media.clients import Clients
from homelab_assets.media.containers import media_containers
from homelab_assets.media.probes import PROBES, Sight
from homelab_assets.media.settings import MediaSettings, Service
from homelab_assets.media.verdicts import Fail, Pass, Verdict
from homelab_assets_tests.lab import RealLab
from homelab_assets_tests.lab.machine import Machine

HOST, STACK = "ct-media-01", "media-downloads"
SETTINGS = MediaSettings(
    services={"qbittorrent": Service(url="http://unused"), "gluetun": Service(url="http://unused")}
)


@pytest.fixture
def media(lab: RealLab) -> Iterator[Machine]:
    lab.deploy(STACK, HOST)
    yield lab.hosts[HOST]
    lab.clear(HOST)


def judge(machine: Machine, identity: str) -> Verdict:
    """Run one probe on what the engine says now."""
    documents = json.loads(machine.docker("inspect", *machine.docker("ps", "-aq").split()))
    sight = Sight(settings=SETTINGS, clients=Clients(), containers=media_containers(documents, SETTINGS))
    return next(probe for probe in PROBES if probe.id == identity).judge(sight)


def cause(verdict: Verdict) -> str:
    assert isinstance(verdict, Fail), verdict
    return verdict.cause


def interfaces(machine: Machine) -> set[str]:
    """Return the network interfaces that qBittorrent's process really has."""
    pid = json.loads(machine.docker("inspect", "qbittorrent"))[0]["State"]["Pid"]
    lines = machine.run("cat", f"/proc/{pid}/net/dev").stdout.splitlines()[2:]
    return {line.split(":")[0].strip() for line in lines} - {"tunl0", "sit0", "ip6tnl0", "gre0", "gretap0", "erspan0"}


def test_a_fresh_deployment_is_inside_gluetuns_network(media: Machine) -> None:
    assert isinstance(judge(media, "vpn.namespace"), Pass)
    assert isinstance(judge(media, "vpn.start_order"), Pass)
    assert "eth0" in interfaces(media)


def test_a_restart_of_gluetun_leaves_qbittorrent_behind(media: Machine) -> None:
    media.docker("restart", "-t", "0", "gluetun")
    assert isinstance(judge(media, "vpn.namespace"), Pass)
    assert cause(judge(media, "vpn.start_order")) == "netns_stale_restart"
    assert "eth0" not in interfaces(media)
    media.docker("restart", "-t", "0", "qbittorrent")
    assert isinstance(judge(media, "vpn.start_order"), Pass)
    assert "eth0" in interfaces(media)


def test_a_new_gluetun_leaves_qbittorrent_without_any_network(media: Machine, lab: RealLab) -> None:
    media.docker("rm", "-f", "gluetun")
    lab.compose(HOST, STACK, "up", "-d", "--no-deps", "gluetun")
    assert cause(judge(media, "vpn.namespace")) == "netns_stale_recreate"
    assert "eth0" not in interfaces(media)
    lab.compose(HOST, STACK, "up", "-d", "--force-recreate", "--no-deps", "qbittorrent")
    assert isinstance(judge(media, "vpn.namespace"), Pass)
    assert isinstance(judge(media, "vpn.start_order"), Pass)
    assert "eth0" in interfaces(media)


def test_a_network_of_its_own_is_seen(media: Machine) -> None:
    media.docker("rm", "-f", "qbittorrent")
    media.docker("run", "-d", "--name", "qbittorrent", "lscr.io/linuxserver/qbittorrent:4.6.5")
    assert cause(judge(media, "vpn.namespace")) == "netns_not_vpn"
