"""The document is what its schema says, survives JSON, and counts what it holds."""

import json

import jsonschema
import pytest

from homelab_assets.drift.document import DriftDocument
from homelab_assets.drift.schema import drift_schema
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


@pytest.mark.parametrize("name", DOCUMENTS)
def test_it_is_what_the_schema_says(name: str) -> None:
    data = json.loads(json.dumps(DOCUMENTS[name].to_json()))
    jsonschema.Draft202012Validator(drift_schema()).validate(data)


@pytest.mark.parametrize("name", DOCUMENTS)
def test_it_survives_json(name: str) -> None:
    data = json.loads(json.dumps(DOCUMENTS[name].to_json()))
    assert json.loads(json.dumps(DriftDocument.from_json(data).to_json())) == data


def test_the_schema_is_a_schema() -> None:
    jsonschema.Draft202012Validator.check_schema(drift_schema())


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
