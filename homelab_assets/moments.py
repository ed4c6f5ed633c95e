"""How a moment is written everywhere here: ISO 8601 UTC, to the second, so that texts sort as moments do."""

from datetime import UTC, datetime


def utc_text(moment: datetime) -> str:
    """Return a moment such as `2026-11-23T06:00:00Z`; one without a zone is taken for this machine's."""
    return moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
