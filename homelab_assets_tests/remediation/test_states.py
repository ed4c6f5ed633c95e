"""In which states a run may find the base branch and the pull requests of earlier runs, and what it makes of them."""

from collections.abc import Callable
from typing import Any

import pytest

from homelab_assets_tests.forge.git import run
from homelab_assets_tests.remediation.test_flow import COMPOSE, statuses
from homelab_assets_tests.remediation.world import World

pytestmark = pytest.mark.scenario


def test_a_base_that_was_rewritten_makes_nobody_s_branch_a_person_s(one_world: World) -> None:
    one_world.run(only="pihole")
    pull = one_world.pull("pihole")
    old = one_world.repository.branch("main")
    run(one_world.other, "commit", "-q", "--amend", "-m", "feat: with another message")
    run(one_world.other, "push", "-q", "--force", "origin", "main")
    assert statuses(one_world.run(only="pihole")) == {"pihole": "updated"}
    assert pull.comments == []
    # What the base dropped does not come back with the merge.
    assert old not in run(one_world.origin, "rev-list", pull.head).split()
    assert statuses(one_world.run(only="pihole")) == {"pihole": "unchanged"}
    # The commits of a person count all the same.
    one_world.push_by_hand(pull.head, "README.md", "# ", "# My ")
    assert statuses(one_world.run(only="pihole")) == {"pihole": "edited"}


def test_a_merge_that_the_base_dropped_is_proposed_again(one_world: World) -> None:
    one_world.run(only="pihole")
    before = one_world.repository.branch("main")
    one_world.repository.merge(one_world.pull("pihole").number)
    run(one_world.origin, "update-ref", "refs/heads/main", str(before))
    assert statuses(one_world.run(only="pihole")) == {"pihole": "opened"}
    assert [pull.state for pull in one_world.repository.pulls] == ["merged", "open"]


def test_a_person_may_reopen_what_the_audit_closed_and_decline_it_then(world: World) -> None:
    world.run()
    pull = world.pull("pihole")
    assert statuses(world.run(without="pihole"))["pihole"] == "closed"
    pull.state = "open"
    assert statuses(world.run())["pihole"] == "updated"
    assert statuses(world.run())["pihole"] == "unchanged"
    pull.state = "closed"
    assert statuses(world.run())["pihole"] == "declined"


def no_container(world: World) -> None:
    world.change("ct-docker-01", "pihole", lambda document: document.update(Name="/another", Config={}))


def stopped_as_git_says(world: World) -> None:
    def stop(document: dict[str, Any]) -> None:
        document["State"] |= {"Status": "exited", "Running": False, "ExitCode": 1}
        changed = [entry for entry in document["Config"]["Env"] if entry.startswith("PIHOLE_DNS_=")]
        document["Config"]["Env"].remove(changed[0])
        document["Config"]["Env"].append("PIHOLE_DNS_=1.1.1.1;1.0.0.1")

    world.change("ct-docker-01", "pihole", stop)


def no_service(world: World) -> None:
    world.push_files({COMPOSE: "services:\n  other:\n    image: busybox:1.37\n"})


def no_stack(world: World) -> None:
    run(world.other, "rm", "-q", "-r", "stacks/dns-pihole")
    world.push_files({})


@pytest.mark.parametrize(
    ("happens", "why"),
    [(no_container, "service is gone"), (no_service, "service is gone"), (no_stack, "service is gone"),
     (stopped_as_git_says, "host and git agree")],
)  # fmt: skip
def test_closed_when_there_is_nothing_left_to_agree_on(
    one_world: World, happens: Callable[[World], None], why: str
) -> None:
    one_world.run(only="pihole")
    happens(one_world)
    one_world.run()
    pull = next(pull for pull in one_world.repository.pulls if "/pihole " in pull.body)
    assert (pull.state, [why in comment for comment in pull.comments]) == ("closed", [True])
