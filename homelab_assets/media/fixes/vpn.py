"""The VPN: mostly compose's business."""

from homelab_assets.media.plan import ComposeEdit, Fix, Step
from homelab_assets.media.probes.vpn import SUBNETS
from homelab_assets.media.result import Check
from homelab_assets.media.situation import Situation
from homelab_assets.media.verdicts import Fail

_SWITCH = "FIREWALL_ENABLED_DISABLING_IT_SHOOTS_YOU_IN_YOUR_FOOT"


def into_namespace(check: Check, fail: Fail, situation: Situation) -> Fix | None:
    """Put qBittorrent into Gluetun's network."""
    container, tunnel = situation.container("qbittorrent"), situation.container("gluetun")
    if container is None or tunnel is None:
        return None
    service = container.service or "qbittorrent"
    # A service of another project is out of `service:`'s reach.
    together = container.stack == tunnel.stack
    edits = [
        ComposeEdit(
            stack=container.stack,
            service=service,
            path="network_mode",
            change="added",
            value=f"service:{tunnel.service or 'gluetun'}" if together else f"container:{tunnel.name}",
        )
    ]
    manual = [
        "Publish qBittorrent's port at Gluetun instead: ports of a container without a network of its own do nothing."
    ]
    return Fix(
        check=check.probe.id,
        cause=fail.cause,
        title="Put qBittorrent behind Gluetun",
        why=list(fail.evidence),
        edits=edits,
        manual=manual,
    )


def follow_gluetun(check: Check, fail: Fail, situation: Situation) -> Fix | None:
    """Make Compose restart qBittorrent together with Gluetun, and say how to get out of it now."""
    container, tunnel = situation.container("qbittorrent"), situation.container("gluetun")
    if container is None or tunnel is None:
        return None
    service, owner = container.service or "qbittorrent", tunnel.service or "gluetun"
    wanted = {"condition": "service_healthy" if tunnel.health else "service_started", "restart": True}
    edit = ComposeEdit(
        stack=container.stack, service=service, path=f"depends_on.{owner}", change="changed", value=wanted
    )
    now = (
        f"docker compose up -d --force-recreate {service}"
        if fail.cause == "netns_stale_recreate"
        else f"docker restart {container.name}"
    )
    return Fix(
        check=check.probe.id,
        cause=fail.cause,
        title="Let qBittorrent follow Gluetun's restarts",
        why=list(fail.evidence),
        edits=[edit] if container.stack == tunnel.stack else [],
        manual=[f"Now, on the host: {now}"],
    )


def kill_switch(check: Check, fail: Fail, situation: Situation) -> Fix | None:
    """Take out of compose what opens the firewall."""
    tunnel = situation.container("gluetun")
    if tunnel is None:
        return None
    service, found = tunnel.service or "gluetun", " ".join(fail.evidence)
    if _SWITCH in found:
        edit = ComposeEdit(stack=tunnel.stack, service=service, path=f"environment.{_SWITCH}", change="removed")
    elif fail.about in SUBNETS:
        edit = ComposeEdit(stack=tunnel.stack, service=service, path=f"environment.{fail.about}", change="removed")
    else:
        edit = ComposeEdit(
            stack=tunnel.stack, service=service, path="cap_add.NET_ADMIN", change="added", value="NET_ADMIN"
        )
    manual = ["If the LAN has to reach what is behind Gluetun, list only its prefixes in FIREWALL_OUTBOUND_SUBNETS."]
    return Fix(
        check=check.probe.id,
        cause=fail.cause,
        title="Close Gluetun's firewall",
        why=list(fail.evidence),
        edits=[edit],
        manual=manual,
    )


def bind_interface(check: Check, fail: Fail, situation: Situation) -> Fix | None:
    """Bind qBittorrent to the tunnel."""
    before = situation.preferences.get("current_network_interface")
    tunnel = situation.container("gluetun")
    step = Step(
        app="qbittorrent",
        action="preference",
        target={},
        field="current_network_interface",
        value=tunnel.environment.get("VPN_INTERFACE", "tun0") if tunnel else "tun0",
        before=before,
    )
    return Fix(
        check=check.probe.id,
        cause=fail.cause,
        title="Bind qBittorrent to the tunnel",
        why=list(fail.evidence),
        steps=[step],
    )
