"""The VPN: qBittorrent lives in Gluetun's network, the tunnel is up, and the internet does not see the home."""

import ipaddress
from collections.abc import Sequence
from datetime import datetime
from functools import partial

from homelab_assets.media.addresses import is_home, is_public, networks
from homelab_assets.media.clients import Egress, Trouble
from homelab_assets.media.containers import Container, port_of
from homelab_assets.media.probes.base import Probe, Sight, answered, listed, not_captured
from homelab_assets.media.verdicts import Fail, Pass, Skipped, Unknown, Verdict

SUBNETS = ("FIREWALL_OUTBOUND_SUBNETS", "EXTRA_SUBNETS")
"""What may bypass the tunnel; Gluetun still reads the second one, its former name."""
_OFF = {"off", "false", "no", "0", "disabled"}


def captured(sight: Sight) -> Verdict:
    """Are the containers of the media host known?"""
    if sight.containers is None:
        return not_captured(sight)
    return Pass(
        [f"{len(sight.containers.everything)} containers, of the pipeline: {listed(list(sight.containers.by_app))}"]
    )


def namespace(sight: Sight) -> Verdict:
    """Compare the id that qBittorrent's network mode names with Gluetun's. Docker never stores the name there."""
    assert sight.containers is not None
    torrent, tunnel = sight.container("qbittorrent"), sight.container("gluetun")
    if torrent is None:
        return Unknown("qBittorrent's container is not on the captured host")
    mode = torrent.network_mode
    if not mode.startswith("container:"):
        if tunnel is None and "gluetun" not in sight.settings.services:
            return Unknown("there is no Gluetun; whether downloads need a VPN is not known here")
        return Fail("netns_not_vpn", [f"network mode of {torrent} is {mode or 'the default'}"])
    identity = mode.removeprefix("container:")
    owner = sight.containers.by_id(identity)
    if owner is None:
        return Fail(
            "netns_stale_recreate",
            [f"{torrent} names container {identity[:12]}, which is gone", f"Gluetun is {tunnel}"],
        )
    if tunnel is None and "gluetun" not in sight.settings.services:
        return Unknown(f"{torrent} shares the network of {owner}; whether that is a VPN is not known here")
    if tunnel is None or owner.id != tunnel.id:
        return Fail("netns_not_vpn", [f"{torrent} shares the network of {owner}, which is not Gluetun"])
    return Pass([f"{torrent} shares the network of {owner}"])


def start_order(sight: Sight) -> Verdict:
    """A namespace does not outlive its owner's restart, so qBittorrent must have started after Gluetun."""
    torrent, tunnel = sight.container("qbittorrent"), sight.container("gluetun")
    if torrent is None or tunnel is None:
        return Skipped("there is no pair of containers to compare")
    if not (torrent.running and tunnel.running):
        return Skipped("one of the two is not running")
    before, after = _moment(tunnel), _moment(torrent)
    if before is None or after is None:
        return Unknown("Docker does not say when they started")
    seen = [f"Gluetun started {tunnel.started_at[:19]}", f"qBittorrent started {torrent.started_at[:19]}"]
    return Pass(seen) if after >= before else Fail("netns_stale_restart", seen)


def _moment(container: Container) -> datetime | None:
    try:
        return datetime.fromisoformat(container.started_at)
    except ValueError:
        return None


def running(sight: Sight) -> Verdict:
    """Judge Gluetun's container by its state and Docker's health check of it, which tests the tunnel."""
    tunnel = sight.container("gluetun")
    if tunnel is None:
        return Skipped("no container of Gluetun on this host")
    if not tunnel.running:
        return Fail("container_stopped", [f"{tunnel} is {tunnel.state.get('Status', 'not running')}"])
    match tunnel.health:
        case "healthy":
            return Pass(["Docker's health check says healthy"])
        case "unhealthy":
            return Fail("vpn_down", ["Docker's health check says unhealthy"])
        case "starting":
            return Unknown("Gluetun is still starting")
        case _ if "gluetun" in sight.settings.services:
            return Skipped("it has no health check; its control server is asked instead")
        case _:
            return Unknown("it has no health check, and no control server is configured")


def tunnel_up(sight: Sight) -> Verdict:
    """Ask Gluetun's control server."""
    assert sight.clients.gluetun is not None
    if (other := _other_gluetun(sight)) is not None:
        return Unknown(f"the control server in lab.yaml is that of {other}, and qBittorrent is not behind that one")
    found = answered(sight.clients.gluetun.alive())
    status = str(found.get("status"))
    if status in ("running", "completed"):
        return Pass([f"the control server says {status}"])
    if status in ("starting", "stopping"):
        return Unknown(f"the tunnel is {status}")
    return Fail("vpn_down", [f"the control server says {status}"])


def _other_gluetun(sight: Sight) -> Container | None:
    """Of several Gluetuns, return the one whose control server is asked, where it is known not to be qBittorrent's."""
    tunnel, service = sight.container("gluetun"), sight.settings.service("gluetun")
    if sight.containers is None or tunnel is None or service is None:
        return None
    port = port_of(service.url)
    others = [one for one in sight.containers.everything if one.image.rpartition("/")[2] == "gluetun"]
    return None if port in tunnel.published else next((one for one in others if port in one.published), None)


def kill_switch(sight: Sight) -> Verdict:
    """Read the firewall's settings off the container."""
    tunnel = sight.container("gluetun")
    if tunnel is None:
        return Skipped("no container of Gluetun on this host")
    if tunnel.environment.get("FIREWALL_ENABLED_DISABLING_IT_SHOOTS_YOU_IN_YOUR_FOOT", "on").lower() in _OFF:
        return Fail("killswitch_off", ["FIREWALL_ENABLED_DISABLING_IT_SHOOTS_YOU_IN_YOUR_FOOT is off"])
    past = {name: tunnel.environment[name] for name in SUBNETS if tunnel.environment.get(name)}
    for name, subnets in past.items():
        if wide := [text for text in subnets.split(",") if _is_everything(text)]:
            return Fail("killswitch_off", [f"{name} lets {listed(wide)} past the tunnel"], about=name)
    rights = {str(one).upper().removeprefix("CAP_") for one in tunnel.host_config.get("CapAdd") or []}
    if not rights & {"NET_ADMIN", "ALL"} and not tunnel.host_config.get("Privileged"):
        return Fail("killswitch_off", ["the container lacks NET_ADMIN, so it can't set up a firewall"])
    return Pass(["the firewall is on", f"past the tunnel: {','.join(past.values()) or 'nothing'}"])


def _is_everything(text: str) -> bool:
    try:
        return ipaddress.ip_network(text.strip(), strict=False).prefixlen < 4
    except ValueError:
        return False


def interface(sight: Sight) -> Verdict:
    """Is qBittorrent bound to an interface that exists?"""
    assert sight.clients.qbittorrent is not None
    preferences = answered(sight.clients.qbittorrent.preferences())
    bound = str(preferences.get("current_network_interface") or "")
    if not bound:
        return Pass(["bound to no interface: Gluetun's firewall alone keeps it inside"])
    known = answered(sight.clients.qbittorrent.interfaces())
    if bound not in known:
        return Fail("interface_missing", [f"bound to {bound}", f"there is only {listed(known)}"])
    tunnel = sight.container("gluetun")
    inside = tunnel.environment.get("VPN_INTERFACE", "tun0") if tunnel else "tun0"
    if bound != inside and tunnel is None:
        return Unknown(f"bound to {bound}; whether that is the tunnel is not known without Gluetun's container")
    if bound != inside:
        return Fail("interface_missing", [f"bound to {bound}", f"Gluetun's tunnel is {inside}"])
    return Pass([f"bound to {bound}"])


def egress(version: int, sight: Sight) -> Verdict:
    """Compare every address that the internet was seen to see with the home's own, for one IP version."""
    live, sightings = _sightings(sight)
    seen = [(address, source) for address, source in sightings if _version(address) == version]
    home = networks(sight.home, version)
    for address, source in seen:
        if is_home(address, home):
            return Fail(f"leak_v{version}", [f"{source}: {_shown(address)}, which is the home's"])
    if live is not None and (live.v4 if version == 4 else live.v6) is None:
        return Pass([f"{live.source}: no route to the internet over IPv{version}"])
    if version == 6 and not seen and _without_ipv6(sight.container("gluetun")):
        return Pass(["Gluetun's Docker networks have no IPv6, so nothing leads past the tunnel"])
    if not home:
        private = [one for one in sight.home if _version_of(one) == version]
        why = f"the home's IPv{version} address is not known; set media.home_addresses in lab.yaml"
        if sight.nowhere:
            why = f"{listed(sight.nowhere)} in media.home_addresses comes to no address now"
        elif private:
            why = f"media.home_addresses comes to {listed(private)}, which the internet never sees"
        return Unknown(why) if seen or version == 4 else Skipped("no IPv6 of the home is configured, and none was seen")
    if not seen:
        return Unknown(f"nobody could say which IPv{version} address the internet sees")
    if sight.nowhere:
        return Unknown(f"{listed(sight.nowhere)} comes to no address now, which may be the one that is seen")
    return Pass([f"{source}: {_shown(address)}, which is not the home's" for address, source in seen])


def _without_ipv6(tunnel: Container | None) -> bool:
    """Docker gives a container no IPv6 at all where none of its networks has it."""
    found = list(((tunnel.raw.get("NetworkSettings") or {}).get("Networks") or {}).values()) if tunnel else []
    return bool(found) and all(one.get("GlobalIPv6Address") == "" for one in found)


def _sightings(sight: Sight) -> tuple[Egress | None, Sequence[tuple[str, str]]]:
    """Return what a live look gave, and all (address, source) that are known, best first."""
    live: Egress | None = None
    found: list[tuple[str | None, str]] = []
    if sight.clients.egress is not None:
        answer = sight.clients.egress()
        if isinstance(answer, Egress):
            live = answer
            found += [(answer.v4, answer.source), (answer.v6, answer.source)]
    if sight.clients.qbittorrent is not None:
        transfer = sight.clients.qbittorrent.transfer()
        if not isinstance(transfer, Trouble):
            source = "peers of qBittorrent"
            found += [(transfer.get(f"last_external_address_v{v}"), source) for v in (4, 6)]
    # What Gluetun sees of itself says something about qBittorrent only where both are known to share a network.
    together = sight.containers is not None and isinstance(namespace(sight), Pass) and _other_gluetun(sight) is None
    if sight.clients.gluetun is not None and together:
        cached = sight.clients.gluetun.public_ip()
        if not isinstance(cached, Trouble):
            found.append((cached.get("public_ip"), "Gluetun, at its last connect"))
    return live, [(address, source) for address, source in found if address and is_public(address)]


def _version_of(text: str) -> int | None:
    try:
        return ipaddress.ip_network(text.strip(), strict=False).version
    except ValueError:
        return None


def _version(address: str) -> int:
    return ipaddress.ip_address(address).version


def _shown(address: str) -> str:
    """Shorten an address: reports may become public, and an address tells where somebody lives."""
    parts = address.split("." if "." in address else ":")
    return ".".join(parts[:2]) + ".x.x" if "." in address else ":".join(parts[:2]) + ":…"


_TUNNEL = ("vpn.namespace", "vpn.start_order", "vpn.container", "vpn.tunnel")
PROBES = (
    Probe(
        id="host.captured", link="host", app="host", title="The media host's containers are known",
        proves="What Docker runs there was read.", judge=captured,
    ),
    Probe(
        id="vpn.container", link="vpn", app="gluetun", title="Gluetun runs and is healthy",
        proves="Docker runs it, and its health check reaches the internet through the tunnel.",
        judge=running, inspects=True, needs=("host.captured",),
    ),
    Probe(
        id="vpn.namespace", link="vpn", app="qbittorrent", title="qBittorrent is inside Gluetun's network",
        proves="It has no network but the one of the Gluetun container that runs now.",
        judge=namespace, apps=("qbittorrent",), inspects=True, needs=("host.captured",),
    ),
    Probe(
        id="vpn.start_order", link="vpn", app="qbittorrent", title="qBittorrent started after Gluetun",
        proves="The network that it joined is the present one, not a leftover of before a restart.",
        judge=start_order, apps=("qbittorrent",), inspects=True, needs=("vpn.namespace",),
    ),
    Probe(
        id="vpn.tunnel", link="vpn", app="gluetun", title="The tunnel is up",
        proves="Gluetun itself says that its VPN runs.", judge=tunnel_up, apps=("gluetun",), needs=("vpn.container",),
    ),
    Probe(
        id="vpn.kill_switch", link="vpn", app="gluetun", title="The kill switch holds",
        proves="Nothing leaves past the tunnel when it drops.",
        judge=kill_switch, inspects=True, needs=("host.captured",),
    ),
    Probe(
        id="vpn.interface", link="vpn", app="qbittorrent", title="qBittorrent's interface exists",
        proves="It is bound to the tunnel, or to nothing.", judge=interface, apps=("qbittorrent",),
        needs=("qbittorrent.login", "vpn.namespace", "vpn.start_order"), deep=True,
    ),
    *(
        Probe(
            id=f"vpn.egress_v{version}", link="vpn", app="qbittorrent",
            title=f"Downloads do not show the home's IPv{version}",
            proves=f"The IPv{version} address that the internet sees of qBittorrent is not one of the home's.",
            judge=partial(egress, version), apps=("qbittorrent",), needs=(*_TUNNEL, "qbittorrent.login"), deep=True,
        )
        for version in (4, 6)
    ),
)  # fmt: skip
