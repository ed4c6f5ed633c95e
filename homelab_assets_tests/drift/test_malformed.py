"""A host whose documents can't be compared: whose fault it is, and that the others go on."""

import gzip
import json
from pathlib import Path
from typing import Any

import pytest

from homelab_assets.drift import settling
from homelab_assets.drift.engine_shapes import mistake_in
from homelab_assets.drift.service import Judge
from homelab_assets_tests.drift.containers import container, image
from homelab_assets_tests.drift.engine29 import as_29
from homelab_assets_tests.drift.world import audit, baseline, capture

DATA = Path(__file__).parent / "data"
ONE: dict[str, Any] = {"services": {"app": {"image": "plain:1"}}}


@pytest.mark.parametrize("where", ["judging", "settling"])
def test_a_defect_in_comparing_one_host_is_a_problem_and_the_others_go_on(
    monkeypatch: pytest.MonkeyPatch, where: str
) -> None:
    def fail(*arguments: Any) -> Any:
        if any(getattr(getattr(one, "host", one), "name", None) == "odd" for one in arguments):
            raise TypeError("a defect")
        return real(*arguments)

    owner, name = (Judge, "judge") if where == "judging" else (settling, "settle_stack")
    real = getattr(owner, name)
    monkeypatch.setattr(owner, name, fail)
    seen = [
        capture([container("web", "app"), container(None, "x", name="by-hand")], host=host) for host in ("odd", "host")
    ]
    stacks = [baseline("web", ONE, endpoint=host) for host in ("odd", "host")]
    document = audit(seen, stacks)
    assert [(one.name, one.status) for one in document.hosts] == [("host", "captured"), ("odd", "captured")]
    (problem,) = document.problems
    assert (problem["kind"], problem["host"], document.exit_code) == ("container", "odd", 2)
    assert problem["what"] == "its containers could not be compared (TypeError: a defect)"
    assert {(one.host, one.service): one.status for one in document.services} == {
        ("host", "app"): "clean", ("host", "by-hand"): "unmanaged", ("odd", "app"): "unknown", ("odd", "by-hand"): "unknown",
    }  # fmt: skip


def test_documents_that_no_engine_wrote_count_as_not_captured() -> None:
    odd = container("web", "app", host={"LogConfig": 5})
    document = audit(capture([odd], images=[image("plain:1")]), [baseline("web", ONE)])
    (host,) = document.hosts
    assert (host.status, [one.status for one in document.services]) == ("unreachable", ["unreachable"])
    assert "containers[0]: Expected `object | null`, got `int` - at `$.HostConfig.LogConfig`" in str(host.error)


@pytest.mark.parametrize("name", sorted(file.name.partition(".json")[0] for file in DATA.glob("*.json.gz")))
def test_what_engines_write_has_the_shape_that_is_read(name: str) -> None:
    data = json.loads(gzip.decompress((DATA / f"{name}.json.gz").read_bytes()))
    if "containers" in data:
        assert mistake_in(capture(**data)) is None
    if "-28.5.2-" in name:
        assert mistake_in(capture(**as_29(data))) is None
