"""Every kind of manual change, as real engines recorded it: backported alone, and a second audit finds nothing."""

from functools import cache

import pytest
from msgspec.structs import replace

from homelab_assets.model import Captured
from homelab_assets.remediation.loading import load_model
from homelab_assets.remediation.planner import plan_remediation
from homelab_assets.remediation.proof import Overlay
from homelab_assets_tests.drift import stacks
from homelab_assets_tests.drift.mutations import Mutation
from homelab_assets_tests.drift.world import audit, baseline, rechecked, recording

GIT, _, WANTED = stacks.manual_changes()
# It is never deployed: Compose forgets networks and files that nothing uses.
KEEPER = {"image": "x", "networks": ["n1", "n2"], "secrets": ["s1"], "configs": ["c1"], "volumes": ["one:/1", "two:/2"]}
EXTRA = {"e.env": 'A=1\nC="x y"\n', "l.env": "la=1\n", "s.txt": "s", "c.txt": "c"}


@cache
def recorded() -> Captured:
    return recording("manual-20.10.24-compose-2.40.3")


def alone(service: str) -> Captured:
    """The host with the containers of one service, and of the one that others refer to."""
    kept = ("anchor", service)
    labels = "com.docker.compose.service"
    found = [c for c in recorded().containers if c["Config"]["Labels"].get(labels) in kept]
    return replace(recorded(), containers=found)


@pytest.mark.parametrize(
    ("service", "mutation", "change"),
    [(name, mutation, change) for name, (mutation, change) in WANTED.items()],
    ids=[f"{mutation.name}-{change}" for mutation, change in WANTED.values()],
)
def test_a_change_is_backported_and_then_gone(service: str, mutation: Mutation, change: str) -> None:
    services = {name: GIT["services"][name] for name in ("anchor", service)} | {"keeper": KEEPER}
    stack, host = baseline("manual", {**GIT, "services": services}, extra=EXTRA), alone(service)
    document = audit(host, [stack])

    (plan,) = plan_remediation(document, [stack], load=load_model, documentation=False, recheck=rechecked(host))
    assert (mutation.path, change) in [(edit.item.path, edit.item.change) for edit in plan.edits]
    assert (plan.refused, plan.left) == ((), ())
    more = [file for file in plan.files if file.endswith(".yml") and file not in stack.files]
    edited = replace(stack, tree=Overlay(stack.tree, plan.files), files=(*stack.files, *more))
    assert [item for verdict in audit(host, [edited]).services for item in verdict.items] == []
    assert "<secret#" not in plan.body + plan.patch + plan.message
