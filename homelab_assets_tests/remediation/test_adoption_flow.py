"""From a container that git does not know to a pull request with its stack, on both forges."""

import pytest

from homelab_assets.audit import capture
from homelab_assets.errors import UserError
from homelab_assets.model import Captured
from homelab_assets.remediation.adopt import adopt
from homelab_assets.remediation.dashboard import Outcome
from homelab_assets.remediation.flow import open_adoption
from homelab_assets.secrecy import Vault
from homelab_assets_tests.forge.git import run
from homelab_assets_tests.forge.state import Refused
from homelab_assets_tests.remediation.world import World

pytestmark = pytest.mark.scenario


def adopted(world: World) -> Outcome:
    """Do what `adopt uptime-kuma --open` does."""
    run(world.clone, "fetch", "-q", "--prune", "origin")
    lab, vault = world.lab(), Vault(b"k" * 32)
    (host,) = capture(lab, ["ct-docker-01"], vault=vault)
    assert isinstance(host, Captured)
    return open_adoption(lab, adopt(host, "uptime-kuma", vault=vault), "homelab-apps")


def test_opens_once_and_after_the_merge_git_knows_it(world: World) -> None:
    before = world.snapshot()
    assert adopted(world).status == "opened"
    (pull,) = world.repository.pulls
    assert pull.head == "feat/adopt-ct-docker-01-uptime-kuma"
    assert pull.title == "feat(uptime-kuma): adopt the container that runs on ct-docker-01"
    names = run(world.origin, "diff", "--name-status", "main", pull.head).splitlines()
    assert names == ["M\tstack-targets.yml", "A\tstacks/uptime-kuma/docker-compose.yml"]
    writes = len(world.repository.writes)
    assert adopted(world).status == "unchanged"
    assert len(world.repository.writes) == writes
    assert world.snapshot() == before
    world.repository.merge(pull.number)
    with pytest.raises(UserError, match="is there already"):
        adopted(world)
    _, audit, _ = world.audit()
    (verdict,) = [verdict for verdict in audit.document.services if verdict.container == "uptime-kuma"]
    assert (verdict.stack, list(verdict.items)) == ("uptime-kuma", [])


def test_a_person_s_refusal_and_commits_are_kept(world: World) -> None:
    adopted(world)
    (pull,) = world.repository.pulls
    mine = world.push_by_hand(pull.head, "stacks/uptime-kuma/docker-compose.yml", "restart:", "# mine\n    restart:")
    assert adopted(world).status == "edited"
    assert world.repository.branch(pull.head) == mine
    pull.state = "closed"
    assert adopted(world).status == "declined"


def test_a_crash_between_push_and_open_is_recovered(one_world: World) -> None:
    one_world.repository.failures = [("POST", "/pulls", Refused(500, "boom"))]
    assert adopted(one_world).status == "failed"
    assert adopted(one_world).status == "opened"
    assert adopted(one_world).status == "unchanged"


def test_a_stack_of_that_name_is_seen_whatever_its_file_is_called(one_world: World) -> None:
    for file in ("compose.yaml", "docker-compose.ct-media-01.yml"):
        one_world.push_files({f"stacks/uptime-kuma/{file}": "services: {other: {image: busybox:1.37}}\n"})
        with pytest.raises(UserError, match="is there already"):
            adopted(one_world)
        run(one_world.other, "rm", "-q", "-r", "stacks/uptime-kuma")


def test_the_stack_is_bound_in_the_file_that_is_there(one_world: World) -> None:
    run(one_world.other, "mv", "stack-targets.yml", "stack-targets.yaml")
    one_world.push_files({})
    assert adopted(one_world).status == "opened"
    (pull,) = one_world.repository.pulls
    assert "uptime-kuma: ct-docker-01" in run(one_world.origin, "show", f"{pull.head}:stack-targets.yaml")


def test_targets_that_are_no_text_stay_as_they_are(one_world: World) -> None:
    (one_world.other / "stack-targets.yml").write_bytes(b"# l'h\xf4te\ndns-pihole: ct-docker-01\n")
    one_world.push_files({})
    assert adopted(one_world).status == "opened"
    (pull,) = one_world.repository.pulls
    names = run(one_world.origin, "diff", "--name-only", "main", pull.head).splitlines()
    assert names == ["stacks/uptime-kuma/docker-compose.yml"]
