"""From a homelab with stale files to pull requests that remove them, on both forges and over a real remote."""

from pathlib import Path

import pytest

from homelab_assets.remediation.identity import CLEANUP
from homelab_assets.remediation.no_forge import write_proposals
from homelab_assets_tests.forge.git import run
from homelab_assets_tests.forge.state import Refused
from homelab_assets_tests.remediation.world import World

pytestmark = pytest.mark.scenario

OBSERVABILITY = "stacks/observability/docker-compose.yml"
WIKI = "services:\n  wiki:\n    image: wiki:1.0\n    restart: always\n"


def soil(world: World) -> str:
    """Add a stack that nothing runs from, and a service to one that runs; return the latter's file as it was."""
    before = run(world.origin, "show", f"main:{OBSERVABILITY}") + "\n"
    targets = run(world.origin, "show", "main:stack-targets.yml") + "\n"
    old = "\n  # Nobody looks at it.\n  loki:\n    image: grafana/loki:3.0\n    restart: always\n"
    at = before.index("\n  node-exporter:")
    world.push_files(
        {
            "stacks/old-wiki/docker-compose.yml": WIKI,
            "stacks/old-wiki/.env": "ADMIN_PASSWORD=hunter2-hunter2\n",
            "stacks/old-wiki/config/wiki.conf": "x\n",
            "stack-targets.yml": targets.replace("organizr: ", "old-wiki: ct-docker-01\norganizr: "),
            OBSERVABILITY: before[:at] + old + before[at:],
        }
    )
    return before


def statuses(world: World, unreachable: str | None = None) -> dict[str, str]:
    return {stack: outcome.status for stack, outcome in world.cleanup(unreachable).items()}


def test_opens_one_a_stack_then_nothing_more_then_merges_to_nothing_stale(world: World) -> None:
    assert world.cleanup() == {}
    before, targets = soil(world), run(world.origin, "show", "main~1:stack-targets.yml")
    run(world.clone, "fetch", "-q", "origin")
    clone = world.snapshot()
    assert statuses(world) == {"old-wiki": "opened", "observability": "opened"}
    wiki, loki = (next(p for p in world.repository.pulls if name in p.title) for name in ("old-wiki", "observability"))
    assert wiki.title == "chore(old-wiki): remove the stack that nothing runs from"
    assert loki.title == "chore(observability): remove loki, which does not run"
    assert wiki.head.startswith("chore/cleanup-old-wiki-2026")
    assert wiki.labels == ["cleanup"]
    assert "hunter2" not in wiki.body + run(world.origin, "log", "--format=%B", wiki.head)
    assert run(world.origin, "show", f"{loki.head}:{OBSERVABILITY}") + "\n" == before
    numbers = run(world.origin, "diff", "--numstat", "main", loki.head, "--", OBSERVABILITY)
    assert numbers.split("\t")[:2] == ["0", "5"]
    assert world.snapshot() == clone
    writes = len(world.repository.writes)
    for _ in range(4):
        assert set(statuses(world).values()) == {"unchanged"}
    assert len(world.repository.writes) == writes
    for pull in (wiki, loki):
        world.repository.merge(pull.number)
    assert statuses(world) == {}
    assert run(world.origin, "show", "main:stack-targets.yml") == targets
    assert run(world.origin, "ls-tree", "-r", "--name-only", "main", "stacks/old-wiki") == ""


def test_neighbours_in_the_targets_are_made_anew_after_the_first_merge(one_world: World) -> None:
    targets = run(one_world.origin, "show", "main:stack-targets.yml") + "\n"
    added = {f"stacks/old-{name}/docker-compose.yml": WIKI for name in "ab"}
    one_world.push_files({**added, "stack-targets.yml": targets + "old-a: ct-docker-01\nold-b: ct-docker-01\n"})
    assert statuses(one_world) == {"old-a": "opened", "old-b": "opened"}
    first, second = one_world.repository.pulls
    assert "`drift-detector cleanup --open` makes it anew" in second.body
    one_world.repository.merge(first.number)
    with pytest.raises(Refused):
        one_world.repository.merge(second.number)
    assert statuses(one_world) == {"old-b": "updated"}
    one_world.repository.merge(second.number)
    assert run(one_world.origin, "show", "main:stack-targets.yml") + "\n" == targets


def test_env_files_that_nothing_reads_go(one_world: World) -> None:
    one_world.push_files({"stacks/leftover/.env": "A=hunter2-hunter2\n", "stacks/organizr/old.env": "B=1\n"})
    assert statuses(one_world) == {"leftover": "opened"}
    (pull,) = one_world.repository.pulls
    assert pull.title == "chore(leftover): remove an env file that nothing reads"
    one_world.repository.merge(pull.number)
    assert statuses(one_world) == {}
    assert run(one_world.origin, "ls-tree", "-r", "--name-only", "main", "stacks/leftover") == ""


def test_drift_and_cleanup_leave_each_other_alone(one_world: World) -> None:
    soil(one_world)
    one_world.cleanup()
    cleanups = {pull.number for pull in one_world.repository.pulls}
    one_world.run(only="pihole")
    one_world.run(without="pihole")
    assert [one_world.repository.pull(number).state for number in sorted(cleanups)] == ["open", "open"]
    assert set(statuses(one_world).values()) == {"unchanged"}


def test_closed_when_it_is_not_stale_any_more_but_not_when_nobody_knows(world: World) -> None:
    soil(world)
    world.cleanup()
    pull = next(pull for pull in world.repository.pulls if "old-wiki" in pull.title)
    assert statuses(world, unreachable="ct-docker-01") == {"old-wiki": "kept", "observability": "kept"}
    assert pull.state == "open"
    profile = WIKI + "    profiles: [winter]\n"
    world.push_files({"stacks/old-wiki/docker-compose.yml": profile})
    assert statuses(world)["old-wiki"] == "closed"
    assert pull.state == "closed"
    world.push_files({"stacks/old-wiki/docker-compose.yml": WIKI})
    assert statuses(world)["old-wiki"] == "reopened"


def test_a_person_s_refusal_and_commits_are_kept(world: World) -> None:
    soil(world)
    world.cleanup()
    wiki, loki = (next(p for p in world.repository.pulls if name in p.title) for name in ("old-wiki", "observability"))
    wiki.state = "closed"
    mine = world.push_by_hand(loki.head, "README.md", "homelab", "home lab")
    assert statuses(world) == {"old-wiki": "declined", "observability": "edited"}
    assert world.repository.branch(loki.head) == mine


def test_a_crash_between_push_and_open_is_recovered(world: World) -> None:
    soil(world)
    world.repository.failures = [("POST", "/pulls", Refused(500, "boom"))]
    assert sorted(statuses(world).values()) == ["failed", "opened"]
    assert sorted(statuses(world).values()) == ["opened", "unchanged"]


def test_what_another_stack_reads_stays(one_world: World) -> None:
    soil(one_world)
    organizr = run(one_world.origin, "show", "main:stacks/organizr/docker-compose.yml") + "\n"

    def why(old: str, new: str) -> str:
        assert old in organizr
        one_world.push_files({"stacks/organizr/docker-compose.yml": organizr.replace(old, new)})
        outcome = one_world.cleanup()["old-wiki"]
        assert outcome.status == "refused"
        return outcome.why

    mounted = why("volumes: [", "volumes: [../old-wiki/config:/wiki:ro, ")
    assert mounted == "organizr on ct-docker-01 mounts `stacks/old-wiki/config`"
    extended = "    extends: {file: ../old-wiki/docker-compose.yml, service: wiki}\n    restart: always\n"
    assert "would not load any more" in why("    restart: always\n", extended)
    assert "can't be loaded" in why("    restart: always\n", f"{extended}    restart: no\n")


def test_without_a_forge_they_are_written_down(one_world: World, tmp_path: Path) -> None:
    soil(one_world)
    plans = one_world.cleanup_plans()[2]
    directory = tmp_path / "pull-requests"
    done = write_proposals(directory, "homelab-apps", plans, whole=True, kind=CLEANUP)
    assert [outcome.status for outcome in done] == ["written", "written"]
    names = sorted(path.name for path in directory.iterdir())
    assert names == [
        "cleanup-homelab-apps-observability.md",
        "cleanup-homelab-apps-observability.patch",
        "cleanup-homelab-apps-old-wiki.md",
        "cleanup-homelab-apps-old-wiki.patch",
    ]
    patch = directory / "cleanup-homelab-apps-old-wiki.patch"
    assert "hunter2" not in patch.read_text()
    assert "# git rm -- 'stacks/old-wiki/.env'" in patch.read_text()
    run(one_world.other, "checkout", "-q", "main")
    for file in directory.glob("*.patch"):
        run(one_world.other, "apply", "--check", str(file))
    # Those of drift, and of a repository with a longer name, stay.
    (directory / "homelab-apps-x.md").write_text("")
    (directory / "cleanup-homelab-apps-two-x.md").write_text("")
    write_proposals(directory, "homelab-apps", [], whole=True, kind=CLEANUP, others=["homelab-apps-two"])
    assert sorted(path.name for path in directory.iterdir()) == ["cleanup-homelab-apps-two-x.md", "homelab-apps-x.md"]
