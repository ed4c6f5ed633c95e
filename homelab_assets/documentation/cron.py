"""When a cron expression fires next: minute, hour, day, month, weekday, as Dagster's schedules read them."""

import re
from collections.abc import Sequence
from datetime import datetime, timedelta

_RANGES = ((0, 59), (0, 23), (1, 31), (1, 12), (0, 7))
_NAMES = {
    name: number
    for names, first in (("jan feb mar apr may jun jul aug sep oct nov dec", 1), ("sun mon tue wed thu fri sat", 0))
    for number, name in enumerate(names.split(), first)
}
_ALIASES = {
    "@hourly": "0 * * * *",
    "@daily": "0 0 * * *",
    "@midnight": "0 0 * * *",
    "@weekly": "0 0 * * 0",
    "@monthly": "0 0 1 * *",
    "@yearly": "0 0 1 1 *",
    "@annually": "0 0 1 1 *",
}
_PART = re.compile(r"(?P<first>\*|\d+|[a-z]{3})(?:-(?P<last>\d+|[a-z]{3}))?(?:/(?P<step>\d+))?")
_MOST_DAYS = 366 * 8 + 2
"""29 February comes back within eight years."""


def next_run(expression: str, after: datetime) -> datetime | None:
    """Return the first moment after another at which an expression fires, in the same time zone; None for never.

    Raises:
        ValueError: it is no cron expression of five fields.
    """
    fields = _ALIASES.get(expression.strip().lower(), expression).split()
    if len(fields) != 5:
        raise ValueError(f"not a cron expression of five fields: {expression!r}")
    minutes, hours, days, months, weekdays = (
        _values(text, *bounds) for text, bounds in zip(fields, _RANGES, strict=True)
    )
    either = not fields[2].startswith("*") and not fields[4].startswith("*")
    start = after.replace(second=0, microsecond=0) + timedelta(minutes=1)
    for offset in range(_MOST_DAYS):
        day = (start + timedelta(days=offset)).replace(hour=0, minute=0) if offset else start
        by_day, by_week = day.day in days, day.isoweekday() % 7 in {number % 7 for number in weekdays}
        if day.month not in months or not ((by_day or by_week) if either else (by_day and by_week)):
            continue
        found = _within(day, minutes, hours)
        if found is not None:
            return found
    return None


def _within(day: datetime, minutes: Sequence[int], hours: Sequence[int]) -> datetime | None:
    for hour in hours:
        for minute in minutes:
            if (hour, minute) >= (day.hour, day.minute):
                return day.replace(hour=hour, minute=minute)
    return None


def _values(text: str, least: int, most: int) -> Sequence[int]:
    found: set[int] = set()
    for part in text.lower().split(","):
        match = _PART.fullmatch(part)
        if match is None:
            raise ValueError(f"not a field of a cron expression: {text!r}")
        step = int(match["step"] or 1)
        if match["first"] == "*":
            first, last = least, most
        else:
            first = _number(match["first"])
            last = _number(match["last"]) if match["last"] else most if match["step"] else first
        if not (least <= first <= last <= most) or step < 1:
            raise ValueError(f"out of range in a cron expression: {text!r}")
        found.update(range(first, last + 1, step))
    return sorted(found)


def _number(text: str) -> int:
    if text.isdigit():
        return int(text)
    if text not in _NAMES:
        raise ValueError(f"not a name of a month or a weekday: {text!r}")
    return _NAMES[text]
