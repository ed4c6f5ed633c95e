"""The README's table of services: by which pull request it is kept, and that none of them conflict over it."""

from collections.abc import Mapping

import pytest

from homelab_assets.remediation.loading import load_model
from homelab_assets.remediation.readme import Readme
from homelab_assets.remediation.repository_docs import BEGIN, ServiceRow, repository_readme, service_rows
from homelab_assets_tests.forge.git import run
from homelab_assets_tests.remediation.world import World

MOMENT, LATER = "2026-11-23T06:00:00Z", "2026-11-24T06:00:00Z"


def rows(**images: str) -> list[ServiceRow]:
    return [ServiceRow(stack="s", service=name, host="h", image=image) for name, image in images.items()]


OLD = {"a": "a:1", "b": "b:1", "c": "c:1", "d": "d:1"}
TABLE = repository_readme("# Lab\n", rows(**OLD), MOMENT)


def after(changes: Mapping[str, str | None]) -> list[ServiceRow]:
    return rows(**{name: image for name, image in (OLD | changes).items() if image is not None})


def test_a_change_edits_its_own_row_and_leaves_one_beside_another_s_change() -> None:
    readme = Readme(TABLE, rows(**OLD), MOMENT)
    assert not readme.due
    assert readme.edited(after({"b": "b:2"})) == TABLE.replace("`b:1`", "`b:2`")
    # On either side of it, and itself.
    for name in ("a", "b", "c"):
        assert readme.edited(after({name: "x:2"})) == TABLE
    assert readme.edited(after({"d": None})) == TABLE.replace("| `d` | `s` | `h` | `d:1` |\n", "")


def test_one_change_alone_brings_the_new_stamp() -> None:
    readme = Readme(TABLE.replace("\n", "\r\n"), rows(**OLD), LATER)
    assert not readme.due
    new = TABLE.replace("\n", "\r\n").replace("2026-11-23", "2026-11-24")
    assert readme.edited(after({})) == new
    assert readme.edited(after({"a": "a:2"})) == TABLE.replace("\n", "\r\n").replace("`a:1`", "`a:2`")


def test_a_table_that_is_behind_is_another_pull_request_s() -> None:
    readme = Readme(TABLE, rows(**OLD | {"b": "b:2"}), MOMENT)
    assert readme.due
    assert readme.refreshed == TABLE.replace("`b:1`", "`b:2`")
    assert readme.edited(after({"a": "a:2", "b": "b:3", "d": "d:2"})) == TABLE.replace("`d:1`", "`d:2`")
    assert not Readme(TABLE, rows(**OLD | {"b": "b:2"}), MOMENT, whole=False).due


def readme_at(world: World, ref: str = "main") -> str:
    return run(world.origin, "show", f"{ref}:README.md")


def merge_open(world: World) -> list[str]:
    """Merge all that is open, one after the other, without a run in between; a conflict is an error."""
    merged = [pull for pull in world.repository.pulls if pull.state == "open"]
    for pull in merged:
        world.repository.merge(pull.number)
    return [pull.title for pull in merged]


@pytest.mark.scenario
def test_all_pull_requests_of_a_run_merge_and_then_the_readme_is_right(one_world: World) -> None:
    outcomes = one_world.run()
    assert outcomes["README"].status == "opened"
    drifted = [pull for pull in one_world.repository.pulls if "docs(readme)" not in pull.title]
    # There is no table yet, and it comes with one pull request alone.
    assert BEGIN not in readme_at(one_world)
    for pull in drifted:
        assert run(one_world.origin, "diff", "--name-only", "main", pull.head, "--", "README.md") == ""
    assert one_world.run()["README"].status == "unchanged"
    assert len(merge_open(one_world)) == len(drifted) + 1
    assert "`lscr.io/linuxserver/radarr:5.27.5`" not in readme_at(one_world)
    # The table is older than what was merged.
    again = one_world.run()
    assert {name for name, outcome in again.items() if outcome.status == "opened"} == {"README"}
    assert merge_open(one_world) == ["docs(readme): list the services that git has"]
    assert "`lscr.io/linuxserver/radarr:5.27.5`" in readme_at(one_world)
    assert "README" not in one_world.run()


@pytest.mark.scenario
def test_rows_come_with_their_changes_where_they_do_not_meet(one_world: World) -> None:
    _, audit, _ = one_world.audit()
    listed = service_rows(audit.baselines.baselines, load_model)
    one_world.push_files({"README.md": repository_readme(readme_at(one_world), listed, MOMENT)})
    one_world.run()
    pulls = list(one_world.repository.pulls)
    added = "".join(run(one_world.origin, "diff", "-U0", "main", pull.head, "--", "README.md") for pull in pulls)
    new = {name for name in ("prowlarr", "radarr", "sonarr") if f"+| `{name}` " in added}
    # The row between two that change is the next run's.
    assert new == {"prowlarr", "sonarr"}
    assert len(merge_open(one_world)) == len(pulls)
    assert {name for name, outcome in one_world.run().items() if outcome.status == "opened"} == {"README"}
    merge_open(one_world)
    assert "`lscr.io/linuxserver/radarr:5.27.5`" in readme_at(one_world)
    assert "README" not in one_world.run()


@pytest.mark.scenario
def test_who_wants_no_table_declines_it_once(one_world: World) -> None:
    one_world.run()
    (table,) = [pull for pull in one_world.repository.pulls if "docs(readme)" in pull.title]
    table.state = "closed"
    one_world.push_by_hand("main", "stacks/media-indexers/docker-compose.yml", "restart:", "restart: ")
    assert one_world.run()["README"].status == "declined"
    one_world.settings = "remediation: {documentation: false}"
    table.state = "open"
    assert one_world.run()["README"].status == "closed"
