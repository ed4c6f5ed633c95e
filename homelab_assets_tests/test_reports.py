"""Report files: dated where the operator lives, whole, pruned only when asked."""

from datetime import date
from pathlib import Path

import pytest

from homelab_assets.reports import local_day, prune, write_report
from homelab_assets_tests.orchestration.world import make_lab


@pytest.mark.parametrize(
    ("zone", "day"), [("Europe/Brussels", "2026-11-24"), ("UTC", "2026-11-23"), ("America/New_York", "2026-11-23")]
)
def test_a_report_is_dated_where_the_operator_lives(zone: str, day: str) -> None:
    assert local_day("2026-11-23T23:30:00Z", zone) == day


def test_a_second_report_of_the_day_replaces_the_first(tmp_path: Path) -> None:
    lab = make_lab(tmp_path, schedule={"timezone": "UTC"})
    for text in ("one", "two"):
        paths = write_report(lab, "cleanup", "2026-11-23T06:00:00Z", {"md": text})
    assert [path.name for path in paths] == ["cleanup-2026-11-23.md"]
    assert [file.read_text() for file in lab.reports.iterdir()] == ["two"]


def test_only_old_reports_are_pruned_and_only_when_asked(tmp_path: Path) -> None:
    names = [
        "drift-2026-10-01.md",
        "drift-2026-11-20.json",
        "AUDIT_TRAIL.md",
        "drift-2026-99-99.md",
        "notes-2020-01-01.md",
    ]
    for name in names:
        (tmp_path / name).touch()
    assert prune(tmp_path, keep_days=None, today=date(2026, 11, 23)) == ()
    gone = prune(tmp_path, keep_days=30, today=date(2026, 11, 23))
    assert [path.name for path in gone] == ["drift-2026-10-01.md"]
    assert len(list(tmp_path.iterdir())) == 4
