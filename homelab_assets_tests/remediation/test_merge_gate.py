"""Nothing is merged without a person, but by policy what is cosmetic, harmless and checked."""

import pytest

from homelab_assets_tests.remediation.world import World

pytestmark = pytest.mark.scenario

ALLOWED = "remediation: {max_new_per_run: 20, max_open: 20, auto_merge: cosmetic}"
COSMETIC = "{path: environment.PIHOLE_DNS_, severity: cosmetic}, {path: privileged, severity: cosmetic}"


def opened(world: World, checks: str) -> None:
    """Open the pull request about pihole, let its checks end, and run again."""
    world.run(only="pihole")
    world.repository.checks[world.repository.branch(world.pull("pihole").head) or ""] = checks
    world.run(only="pihole")


def test_nothing_is_merged_by_default(world: World) -> None:
    world.severities = COSMETIC
    opened(world, "success")
    assert world.pull("pihole").state == "open"


@pytest.mark.parametrize(
    ("checks", "state"), [("", "open"), ("pending", "open"), ("failure", "open"), ("success", "merged")]
)
def test_the_policy_merges_what_is_cosmetic_once_its_checks_passed(world: World, checks: str, state: str) -> None:
    world.settings, world.severities = ALLOWED, COSMETIC
    opened(world, checks)
    assert world.pull("pihole").state == state


def test_the_policy_merges_nothing_that_is_functional(world: World) -> None:
    world.settings = ALLOWED
    opened(world, "success")
    assert world.pull("pihole").state == "open"


def test_what_weakens_security_is_a_draft_and_never_merged(world: World) -> None:
    world.settings, world.severities = ALLOWED, COSMETIC
    world.change("ct-docker-01", "pihole", lambda document: document["HostConfig"].update({"Privileged": True}))
    opened(world, "success")
    pull = world.pull("pihole")
    assert (pull.state, pull.draft) == ("open", True)
    assert "security" in pull.labels
    assert "This drift weakens security" in pull.body
    assert "privileged" in pull.body


def test_a_draft_becomes_ready_when_the_weakening_is_gone(world: World) -> None:
    world.change("ct-docker-01", "pihole", lambda document: document["HostConfig"].update({"Privileged": True}))
    world.run(only="pihole")
    world.change("ct-docker-01", "pihole", lambda document: document["HostConfig"].update({"Privileged": False}))
    assert world.run(only="pihole")["pihole"].status == "updated"
    pull = world.pull("pihole")
    assert (pull.state, pull.draft) == ("open", False)
    assert "security" not in pull.labels


def test_a_person_s_word_on_drafts_counts(world: World) -> None:
    world.settings, world.severities = ALLOWED, COSMETIC
    world.run(only="pihole")
    pull = world.pull("pihole")
    world.repository.checks[world.repository.branch(pull.head) or ""] = "success"
    # Gitea tells drafts by their titles.
    title, pull.title, pull.draft = pull.title, f"WIP: {pull.title}", True
    assert world.run(only="pihole")["pihole"].status == "unchanged"
    assert (pull.state, pull.draft) == ("open", True)
    pull.title, pull.draft = title, False
    assert world.run(only="pihole")["pihole"].status == "merged"


def test_a_forge_without_drafts_is_written_to_once(world: World) -> None:
    world.repository.drafts = False
    world.change("ct-docker-01", "pihole", lambda document: document["HostConfig"].update({"Privileged": True}))
    assert world.run(only="pihole")["pihole"].status == "opened"
    writes = len(world.repository.writes)
    assert world.run(only="pihole")["pihole"].status == "unchanged"
    assert len(world.repository.writes) == writes
