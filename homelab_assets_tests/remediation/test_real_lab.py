"""Real engines over SSH, a real push, a simulated forge: drift, pull requests, merges, and then no drift."""

import shutil
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

import pytest

from homelab_assets_tests.drift import stacks
from homelab_assets_tests.forge.git import run
from homelab_assets_tests.lab import RealLab, changes
from homelab_assets_tests.lab.homelab import STACKS
from homelab_assets_tests.remediation.conftest import living
from homelab_assets_tests.remediation.world import World, lay_out

LARRYS = ("dns-pihole", "organizr", "media-indexers", "media-plex")
FORGES = ("github", "gitea")


@pytest.fixture(scope="module")
def drifted(lab: RealLab) -> Iterator[Mapping[str, Sequence[str]]]:
    """The stacks of Larry's story, deployed and then changed by hand: container to the paths that differ."""
    for stack in LARRYS:
        lab.deploy(stack)
    yield changes.seed_larrys_drift(lab)
    for host in {STACKS[stack][0] for stack in LARRYS}:
        lab.clear(host)


@pytest.fixture(params=FORGES)
def larrys(
    request: pytest.FixtureRequest, lab: RealLab, drifted: Mapping[str, Sequence[str]], tmp_path: Path
) -> Iterator[World]:
    laid_out = tmp_path / "laid-out"
    laid_out.mkdir()
    lay_out(laid_out, lab.apps.origin)
    yield from living(request.param, laid_out, tmp_path, lab.settings(("ct-docker-01", "ct-media-01"))["hosts"])


def test_larrys_drift_is_gone_after_the_merges(larrys: World, drifted: Mapping[str, Sequence[str]]) -> None:
    expected = {container: paths for container, paths in drifted.items() if paths}
    before = larrys.snapshot()
    done = {name: outcome for name, outcome in larrys.run().items() if name in expected}
    assert {name: outcome.status for name, outcome in done.items()} == dict.fromkeys(expected, "opened")
    refs, writes = run(larrys.origin, "for-each-ref"), len(larrys.repository.writes)
    for _ in range(4):
        again = larrys.run()
        assert {again[name].status for name in expected} == {"unchanged"}
    assert (run(larrys.origin, "for-each-ref"), len(larrys.repository.writes)) == (refs, writes)
    assert larrys.snapshot() == before
    larrys.merge_all()
    _, audit, plans = larrys.audit()
    verdicts = {verdict.service: verdict for verdict in audit.document.services if verdict.service in expected}
    assert {name: list(verdict.items) for name, verdict in verdicts.items()} == {name: [] for name in expected}
    assert [plan.identity.service for plan in plans if plan.identity.service in expected] == []


@pytest.fixture(params=FORGES)
def manual(request: pytest.FixtureRequest, lab: RealLab, tmp_path: Path) -> Iterator[tuple[World, set[str]]]:
    """A stack with one changed service for each key of a service: on GitHub one way, on Gitea the way back."""
    git, running, wanted = stacks.manual_changes()
    way = {"github": "m", "gitea": "b"}[request.param]
    kinds = {mutation.path.partition(".")[0]: name for name, (mutation, _) in wanted.items() if name.startswith(way)}
    names = {"anchor", *kinds.values()}
    keeper = {"image": "lab/plain:1", "networks": ["n1", "n2"], "volumes": ["one:/1", "two:/2"],
              "secrets": ["s1"], "configs": ["c1"]}  # fmt: skip
    declared, runs = (
        {**side, "services": {"keeper": keeper, **{n: b for n, b in side["services"].items() if n in names}}}
        for side in (git, running)
    )
    machine = lab.hosts["ct-docker-01"]
    lab.load(machine, stacks.IMAGES)
    folder = machine.directory / "opt" / "stacks" / "manual"
    try:
        stacks.write(declared, tmp_path / "source" / "stacks" / "manual")
        (tmp_path / "source" / "stack-targets.yml").write_text("manual: ct-docker-01\n")
        (tmp_path / "laid-out").mkdir()
        # Committed before it is deployed: else git would be ahead.
        run(tmp_path / "source", "init", "-q", "--initial-branch=main")
        run(tmp_path / "source", "add", "--all")
        run(tmp_path / "source", "commit", "-q", "-m", "feat: the stack")
        lay_out(tmp_path / "laid-out", tmp_path / "source")
        for document in (declared, runs):
            stacks.write(document, folder)
            program = str(lab.tools.compose_for("v2"))
            machine.run(
                "sh", "-c", f"cd /opt/stacks/manual && exec {program} up -t 0 --no-start --remove-orphans", timeout=400
            )
        hosts = lab.settings(("ct-docker-01",))["hosts"]
        for world in living(request.param, tmp_path / "laid-out", tmp_path, hosts):
            world.settings = "remediation: {max_new_per_run: 200, max_open: 200}"
            yield world, names - {"anchor"}
    finally:
        lab.clear("ct-docker-01")
        shutil.rmtree(folder, ignore_errors=True)


def test_every_kind_of_change_is_gone_after_the_merges(
    manual: tuple[World, set[str]], capsys: pytest.CaptureFixture[str]
) -> None:
    world, expected = manual
    done = world.run()
    assert {name: (o.status, o.why) for name, o in done.items()} == dict.fromkeys(expected, ("opened", ""))
    world.merge_all()
    _, audit, plans = world.audit()
    assert {v.service: [item.path for item in v.items] for v in audit.document.services if v.items} == {}
    assert plans == ()
    with capsys.disabled():
        print(f"\n{len(expected)} kinds of change went through pull requests on {type(world.face).__name__}", end="")
