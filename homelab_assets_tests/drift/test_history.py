"""Since when a difference stands, what is new, what went away."""

import json
from typing import Any

import pytest
from msgspec.structs import replace

from homelab_assets.drift.document import DriftDocument
from homelab_assets.drift.history import remember
from homelab_assets.model import Unreachable
from homelab_assets_tests.drift.containers import container, image
from homelab_assets_tests.drift.world import NOW, audit, baseline, capture

LATER = "2026-11-24T06:00:00Z"
STACK = {"services": {"app": {"image": "plain:1"}}}


def audited(at: str, **env: str) -> DriftDocument:
    seen = capture([container("web", "app", env=env)], images=[image("plain:1", Cmd=["run"])])
    return replace(audit(seen, [baseline("web", STACK)]), generated_at=at)


def dates(document: DriftDocument) -> dict[str, str | None]:
    return {item.path: item.first_seen for service in document.services for item in service.items}


def test_a_difference_keeps_its_date_until_it_changes() -> None:
    first = remember(None, audited(NOW, A="1", B="1", C="1"))
    assert set(dates(first).values()) == {NOW}
    second = remember(first, audited(LATER, A="1", B="2", D="1"))
    assert dates(second) == {"environment.A": NOW, "environment.B": LATER, "environment.D": LATER}
    assert second.new == ("host/web/app: environment.D",)
    assert second.gone == ("host/web/app: environment.C",)


def test_it_is_the_same_through_json() -> None:
    first = remember(None, audited(NOW, A="1"))
    through = remember(json.loads(json.dumps(first.to_json())), audited(LATER, A="1"))
    assert dates(through) == {"environment.A": NOW}
    assert (through.new, through.gone) == ((), ())


def test_what_could_not_be_judged_is_not_gone() -> None:
    first = remember(None, audited(NOW, A="1"))
    down = audit(Unreachable(host="host", captured_at=LATER, error="down"), [baseline("web", STACK)])
    assert remember(first, down).gone == ()
    broken = audit(capture([container("web", "app")]), [baseline("web", "services: 1")])
    assert remember(first, broken).gone == ()
    # `lab.yaml` does not name its host any more.
    elsewhere = replace(audited(LATER), hosts=(), services=())
    assert remember(first, elsewhere).gone == ()


@pytest.mark.parametrize("damaged", [None, {}, {"schema": 1}, {"schema": 9}, "x", [], {"schema": 1, "services": [1]}])
def test_a_damaged_history_is_none(damaged: Any) -> None:
    assert dates(remember(damaged, audited(NOW, A="1"))) == {"environment.A": NOW}
