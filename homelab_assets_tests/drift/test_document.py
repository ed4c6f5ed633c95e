"""The document is what its schema says, survives JSON, and counts what it holds."""

import json
from pathlib import Path
from typing import Any

import jsonschema
import pytest

from homelab_assets import drift
from homelab_assets.drift.document import DriftDocument
from homelab_assets.model import Unreachable
from homelab_assets_tests.drift import stacks
from homelab_assets_tests.drift.containers import container, image
from homelab_assets_tests.drift.world import NOW, audit, baseline, capture, recording


def _documents() -> dict[str, DriftDocument]:
    git, _, _ = stacks.manual_changes()
    down = Unreachable(host="b", captured_at=NOW, error="no route", hint="wake it up")
    one = capture([container("web", "app"), container("x", "y")], images=[image("plain:1", Cmd=["run"])], host="a")
    web = {"services": {"app": {"image": "plain:1"}, "gone": {"image": "plain:1"}}}
    return {
        "empty": audit((), ()),
        "changed": audit(recording("manual-28.5.2-compose-2.40.3"), [baseline("manual", git)]),
        "mixed": audit([one, down], [
            baseline("web", web, endpoint="a"), baseline("bad", "services: 1", endpoint="a"),
            baseline("web", web, endpoint="b"),
        ]),
    }  # fmt: skip


DOCUMENTS = _documents()
SCHEMA = json.loads((Path(drift.__file__).parent / "schema" / "drift-v1.json").read_text(encoding="utf-8"))


@pytest.mark.parametrize("name", DOCUMENTS)
def test_it_is_what_the_schema_says(name: str) -> None:
    data = json.loads(json.dumps(DOCUMENTS[name].to_json()))
    jsonschema.Draft202012Validator(SCHEMA).validate(data)


@pytest.mark.parametrize("name", DOCUMENTS)
def test_it_survives_json(name: str) -> None:
    data = json.loads(json.dumps(DOCUMENTS[name].to_json()))
    assert json.loads(json.dumps(DriftDocument.from_json(data).to_json())) == data


def test_what_a_later_version_adds_is_passed_over() -> None:
    data = json.loads(json.dumps(DOCUMENTS["changed"].to_json()))
    later = json.loads(json.dumps(data))
    for record in (later, *later["hosts"], *later["services"], *(i for s in later["services"] for i in s["items"])):
        record["later"] = {"a": 1}
    assert DriftDocument.from_json(later) == DriftDocument.from_json(data)


PASSWORD = "postgres://larry:correct-horse-battery@db/app"


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"services": [{"host": "a"}]}, r"Object missing required field `stack` - at `\$.services\[0\]`"),
        ({"hosts": [{"name": "a", "status": PASSWORD}]}, r"Invalid enum value .* - at `\$.hosts\[0\].status`"),
        ({"baselines": PASSWORD}, r"Expected `array`, got `str` - at `\$.baselines`"),
        ({"generated_at": None}, r"Expected `str`, got `null` - at `\$.generated_at`"),
    ],
)
def test_what_is_no_document_is_told_by_its_place(change: dict[str, Any], message: str) -> None:
    with pytest.raises(ValueError, match=f"not a drift document: {message}") as raised:
        DriftDocument.from_json({**json.loads(json.dumps(DOCUMENTS["empty"].to_json())), **change})
    assert "correct-horse-battery" not in str(raised.value)


def test_the_schema_is_a_schema() -> None:
    jsonschema.Draft202012Validator.check_schema(SCHEMA)


def test_coverage_is_counted_by_host() -> None:
    document = DOCUMENTS["mixed"]
    coverage = {host.name: host.coverage for host in document.hosts}
    assert coverage["a"]["services"] == 3
    assert coverage["a"]["compared"] > 10
    assert coverage["b"] == {"services": 2, "compared": 0, "uncompared": 0, "ignored": 0, "verified": 0}
    assert document.hosts[1].hint == "wake it up"


def test_services_stand_in_order() -> None:
    services = [(one.host, one.stack or "", one.service) for one in DOCUMENTS["mixed"].services]
    assert services == sorted(services)
