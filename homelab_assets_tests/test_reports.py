"""Report files: dated where the operator lives, whole, pruned only when asked."""

import json
from datetime import UTC, date, datetime
from pathlib import Path

import pytest

from homelab_assets.audit import read_history, remember
from homelab_assets.documentation_inputs import last_pipeline
from homelab_assets.drift.document import DriftDocument
from homelab_assets.reports import local_day, prune, write_report
from homelab_assets.status_files import read_leftovers
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


def audited(moment: str) -> DriftDocument:
    return DriftDocument(generated_at=moment, hosts=(), baselines=(), services=())


def test_a_clock_that_jumps_ahead_costs_neither_reports_nor_history(tmp_path: Path) -> None:
    lab = make_lab(tmp_path, schedule={"timezone": "UTC"}, reports={"keep_days": 30})
    for moment in ("2026-11-21T06:00:00Z", "2026-11-22T06:00:00Z", "2031-01-01T06:00:00Z", "2026-11-23T06:00:00Z"):
        document = audited(moment)
        remember(lab, document)
        write_report(lab, "drift", moment, {"json": json.dumps(document.to_json())})
    kept = [path.name for path in sorted(lab.reports.iterdir())]
    assert kept == [f"drift-{day}.json" for day in ("2026-11-21", "2026-11-22", "2026-11-23", "2031-01-01")]
    history, _ = read_history(lab)
    assert history is not None
    assert history.generated_at == "2026-11-23T06:00:00Z"
    left = read_leftovers(lab, datetime(2026, 11, 23, 7, tzinfo=UTC))
    assert left.document is not None
    assert left.document.generated_at == "2026-11-23T06:00:00Z"
    assert left.problems == [
        f"{lab.reports / 'drift-2031-01-01.json'} is from the future: the clock was wrong then; delete it"
    ]


def test_a_persons_file_is_no_report_and_nothing_from_the_future(tmp_path: Path) -> None:
    lab = make_lab(tmp_path, schedule={"timezone": "UTC"})
    lab.reports.mkdir(parents=True, exist_ok=True)
    for name in ("drift-notes.json", "drift-2026-11-22-copy.json", "pipeline-test-mine.json"):
        (lab.reports / name).write_text("{}")
    left = read_leftovers(lab, datetime(2026, 11, 23, 7, tzinfo=UTC))
    assert (left.document, left.pipeline, left.problems) == (None, None, [])


def test_documents_show_no_result_of_the_pipeline_from_the_future(tmp_path: Path) -> None:
    for day in ("2025-01-01", "2199-01-01"):
        result = {"schema": 1, "generated_at": f"{day}T06:00:00Z", "checks": []}
        (tmp_path / f"pipeline-test-{day}.json").write_text(json.dumps(result))
    found = last_pipeline(tmp_path)
    assert found is not None
    assert found["generated_at"] == "2025-01-01T06:00:00Z"


def test_an_older_audit_that_ends_later_does_not_replace_the_newer_one(tmp_path: Path) -> None:
    lab = make_lab(tmp_path)
    for moment in ("2026-11-23T06:05:00Z", "2026-11-23T06:00:00Z"):
        remember(lab, audited(moment))
    history, _ = read_history(lab)
    assert history is not None
    assert history.generated_at == "2026-11-23T06:05:00Z"


@pytest.mark.parametrize(
    ("tested", "looked", "counts"),
    [
        (("07:00", "fail"), ("07:05", "pass"), "07:00"),
        (("07:00", "pass"), ("07:05", "pass"), "07:00"),
        (("07:00", "pass"), ("07:05", "fail"), "07:05"),
        (("07:00", "pass"), ("07:05", "unknown"), "07:05"),
        (("07:10", "pass"), ("07:05", "fail"), "07:10"),
        (None, ("07:05", "pass"), "07:05"),
    ],
)
def test_a_look_at_the_health_that_found_nothing_does_not_replace_a_test_of_the_pipeline(
    tmp_path: Path, tested: tuple[str, str] | None, looked: tuple[str, str], counts: str
) -> None:
    lab = make_lab(tmp_path, schedule={"timezone": "UTC"})
    look = lab.state / "assets" / "media_health.json"
    for file, result in ((lab.reports / "pipeline-test-2026-11-23.json", tested), (look, looked)):
        if result:
            file.parent.mkdir(parents=True, exist_ok=True)
            checks = [{"id": "radarr.answers", "status": result[1]}]
            file.write_text(json.dumps({"generated_at": f"2026-11-23T{result[0]}:00Z", "checks": checks}))
    left = read_leftovers(lab, datetime(2026, 11, 23, 8, tzinfo=UTC))
    assert left.pipeline is not None
    assert left.pipeline["generated_at"] == f"2026-11-23T{counts}:00Z"
