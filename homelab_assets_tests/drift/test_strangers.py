"""The pure parts of the rig that tries the audit on other people's stacks: which changes, and what must come of them."""

from pathlib import Path
from random import Random
from typing import Any

import pytest
import yaml

from homelab_assets.compose import Project, load
from homelab_assets_tests.drift.strangers.agreement import differing
from homelab_assets_tests.drift.strangers.changes import Subject, candidates, document
from homelab_assets_tests.drift.strangers.editing import edits
from homelab_assets_tests.drift.strangers.leaves import Wanted, agree, must_come, recreated
from homelab_assets_tests.drift.strangers.ledger import Ledger
from homelab_assets_tests.drift.strangers.redefining import must_come_of_definitions, redefinitions
from homelab_assets_tests.drift.strangers.sources import LIST, Amended, strangers
from homelab_assets_tests.drift.strangers.written import colons, read_services
from homelab_assets_tests.drift.world import Files

TEXT = """
x-common: &common
  TZ: UTC
services:
  app:
    image: plain:1
    environment:
      <<: *common
      MODE: quiet
    ports: ["8080:80", "${PORT:-53}:53/udp"]
    volumes:
      - ./config:/config
      - data:/data:ro
    labels:
      - a.b=1
volumes: {data: }
"""


def _project(*texts: str) -> Project:
    files = {f"/srv/web/{number}.yml": text.encode() for number, text in enumerate(texts)}
    return load(list(files), read=files.get, project_directory="/srv/web", environment={})


def _model(*texts: str) -> dict[str, Any]:
    return _project(*texts).services["app"]


@pytest.mark.parametrize(
    ("git", "running", "items"),
    [
        ({"environment": {"A": "1"}}, {"environment": {"A": "2"}}, ["environment.A changed"]),
        ({}, {"labels": {"x.y": "1"}}, ["labels.x.y added"]),
        ({"cap_add": ["net_admin"]}, {"cap_add": ["CAP_NET_ADMIN"]}, []),
        ({"user": "5"}, {}, ["user removed"]),
        ({"user": "1000"}, {}, []),
        ({"networks": {"n": {"aliases": ["app"]}}}, {"networks": {"n": None}}, []),
        ({"networks": {"n": {"aliases": ["x"]}}}, {"networks": {"n": None}}, ["networks.n.aliases changed"]),
        ({"hostname": "x", "networks": {"n": {"aliases": ["x"]}}}, {"hostname": "x", "networks": {"n": None}}, []),
        ({"healthcheck": {"test": ["x"], "start_period": "0s"}}, {"healthcheck": {"test": ["x"]}}, []),
        ({"healthcheck": {"test": ["NONE"], "interval": "1s"}}, {}, ["healthcheck.test removed"]),
        ({"restart": "no", "logging": {"driver": "json-file"}}, {}, []),
        ({"privileged": True, "security_opt": ["label=disable"]}, {"privileged": True}, []),
        ({"volumes_from": ["data:ro"]}, {"volumes_from": ["data"]}, []),
        (
            {"volumes": [{"type": "bind", "source": "/", "target": "/host", "bind": {"propagation": "rslave"}}]},
            {"volumes": [{"type": "bind", "source": "/", "target": "/host"}]},
            [],
        ),
        ({"runtime": "runc", "pids_limit": -1}, {}, []),
        (
            {"ports": [{"target": 80, "published": "1"}]},
            {"ports": [{"target": 80, "published": "2"}, {"target": 53, "protocol": "udp", "published": "53"}]},
            ["ports.53/udp added", "ports.80/tcp changed"],
        ),
    ],
)
def test_what_must_come_is_said_from_the_models(git: dict[str, Any], running: dict[str, Any], items: list[str]) -> None:
    wanted = must_come("app", git, running, {"User": "1000"})
    assert [f"{one.path} {one.change}" for one in wanted] == items


@pytest.mark.parametrize(
    ("new", "kept"), [({}, ["/data"]), ({"volumes": ["./other:/data"]}, []), ({"tmpfs": ["/x"]}, ["/data"])]
)
def test_compose_carries_over_what_was_mounted_at_the_image_s_volumes(new: dict[str, Any], kept: list[str]) -> None:
    old, changed = (
        _model(yaml.safe_dump({"services": {"app": {"image": "plain:1", **body}}}))
        for body in ({"volumes": ["./data:/data", "./config:/config"]}, new)
    )
    runs = recreated(old, changed, {"Volumes": ["/data"]})
    assert [volume["target"] for volume in runs.get("volumes", ()) if volume in old["volumes"]] == kept


def test_paths_of_one_thing_agree() -> None:
    limit = Wanted(service="app", path="deploy.resources.limits.memory", change="added")
    assert agree([limit], [Wanted(service="app", path="mem_limit", change="added")])
    assert not agree([limit], [Wanted(service="app", path="cpus", change="added")])


def test_every_change_can_be_loaded_and_few_touch_more_than_one_leaf() -> None:
    before = _model(TEXT)
    subject = Subject(name="app", model=before, text=read_services([TEXT])["app"], image={})
    counts = []
    for change in candidates(subject, Random(1)):
        wanted = must_come("app", _model(TEXT, document({"app": [change]})), before, {})
        assert bool(wanted) != change.unseen, change
        counts.append(len(wanted))
    assert len(counts) > 50
    assert counts.count(1) > len(counts) * 0.9


def test_every_other_definition_is_one_item_of_the_first_service_of_the_file() -> None:
    text = """
services:
  zoo: {image: "plain:1", networks: [n, default], volumes: ["data:/z", "/anonymous"]}
  app: {image: "plain:1", networks: [n], volumes: ["data:/a"]}
networks: {n: }
volumes: {data: }
"""
    made = _project(text)
    subject = Subject(name="app", model=made.services["app"], text={}, image={})
    found = []
    for change in redefinitions(subject, Random(1)):
        (item,) = must_come_of_definitions(made, _project(text, document({"app": [change]})), ["app", "zoo"])
        assert item.service == "zoo"
        found.append(item.path)
    assert {path.partition(".")[2].partition(".")[0] for path in found} == {"n", "/z"}
    assert len(found) == 10
    assert must_come_of_definitions(made, _project(text.replace("n: ", "n: {internal: true}")), []) == []


def test_edits_change_one_place_of_the_text_and_leave_anchors_alone() -> None:
    found = edits(TEXT, "app", Random(1))
    assert {edit.key for edit in found} == {"image", "environment", "ports", "volumes", "labels"}
    assert all("  TZ: UTC\n" in edit.text and edit.text != TEXT for edit in found)
    assert any("MODE: quiet" not in edit.text and "MODE" not in edit.text for edit in found)
    assert all(isinstance(yaml.safe_load(edit.text), dict) for edit in found)


def test_a_text_that_is_no_yaml_has_no_edits_and_says_nothing() -> None:
    assert edits("a: [", "app", Random(1)) == []
    assert read_services(["a: ["]) == read_services(["services: {app: {ports: !reset []}}"]) == {}


def test_colons_within_a_variable_divide_nothing() -> None:
    assert colons("${A:-/x:y}/b:${T:?}:ro") == ["${A:-/x:y}/b", "${T:?}", "ro"]


def test_stacks_are_those_of_the_list_else_folders_with_a_compose_file(tmp_path: Path) -> None:
    for name in ("one/compose.yml", "one/compose.override.yml", "two/deep/base.yml", "three/readme"):
        file = tmp_path / "set" / name
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text("")
    assert [(one.name, one.files) for one in strangers(tmp_path / "set")] == [
        ("one", ("compose.yml", "compose.override.yml"))
    ]
    (tmp_path / "set" / LIST).write_text("two\t.\tdeep/base.yml,more.yml\ta note\ngone\t.\tcompose.yml\t\n")
    assert [(one.directory, one.files, one.note) for one in strangers(tmp_path)] == [
        ("two/deep", ("base.yml", "../more.yml"), "a note")
    ]


def test_an_amended_tree_has_one_more_file() -> None:
    tree = Amended(Files({"web/compose.yml": "a"}), "web/more.yml", "b")
    assert (tree.read("web/more.yml"), tree.read("web/compose.yml")) == (b"b", b"a")
    assert tree.list("web") == ["compose.yml", "more.yml"]


def test_documents_differ_at_their_leaves() -> None:
    assert differing({"a": [1, {"b": 2}]}, {"a": [1, {"b": "2"}]}) == [("['a'][1]['b']", 2, "2")]
    assert differing({"a": True}, {"a": 1}) == [("['a']", True, 1)]
    assert [place for place, *_ in differing({"a": [1, 2]}, {"a": [2], "b": None})] == ["['a'][0]", "['b']"]
    assert differing({"a": {"b": 1, "c": 2}}, {"a": {"c": 2, "b": 1}}) == []


def test_the_table_of_outcomes_has_a_column_for_each(tmp_path: Path) -> None:
    ledger = Ledger(tmp_path / "results.jsonl")
    for step, outcome in (("as it is", "exact"), ("git", "exact"), ("git", "exact"), ("git", "not exact")):
        ledger.note("shop", step, outcome)
    lines = [line.split() for line in ledger.table().splitlines()]
    assert lines == [["exact", "not", "exact"], ["as", "it", "is", "1"], ["git", "2", "1"]]
