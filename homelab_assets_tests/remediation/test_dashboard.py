"""The one issue says where all drift stands, is written only when that changes, and can't be closed."""

import re

import pytest

from homelab_assets_tests.forge.state import Refused
from homelab_assets_tests.remediation.test_flow import COMPOSE
from homelab_assets_tests.remediation.world import World

pytestmark = pytest.mark.scenario


def sections(world: World) -> dict[str, str]:
    (issue,) = world.repository.problems
    parts = re.split(r"^## (.*)$", issue.body, flags=re.MULTILINE)
    return dict(zip(parts[1::2], parts[2::2], strict=True))


def test_it_lists_open_waiting_declined_failed_and_ignored(world: World) -> None:
    world.run(only="pihole")
    world.pull("pihole").state = "closed"
    world.settings = "remediation: {max_new_per_run: 3, max_open: 3}"
    world.ignores = "{service: radarr, path: image, reason: pinned by hand}"
    world.repository.failures = [("POST", "/pulls", Refused(422, "Validation Failed"))]
    world.run()
    found = sections(world)
    assert found["Open"].count("\n- ") == 2
    assert "`pihole`" in found["Declined by a person"]
    assert found["Failed"].count("\n- ") == 1
    assert "at most 3 are opened in one run" in found["Waiting"]
    assert "`radarr` `image`: pinned by hand" in found["Ignored by a rule"]
    assert "`portainer`" in found["Not backported"]
    assert "`uptime-kuma`" in found["Running, but unknown to git (`drift-detector adopt`)"]


def test_it_is_written_once_and_opened_again(world: World) -> None:
    world.run()
    (issue,) = world.repository.problems
    writes = len(world.repository.writes)
    world.run()
    assert len(world.repository.writes) == writes
    issue.state = "closed"
    world.run()
    assert issue.state == "open"
    assert len(world.repository.problems) == 1


def test_an_update_is_no_news_a_run_later(one_world: World) -> None:
    one_world.run()
    one_world.push_by_hand("main", COMPOSE, '1.1.1.1;1.0.0.1"', '1.1.1.1;1.0.0.1"  # Cloudflare')
    assert one_world.run()["pihole"].status == "updated"
    writes = len(one_world.repository.writes)
    assert one_world.run()["pihole"].status == "unchanged"
    assert len(one_world.repository.writes) == writes


def test_a_forge_without_issues_still_gets_its_pull_requests(world: World) -> None:
    world.repository.failures = [("GET", "/issues", Refused(410, "Issues are disabled for this repo"))]
    outcomes = world.run()
    assert outcomes["pihole"].status == "opened"
    assert (outcomes["dashboard"].status, "switched off" in outcomes["dashboard"].why) == ("failed", True)
