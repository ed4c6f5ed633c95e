"""What only shows across the keys of `lab.yaml`, or takes more than a pattern to judge."""

from collections.abc import Iterator, Mapping
from typing import Any

from homelab_assets.errors import ConfigurationError
from homelab_assets.lab.schema import Mistake

_NEEDED = {"github": ("slug",), "gitea": ("slug", "url")}


def cross_mistakes(values: Mapping[str, Any], lines: Mapping[str, int]) -> list[Mistake]:
    """Return what is wrong in checked values.

    Args:
        values: as `Checker` returns them, None where something is wrong already. lines: 1-based, by dotted key.
    """
    checks = (_hosts, _names, _forges, _schedule)
    return [mistake for check in checks for mistake in check(values, lines)]


def _section(values: Mapping[str, Any], name: str) -> Mapping[str, Any]:
    return values.get(name) or {}


def _hosts(values: Mapping[str, Any], lines: Mapping[str, int]) -> Iterator[Mistake]:
    from homelab_assets.engine.address import parse_address

    if values.get("hosts") == {}:
        hint = "`drift-detector init` finds those of ~/.ssh/config"
        yield Mistake(line=lines["hosts"], key="hosts", what="names no host", hint=hint)
    for name, host in _section(values, "hosts").items():
        key = f"hosts.{name}.docker"
        try:
            parse_address((host or {}).get("docker") or "capture:x")
        except ConfigurationError as error:
            yield Mistake(line=lines[key], key=key, what=error.what, hint=error.hint)


def _names(values: Mapping[str, Any], lines: Mapping[str, int]) -> Iterator[Mistake]:
    """Names that must stand elsewhere in the file."""
    for section, key, kind, known in (
        ("media", "host", "host", "hosts"),
        ("documentation", "repository", "repository", "repositories"),
    ):
        name = _section(values, section).get(key)
        if name and name not in _section(values, known):
            yield Mistake(
                line=lines[f"{section}.{key}"],
                key=f"{section}.{key}",
                what=f"no {kind} is named {name}",
                hint=f"known {known}: " + ", ".join(_section(values, known)),
            )


def _forges(values: Mapping[str, Any], lines: Mapping[str, int]) -> Iterator[Mistake]:
    for name, repository in _section(values, "repositories").items():
        forge = (repository or {}).get("forge") or {}
        where = f"repositories.{name}.forge"
        for key in _NEEDED.get(forge.get("kind") or "", ()):
            if not forge.get(key):
                yield Mistake(line=lines[where], key=f"{where}.{key}", what=f"is missing for kind {forge['kind']}")


def _schedule(values: Mapping[str, Any], lines: Mapping[str, int]) -> Iterator[Mistake]:
    schedule = _section(values, "schedule")
    if zone := schedule.get("timezone"):
        from zoneinfo import ZoneInfo

        try:
            ZoneInfo(zone)
        except (ValueError, OSError, KeyError):  # ZoneInfoNotFoundError is a KeyError
            key = "schedule.timezone"
            yield Mistake(line=lines[key], key=key, what="is no known time zone", hint="such as Europe/Brussels")
    if cron := schedule.get("daily_audit"):
        from datetime import UTC, datetime

        from homelab_assets.documentation.cron import next_run

        try:
            fires = next_run(cron, datetime(2026, 1, 1, tzinfo=UTC)) is not None
        except ValueError:
            fires = False
        if not fires:
            key = "schedule.daily_audit"
            yield Mistake(line=lines[key], key=key, what="is no time to run at", hint="such as 0 6 * * *")
