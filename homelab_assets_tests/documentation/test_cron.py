"""Cron expressions, as Dagster's schedules read them."""

from datetime import datetime
from zoneinfo import ZoneInfo

import pytest

from homelab_assets.documentation.cron import next_run

NOW = datetime(2026, 11, 23, 6, 30, tzinfo=ZoneInfo("Europe/Brussels"))  # a Monday


@pytest.mark.parametrize(
    ("expression", "expected"),
    [
        ("0 6 * * *", "2026-11-24 06:00"),
        ("30 6 * * *", "2026-11-24 06:30"),
        ("31 6 * * *", "2026-11-23 06:31"),
        ("*/5 * * * *", "2026-11-23 06:35"),
        ("0 */6 * * *", "2026-11-23 12:00"),
        ("0 6 * * 1", "2026-11-30 06:00"),
        ("0 6 * * sun", "2026-11-29 06:00"),
        ("0 6 * * 7", "2026-11-29 06:00"),
        ("0 6 * * mon-fri", "2026-11-24 06:00"),
        ("15,45 6-8 * * *", "2026-11-23 06:45"),
        ("0 0 1 * *", "2026-12-01 00:00"),
        ("0 0 13 * 5", "2026-11-27 00:00"),
        ("0 0 29 2 *", "2028-02-29 00:00"),
        ("0 0 31 jan *", "2027-01-31 00:00"),
        ("@daily", "2026-11-24 00:00"),
        ("@weekly", "2026-11-29 00:00"),
    ],
)
def test_next(expression: str, expected: str) -> None:
    found = next_run(expression, NOW)
    assert found is not None
    assert f"{found:%Y-%m-%d %H:%M}" == expected
    assert found.tzinfo is NOW.tzinfo


def test_never() -> None:
    assert next_run("0 0 30 2 *", NOW) is None


@pytest.mark.parametrize(
    "expression", ["", "0 6 * *", "61 * * * *", "* 24 * * *", "a b c d e", "5-1 * * * *", "*/0 * * * *", "0 6 * * xyz"]
)
def test_mistakes(expression: str) -> None:
    with pytest.raises(ValueError, match=r"cron|weekday|month"):
        next_run(expression, NOW)
