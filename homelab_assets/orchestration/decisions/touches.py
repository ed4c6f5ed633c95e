"""Which hosts did somebody touch, and have they been quiet long enough to be audited?"""

from collections.abc import Mapping, Sequence

from msgspec import Struct, field

from homelab_assets.engine.looks import Event, Look
from homelab_assets.model import Json

QUIET = 30
"""Seconds without a further touch before a host is audited: a deploy is one touch, not twenty."""

PATIENCE = 300
"""Seconds after which a host that never falls quiet is audited all the same."""

_TELLING = frozenset({"create", "destroy", "rename", "update", "stop", "pause", "unpause"})
_CONNECTS = frozenset({"connect", "disconnect"})
_RESTARTS = frozenset({"start", "die", "restart"})


class Deaf(Struct, frozen=True, kw_only=True):
    """A host whose engine does not answer. Its cursor stays, the others go on."""

    why: str


class Decision(Struct, frozen=True, kw_only=True):
    """What follows: hosts to audit now (sorted), hosts still being worked on, and deaf ones with the reason.

    `run_key` names the touches to audit by host and moment. Dagster never runs the same key twice: a count would start
    anew, and be taken for an old one, once somebody has reset the cursor.
    """

    cursor: Json
    audit: tuple[str, ...] = ()
    waiting: tuple[str, ...] = ()
    deaf: Mapping[str, str] = field(default_factory=dict)
    run_key: str | None = None


def touched(events: Sequence[Event]) -> bool:
    """Say whether somebody changed something, as against a container that merely restarts.

    A restart by policy gives `die`, `start` and, per network, `connect`; it changes no configuration.
    """
    restarted = {event.container for event in events if event.kind == "container" and event.action in _RESTARTS}
    return any(
        (event.kind == "container" and event.action in _TELLING)
        or (event.kind == "network" and event.action in _CONNECTS and event.container not in restarted)
        for event in events
    )


def decide(cursor: Json, looks: Mapping[str, Look | Deaf]) -> Decision:
    """Say which hosts to audit.

    Args:
        cursor: `{"hosts": {host: {"at": …, "fingerprint": …, "first": …, "last": …}}}`, None at first;
            `first` and `last` are the times of the first and the last touch that no audit has followed yet.
        looks: one per configured host.
    """
    known: dict[str, dict[str, float | str | None]] = dict((cursor or {}).get("hosts", {}))
    hosts: dict[str, Json] = {}
    audit, waiting, deaf = {}, [], {}
    for host, look in sorted(looks.items()):
        if isinstance(look, Deaf):
            deaf[host] = look.why
            if host in known:
                hosts[host] = known[host]
            continue
        state = _after(known.get(host), look)
        if state["first"] is not None:
            if look.at - state["last"] >= QUIET or look.at - state["first"] >= PATIENCE:
                audit[host] = state["last"]
                state |= {"first": None, "last": None}
            else:
                waiting.append(host)
        hosts[host] = state
    return Decision(
        cursor={"hosts": hosts},
        audit=tuple(audit),
        waiting=tuple(waiting),
        deaf=deaf,
        run_key="+".join(f"{host}@{last}" for host, last in audit.items()) or None,
    )


def since(cursor: Json, host: str) -> float | None:
    """Return the moment from which the next look at a host has to ask for events; None for a host not seen before."""
    state = (cursor or {}).get("hosts", {}).get(host)
    return None if state is None else float(state["at"])


def _after(before: Json, look: Look) -> dict[str, Json]:
    """Return a host's state after a look. The first look at a host only notes how it stands."""
    state = {"at": look.at, "fingerprint": look.fingerprint, "first": None, "last": None}
    if before is None:
        return state
    first, last = before["first"], before["last"]
    # The engine's `since` is inclusive: what the former look has seen must not count twice.
    events = [event for event in look.events if event.at > before["at"]]
    if touched(events) or look.fingerprint != before["fingerprint"]:
        last = max((event.at for event in events), default=look.at)
        first = last if first is None else first
    return {**state, "first": first, "last": last}
