"""Fixes of the media pipeline on both forges: one pull request a cause, with its apply plan, opened once."""

from homelab_assets.media.pull_requests import LABEL, open_fix_pulls
from homelab_assets_tests.forge.git import run
from homelab_assets_tests.media.test_pulls import LARRY, pulls_for
from homelab_assets_tests.remediation.world import World


def test_larrys_fixes_are_opened_once(world: World) -> None:
    clone, fixes = world.snapshot(), pulls_for(*LARRY)
    assert all(": opened http" in line for line in open_fix_pulls(world.lab(), fixes))
    pulls = world.repository.pulls
    # Gitea tells drafts by their titles.
    assert [pull.title.removeprefix("WIP: ") for pull in pulls] == [fix.title for fix in fixes]
    for fix, pull in zip(fixes, pulls, strict=True):
        assert pull.labels == [LABEL]
        assert pull.draft == bool(fix.fix.steps)
        for path, data in fix.files.items():
            assert run(world.origin, "show", f"{pull.head}:{path}").strip() == data.decode().strip()
        changed = run(world.origin, "diff", "--name-only", f"main...{pull.head}").split()
        assert sorted(changed) == sorted(fix.files)
    assert world.snapshot() == clone
    writes = len(world.repository.writes)
    assert all(": open already: http" in line for line in open_fix_pulls(world.lab(), fixes))
    world.repository.pulls[0].state = "closed"
    assert "closed already" in open_fix_pulls(world.lab(), fixes)[0]
    assert len(world.repository.writes) == writes
