"""Fixes become pull requests: the smallest edits of real compose files, the plan beside them, no secret anywhere."""

import json
from collections.abc import Sequence
from pathlib import Path

import pytest
from click.testing import CliRunner
from msgspec.structs import replace

from homelab_assets.cli.pipeline import command
from homelab_assets.media.containers import media_containers
from homelab_assets.media.fixes import propose
from homelab_assets.media.fixes.pull import FixPull
from homelab_assets.media.fixes.pulls import plan_pulls
from homelab_assets.media.pipeline import run_pipeline
from homelab_assets.media.simulator import LARRY, World
from homelab_assets.media.situation import look
from homelab_assets.model import Baseline
from homelab_assets.remediation.loading import load_model

WHEN = "2026-11-23T06:00:00Z"
DOWNLOADS = """\
services:
  gluetun:
    image: qmcgaw/gluetun:v3.41.3  # pinned
    cap_add: [NET_ADMIN]
    environment:
      - VPN_TYPE=wireguard
      - FIREWALL_OUTBOUND_SUBNETS=0.0.0.0/0
  qbittorrent:
    image: lscr.io/linuxserver/qbittorrent:5.1.4
    network_mode: service:gluetun
    volumes:
      - /media/downloads:/downloads  # only ours
"""
INDEXERS = """\
services:
  prowlarr:
    image: lscr.io/linuxserver/prowlarr:2.3.5
    environment:
      TZ: Europe/Brussels
"""


class Files(dict[str, str]):
    """A tree of text files."""

    def read(self, path: str) -> bytes | None:
        return self[path].encode() if path in self else None

    def list(self, directory: str = "") -> Sequence[str]:
        return sorted(
            {path.removeprefix(f"{directory}/").partition("/")[0] for path in self if path.startswith(directory)}
        )


TREE = Files(
    {
        "stacks/media-downloads/docker-compose.yml": DOWNLOADS,
        "stacks/media-indexers/docker-compose.yml": INDEXERS,
        "stacks/media-indexers/.env.sample": "DOMAIN=home.example\n",
    }
)


def baselines() -> list[Baseline]:
    return [
        Baseline(
            repository="homelab-apps",
            ref="main",
            commit="c0ffee",
            stack=stack,
            endpoint="ct-media-01",
            bound_by=None,
            tree=TREE,
            directory=f"stacks/{stack}",
            files=[f"stacks/{stack}/docker-compose.yml"],
        )
        for stack in ("media-downloads", "media-indexers")
    ]


def pulls_for(*faults: str, unpinned: bool = False, git: Sequence[Baseline] | None = None) -> list[FixPull]:
    with World(faults=faults) as world:
        if unpinned:
            environment = world.inspect["prowlarr"]["Config"]["Env"]
            environment[:] = [one for one in environment if "APIKEY" not in one]
        settings = world.settings()
        containers = media_containers(world.containers(), settings, world.volumes)
        with world.clients() as clients:
            result = run_pipeline(settings, clients=clients, generated_at=WHEN, containers=containers)
            fixes = propose(result, look(clients, settings, containers, salt=b"for tests"))
        pulls = plan_pulls(fixes, git or baselines(), host="ct-media-01", generated_at=WHEN, load=load_model)
        texts = "".join(pull.title + pull.body + pull.patch for pull in pulls)
        assert not [secret for secret in settings.secrets if secret in texts]
    return pulls


def added(patch: str) -> list[str]:
    return [line[1:].strip() for line in patch.splitlines() if line.startswith("+") and not line.startswith("+++")]


def test_a_key_is_pinned_by_name_and_the_plan_lies_beside_it() -> None:
    (pull,) = pulls_for("key_stale_copy", unpinned=True)
    assert pull.refused == []
    assert {path.partition("/")[0] for path in pull.files} == {"stacks", "apply-plans"}
    assert len(pull.files) == 3
    assert "PROWLARR__AUTH__APIKEY: ${PROWLARR_API_KEY:?}" in added(pull.patch)
    assert "PROWLARR_API_KEY=change-me" in added(pull.patch)
    (plan,) = [json.loads(data) for path, data in pull.files.items() if path.startswith("apply-plans/")]
    assert plan["approved"] is None
    assert [step["value"] for step in plan["steps"]] == [{"secret": "prowlarr.api_key"}] * 2
    assert "approved" in pull.body
    assert "git revert" in pull.body


@pytest.mark.parametrize(
    ("stack", "folder", "head"),
    [
        ("Media-Indexers", "stacks/Media-Indexers/", ""),
        ("arr", "stacks/arr/", "name: media-indexers\n"),
        ("homelab-apps", "", "name: media-indexers\n"),
    ],
)
def test_a_stack_is_found_whose_folder_compose_calls_otherwise(stack: str, folder: str, head: str) -> None:
    compose, sample = f"{folder}docker-compose.yml", f"{folder}.env.sample"
    tree = Files({compose: head + INDEXERS, sample: "DOMAIN=home.example\n"})
    odd = replace(baselines()[1], stack=stack, directory=folder.rstrip("/"), files=[compose], tree=tree)
    (pull,) = pulls_for("key_stale_copy", unpinned=True, git=[baselines()[0], odd])
    assert pull.refused == []
    assert {compose, sample} < set(pull.files)


def test_paths_are_aligned_by_one_added_volume() -> None:
    (pull,) = pulls_for("path_not_mounted@everywhere")
    compose = pull.files["stacks/media-downloads/docker-compose.yml"].decode()
    changed = set(compose.splitlines()) ^ set(DOWNLOADS.splitlines())
    assert changed == {"      - /media:/media"}
    assert "# only ours" in compose


def test_an_open_firewall_is_closed_by_one_removed_line() -> None:
    (pull,) = pulls_for("killswitch_off@subnets")
    (data,) = pull.files.values()
    gone = set(DOWNLOADS.splitlines()) - set(data.decode().splitlines())
    assert gone == {"      - FIREWALL_OUTBOUND_SUBNETS=0.0.0.0/0"}


def test_what_git_does_not_say_is_left_to_a_person() -> None:
    # Git's Gluetun is not switched off by an environment variable, so there is nothing to take out.
    (pull,) = pulls_for("killswitch_off")
    assert not pull.actionable
    assert pull.refusal.startswith("media-downloads/gluetun: environment.FIREWALL_")
    assert pull.refusal.endswith(": git is right already: deploy the stack")


def test_what_only_a_person_can_do_opens_nothing() -> None:
    assert pulls_for("vpn_down") == []


def test_larrys_fixes_are_three_pull_requests() -> None:
    pulls = pulls_for(*LARRY)
    assert [pull.fix.check for pull in pulls] == ["search.radarr", "paths.radarr_downloads", "library.scan"]
    assert len({pull.branch for pull in pulls}) == 3
    assert all(pull.title.startswith("fix(") for pull in pulls)


@pytest.mark.parametrize("times", [1, 2])
def test_without_a_forge_they_are_written_down(tmp_path: Path, times: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    for _ in range(times):
        done = CliRunner().invoke(
            command, ["--open", "--no-report"], env={"HOMELAB_LAB": "", "HOMELAB_STATE": str(tmp_path / "s")}
        )
        assert done.exit_code == 1, done.output
    written = sorted(path.name for path in (tmp_path / "reports" / "pull-requests").iterdir())
    assert len([name for name in written if name.endswith(".patch")]) == 3
