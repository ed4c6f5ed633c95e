"""Run the probes along the chain. A check that needs a failed one is blocked by it: one cause is one failure."""

import time
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from msgspec import to_builtins

from homelab_assets.media.causes import cause
from homelab_assets.media.clients import Clients, Trouble
from homelab_assets.media.clients.names import resolved
from homelab_assets.media.clients.transport import at_once
from homelab_assets.media.containers import MediaContainers
from homelab_assets.media.probes import PROBES, Probe, Sight
from homelab_assets.media.probes.apps import CREDENTIALS
from homelab_assets.media.probes.base import listed, not_captured, not_configured, verdict_of
from homelab_assets.media.probes.end_to_end import left_out
from homelab_assets.media.result import Check, PipelineResult
from homelab_assets.media.rules import advise
from homelab_assets.media.settings import MediaSettings
from homelab_assets.media.verdicts import Blocked, Fail, Skipped, Unknown, Verdict, scrubbed

Progress = Callable[[Check], None]


def run_pipeline(
    settings: MediaSettings,
    *,
    clients: Clients,
    generated_at: str,
    containers: MediaContainers | None = None,
    capture_error: str | None = None,
    health_only: bool = False,
    active: bool = True,
    progress: Progress | None = None,
) -> PipelineResult:
    """Check the media pipeline. Nothing is requested, downloaded or changed.

    Args:
        generated_at: ISO 8601 UTC time of the run.
        containers: of the media host; None where it was not captured, for the reason `capture_error`.
        health_only: only what is cheap enough for every five minutes.
        active: let apps test each other (`testall`, one search), which reaches trackers and counts against limits.
        progress: is called with each check as soon as it is judged.
    """
    begin = time.monotonic()
    home = {text: resolved([text]) for text in settings.home_addresses}
    sight = Sight(
        settings=settings,
        clients=clients,
        containers=containers,
        home=[address for found in home.values() for address in found],
        nowhere=[text for text, found in home.items() if not found],
        deep=not health_only,
        active=active,
        capture_error=capture_error,
    )
    _look_ahead(clients, health_only=health_only)
    return PipelineResult(
        generated_at=generated_at,
        checks=_checked(sight, progress),
        health_only=health_only,
        advice=[] if health_only else to_builtins(advise(sight)),
        effects=clients.effects(),
        seconds=time.monotonic() - begin,
    )


def _checked(sight: Sight, progress: Progress | None) -> list[Check]:
    """Judge each probe after those that it needs; return the checks in the order of the chain."""
    verdicts: dict[str, Verdict] = {}
    checks = []
    for probe in _in_order([probe for probe in PROBES if sight.deep or not probe.deep]):
        started = time.monotonic()
        verdicts[probe.id] = scrubbed(_judge(probe, sight, verdicts), sight.settings.secrets)
        check = Check(probe=probe, verdict=verdicts[probe.id], seconds=time.monotonic() - started)
        checks.append(check)
        if progress is not None:
            progress(check)
    position = {probe.id: number for number, probe in enumerate(PROBES)}
    return sorted(checks, key=lambda check: position[check.probe.id])


def _look_ahead(clients: Clients, *, health_only: bool) -> None:
    """Ask all apps for a sign of life at the same time, so that silent ones cost their time limit only once.

    The health part asks all at the same time for what it reads of each; a whole run makes it anew first.
    """

    def greet(app: str, client: Any) -> Callable[[], object]:
        ask = CREDENTIALS[app][1] if app in CREDENTIALS else None

        def both() -> object:
            alive = client.alive()
            known = alive if isinstance(alive, Trouble) or ask is None else ask(client)
            if health_only and not isinstance(known, Trouble):
                for read in _HEALTH.get(app, ()):
                    client.items(read)
            return known

        return both

    at_once([greet(app, client) for app, client in clients.all()])


_HEALTH = {"prowlarr": ("health", "indexer", "indexerstatus"), "radarr": ("health",), "sonarr": ("health",)}


def _in_order(probes: Sequence[Probe]) -> Sequence[Probe]:
    """Order probes so that each comes after those that it needs, and otherwise as in the chain."""
    wanted = {probe.id: probe for probe in probes}
    ordered: dict[str, Probe] = {}

    def place(probe: Probe) -> None:
        if probe.id not in ordered:
            for need in probe.needs:
                if need in wanted:
                    place(wanted[need])
            ordered[probe.id] = probe

    for probe in probes:
        place(probe)
    return list(ordered.values())


def _judge(probe: Probe, sight: Sight, verdicts: Mapping[str, Verdict]) -> Verdict:
    missing = [app for app in probe.apps if sight.settings.service(app) is None]
    if missing:
        return not_configured(missing, sight)
    for need in probe.needs:
        match verdicts.get(need):
            # What only costs comfort lets the other links be judged, but not the next checks of its own.
            case Fail() as fail if fail.stops or need.partition(".")[0] == probe.link:
                return Blocked(need)
            case Blocked(by) if _stops(verdicts[by]) or by.partition(".")[0] == probe.link:
                return Blocked(by)
    if probe.inspects and sight.containers is None:
        return not_captured(sight)
    if probe.whole and (open_questions := [need for need in probe.needs if _leaves_open(verdicts.get(need))]):
        return Unknown(f"not everything that it depends on could be judged: {listed(open_questions)}")
    if probe.whole and (gaps := left_out(sight, {name for name, one in verdicts.items() if isinstance(one, Skipped)})):
        return Skipped(f"not every link was looked at: {listed(gaps)}")
    if probe.active and not sight.active:
        return Skipped("not asked for: it makes the apps call each other, and trackers")
    return verdict_of(probe.judge, sight)


def _stops(verdict: Verdict) -> bool:
    return not isinstance(verdict, Fail) or verdict.stops


def _leaves_open(verdict: Verdict | None) -> bool:
    """Say whether a verdict is an open question about more than comfort."""
    return isinstance(verdict, Unknown) and (verdict.cause is None or cause(verdict.cause).severity == "error")
