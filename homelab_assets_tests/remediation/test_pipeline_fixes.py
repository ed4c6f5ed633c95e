"""Fixes of the media pipeline on both forges: one pull request a cause, by the same rules as for drift."""

import json
from collections.abc import Sequence

import pytest

from homelab_assets.audit import load
from homelab_assets.media.fixes.pull import LABEL, FixPull
from homelab_assets.remediation.flow import open_fixes
from homelab_assets.secrecy import Vault
from homelab_assets_tests.forge.git import run
from homelab_assets_tests.forge.state import Refused
from homelab_assets_tests.media.test_pulls import LARRY, pulls_for
from homelab_assets_tests.remediation.world import World

pytestmark = pytest.mark.scenario


def planned(world: World, *faults: str) -> Sequence[FixPull]:
    run(world.clone, "fetch", "-q", "--prune", "origin")
    return pulls_for(*faults, git=load(world.lab(), vault=Vault(b"k" * 32)).baselines)


def statuses(world: World, fixes: Sequence[FixPull], *passing: str) -> dict[str, str]:
    outcomes = open_fixes(
        world.lab(), fixes, gone=lambda who: "the check passes now" if who.service in passing else None
    )
    return {outcome.identity.service: outcome.status for outcome in outcomes}


def heads(world: World) -> list[str]:
    return [line for line in run(world.clone, "ls-remote", "--heads", "origin").splitlines() if "fix/pipeline" in line]


def test_larrys_fixes_are_opened_once_and_closed_when_the_checks_pass(world: World) -> None:
    fixes = planned(world, *LARRY)
    clone = world.snapshot()
    assert set(statuses(world, fixes).values()) == {"opened"}
    pulls = world.repository.pulls
    # Gitea tells drafts by their titles.
    assert [pull.title.removeprefix("WIP: ") for pull in pulls] == [fix.title for fix in fixes]
    for fix, pull in zip(fixes, pulls, strict=True):
        assert pull.labels == [LABEL]
        assert pull.draft == bool(fix.fix.steps)
        for path, data in fix.files.items():
            assert run(world.origin, "show", f"{pull.head}:{path}").strip() == (data or b"").decode().strip()
        changed = run(world.origin, "diff", "--name-only", f"main...{pull.head}").split()
        assert sorted(changed) == sorted(fix.files)
    assert world.snapshot() == clone
    writes = len(world.repository.writes)
    assert set(statuses(world, planned(world, *LARRY)).values()) == {"unchanged"}
    assert len(world.repository.writes) == writes
    mended, *others = [fix.fix.check for fix in fixes]
    assert statuses(world, fixes[1:], mended) == {mended: "closed", **dict.fromkeys(others, "unchanged")}
    # What could not be judged this time is neither mended nor broken.
    assert statuses(world, fixes[1:]) == dict.fromkeys(others, "unchanged")
    assert statuses(world, fixes)[mended] == "reopened"


def test_a_crash_between_push_and_open_is_recovered(world: World) -> None:
    fixes = planned(world, "scan_disabled")
    world.repository.failures = [("POST", "/pulls", Refused(500, "boom"))]
    assert statuses(world, fixes) == {"library.scan": "failed"}
    before = heads(world)
    assert len(before) == 1
    assert statuses(world, planned(world, "scan_disabled")) == {"library.scan": "opened"}
    assert heads(world) == before
    assert statuses(world, fixes) == {"library.scan": "unchanged"}


def test_a_person_s_refusal_and_commits_are_kept(world: World) -> None:
    fixes = planned(world, "key_stale_copy", "scan_disabled")
    statuses(world, fixes)
    search, scan = world.repository.pulls
    search.state = "closed"
    (path,) = [path for path in fixes[1].files if path.startswith("apply-plans/")]
    mine = world.push_by_hand(scan.head, path, '"approved": null', '"approved": "Larry"')
    assert statuses(world, fixes) == {"search.radarr": "declined", "library.scan": "edited"}
    assert world.repository.branch(scan.head) == mine


def test_limits_apply(world: World) -> None:
    world.settings = "remediation: {max_new_per_run: 1}"
    assert sorted(statuses(world, planned(world, *LARRY)).values()) == ["opened", "waiting", "waiting"]


def test_a_merged_plan_is_not_proposed_again_without_its_approval(world: World) -> None:
    fixes = planned(world, "scan_disabled")
    statuses(world, fixes)
    (pull,) = world.repository.pulls
    (path,) = fixes[0].files
    world.push_by_hand(pull.head, path, '"approved": null', '"approved": "Larry"')
    world.repository.merge(pull.number)
    assert statuses(world, planned(world, "scan_disabled")) == {"library.scan": "refused"}
    assert json.loads(run(world.origin, "show", f"main:{path}"))["approved"] == "Larry"
