"""The drift document in one sentence: what was found, and whether everything could be looked at."""

from dataclasses import replace

import pytest

from homelab_assets.drift.document import DriftDocument, HostStatus, Item, ServiceDrift
from homelab_assets.rendering.drift_words import headline

CAPTURED, DOWN = HostStatus(name="a", status="captured"), HostStatus(name="b", status="unreachable", error="no answer")
CLEAN = ServiceDrift(host="a", stack="s", service="web", container="web", status="clean")
DRIFTED = replace(CLEAN, status="drifted", items=(Item(path="image", change="changed", severity="breaking"),))


@pytest.mark.parametrize(
    ("hosts", "services", "sentence"),
    [
        ([CAPTURED], [], "No service was found, in git or running"),
        ([DOWN], [], "Nothing could be audited"),
        ([CAPTURED], [CLEAN], "1 service audited, no drift: what is in git is what is running"),
        ([CAPTURED, DOWN], [CLEAN], "1 service audited, no drift; not everything could be audited"),
        (
            [CAPTURED, DOWN],
            [CLEAN, DRIFTED],
            "1 drifted of 2 services; 1 difference: 1 breaking, 0 functional, 0 cosmetic; "
            "not everything could be audited",
        ),
    ],
)
def test_headline(hosts: list[HostStatus], services: list[ServiceDrift], sentence: str) -> None:
    document = DriftDocument(generated_at="2026-11-23T06:00:00Z", hosts=hosts, baselines=(), services=services)
    assert headline(document) == sentence
