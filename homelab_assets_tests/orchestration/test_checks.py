"""The verdicts on a drift document: whatever an audit found fails one of them."""

from pathlib import Path

import pytest

from homelab_assets.drift.document import DriftDocument, Item, ServiceDrift, Status
from homelab_assets.orchestration.checks import asset_checks, verdict
from homelab_assets_tests.orchestration.world import make_lab


@pytest.mark.parametrize(
    ("status", "fails"),
    [
        ("clean", set()),
        ("drifted", {"no_drift", "no_breaking_drift"}),
        ("missing", {"no_drift"}),
        ("stopped", {"no_drift"}),
        ("unmanaged", {"no_unmanaged_containers"}),
        ("orphan", {"no_unmanaged_containers"}),
    ],
)
def test_whatever_an_audit_found_fails_a_check(status: Status, fails: set[str], tmp_path: Path) -> None:
    item = Item(path="image", change="changed", severity="breaking", baseline="redis:6", running="redis:7")
    items = (item,) if status == "drifted" else ()
    service = ServiceDrift(host="nas", stack="cache", service="redis", container=None, status=status, items=items)
    document = DriftDocument(generated_at="2026-11-23T06:00:00Z", hosts=(), baselines=(), services=(service,))
    *_, verdicts = asset_checks(make_lab(tmp_path))
    results = [verdict(key.name, document) for key in verdicts.check_keys]
    assert {result.check_name for result in results if not result.passed} == fails
    assert bool(fails) == bool(document.exit_code)
