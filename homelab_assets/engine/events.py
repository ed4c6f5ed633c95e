"""A short look at an engine: what happened since the last one, and what its list of containers looks like."""

import hashlib
import json
import re
from contextlib import closing
from datetime import datetime
from typing import Any

from homelab_assets.engine.api import EngineApi
from homelab_assets.engine.connection import connect
from homelab_assets.engine.looks import Event, Look
from homelab_assets.errors import CaptureError
from homelab_assets.lab.settings import HostSettings

_UP = frozenset({"running", "restarting", "removing"})
_ACTIONS = (
    "create", "destroy", "rename", "update", "stop", "pause", "unpause", "start", "die", "restart",
    "connect", "disconnect",
)  # fmt: skip


def look(settings: HostSettings, since: float | None, *, read_timeout: float) -> Look:
    """Look at a host's engine.

    Args:
        since: Unix seconds of the last look by the engine's own clock; None asks for no events.

    Raises:
        CaptureError: the engine can't be reached, or answers nonsense.
    """
    with (
        closing(connect(settings)) as connection,
        closing(EngineApi(connection, read_timeout=read_timeout, width=1)) as api,
    ):
        api.negotiate()
        now = _clock(api.get("/info"))
        events = () if since is None else _events(api, since, now)
        return Look(at=now, events=events, fingerprint=fingerprint(api.get("/containers/json", all=1) or []))


def fingerprint(containers: list[dict[str, Any]]) -> str:
    """Return a digest of a list of containers that a mere restart does not change."""
    rows = sorted(
        [str(one.get("Id")), sorted(one.get("Names") or []), str(one.get("ImageID")), one.get("State") in _UP]
        for one in containers
    )
    return hashlib.sha256(json.dumps(rows).encode()).hexdigest()[:24]


def _clock(info: Any) -> float:
    try:
        # Python reads six digits of a second, the engine writes nine.
        return datetime.fromisoformat(re.sub(r"(\.\d{6})\d+", r"\1", info["SystemTime"])).timestamp()
    except (KeyError, TypeError, ValueError):
        raise CaptureError("the engine does not say what time it is", hint="is it really a Docker engine?") from None


def _events(api: EngineApi, since: float, until: float) -> tuple[Event, ...]:
    """Return the events between two moments; the answer ends at once, because `until` has passed."""
    if until <= since:
        return ()
    parameters = {
        "since": f"{since:.6f}",
        "until": f"{until:.6f}",
        "filters": json.dumps({"type": ["container", "network"], "event": list(_ACTIONS)}),
    }
    client = api.client

    def ask() -> tuple[Event, ...]:
        # Not splitlines(): a label may hold what Unicode counts as the end of a line, such as U+0085.
        text = client._result(client._get(client._url("/events"), params=parameters))
        return tuple(_event(json.loads(line)) for line in text.split("\n") if line.strip())

    return api.call("GET /events", ask)


def _event(document: dict[str, Any]) -> Event:
    actor = document.get("Actor") or {}
    kind = str(document.get("Type"))
    container = (actor.get("Attributes") or {}).get("container") if kind == "network" else actor.get("ID")
    return Event(
        kind=kind,
        action=str(document.get("Action")),
        container=str(container or ""),
        at=document.get("timeNano", 0) / 1e9,
    )
