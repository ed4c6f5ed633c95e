"""Every shortcut of the comparison gives what the long way gives."""

import copy
import gzip
import json
import random
from collections.abc import Iterator, Mapping
from functools import cache, partial
from typing import Any

import pytest
from msgspec.structs import replace

from homelab_assets.drift import filling, leaves
from homelab_assets.drift.deployed import not_deployed
from homelab_assets.drift.document import DriftDocument
from homelab_assets.drift.fields import TABLE
from homelab_assets.drift.filling import fill
from homelab_assets.drift.habits import Habits
from homelab_assets.drift.leaf import Row, differences
from homelab_assets.drift.models import Model
from homelab_assets.drift.project_view import ProjectView
from homelab_assets.drift.rows.mount import Mount
from homelab_assets.drift.rows.networks import declared_networks
from homelab_assets.drift.stacks import Stack
from homelab_assets.drift.templates import UNSET, Alternative
from homelab_assets.drift.view import Declared, Host, Observed
from homelab_assets.errors import BaselineError
from homelab_assets.labels import PROJECT, SERVICE
from homelab_assets.model import Baseline
from homelab_assets.secrecy import Vault
from homelab_assets_tests.drift import stacks
from homelab_assets_tests.drift.world import KEY, audit, baseline, capture, recording

RECORDINGS = {file.name.removesuffix(".json.gz"): file for file in sorted(stacks.DATA.glob("*.json.gz"))}


def _in_git(name: str) -> Baseline:
    if name.startswith("manual"):
        return baseline("manual", stacks.manual_changes()[0])
    return baseline("traps", stacks.traps_of(name), extra=stacks.EXTRA)


@cache
def _host(name: str) -> Host:
    return Host(recording(name))


# ---- rows ----------------------------------------------------------------------------------------------------------


class _Only(dict[str, Any]):
    """A part of an inspect document of which nothing may be read but these fields."""

    def __init__(self, part: Mapping[str, Any], fields: set[str]) -> None:
        super().__init__({field: part[field] for field in fields if field in part})
        self._fields = fields

    def get(self, key: str, default: Any = None) -> Any:
        assert key in self._fields, f"reads {key}"
        return super().get(key, default)

    __getitem__ = get

    def __iter__(self) -> Iterator[str]:
        raise AssertionError("reads all fields")


def _silent(row: Row) -> Declared:
    """A service that has none of a row's keys, and of which nothing else may be read."""
    return Declared(name="x", service=_Only({}, set(row.keys)), project=ProjectView(name="x"))


def _restricted(observed: Observed, row: Row) -> Observed:
    only = copy.copy(observed)
    parts = {part: {field.partition(".")[2] for field in row.still or () if field.startswith(f"{part}.")}
             for part in ("HostConfig", "Config")}  # fmt: skip
    only.host_config = _Only(observed.host_config, parts["HostConfig"])
    only.config = _Only(observed.config, parts["Config"])
    # Habits ask when it was created; what they say is held against the long way below.
    when = {"Created"} if row.daemon else set()
    only.container = _Only(
        {**observed.container, "HostConfig": only.host_config, "Config": only.config}, {*parts, *when}
    )
    only.labels, only.networks, only.image, only.image_config = {}, {}, None, {}
    # Of the host only what is the same for all its containers.
    only.host = copy.copy(observed.host)
    only.host.habits, only.host.images = Habits(), {}
    only.facts = {}
    return only


@pytest.mark.parametrize("row", [row for row in TABLE if row.still is not None], ids=lambda row: row.key)
def test_where_git_is_silent_a_still_row_is_decided_by_its_fields(row: Row) -> None:
    silent = _silent(row)
    seen = 0
    for name in RECORDINGS:
        if "podman" in name:
            continue  # whose rows are never settled for all
        host = _host(name)
        for container in host.containers.values():
            whole = Observed(container, host)
            part = _restricted(whole, row)
            answers = [
                differences(row, {}, row.observed(one, silent), partial(row.given, one, silent))
                for one in (whole, part)
            ]
            (agreeing, told), (agreeing_in_part, told_in_part) = answers
            assert (agreeing, bool(told)) == (agreeing_in_part, bool(told_in_part))
            seen += 1
    assert seen > 600


@pytest.mark.parametrize("row", [row for row in TABLE if row.inherited], ids=lambda row: row.key)
def test_where_git_is_silent_a_row_agrees_that_has_all_from_the_image(row: Row) -> None:
    silent = _silent(row)
    seen = 0
    for name in RECORDINGS:
        if "podman" in name:
            continue
        host = _host(name)
        for observed in (Observed(container, host) for container in host.containers.values()):
            observed.config = _Only(observed.image_config, set(row.inherited))
            observed.container = {"Config": observed.config}
            _, told = differences(row, {}, row.observed(observed, silent), partial(row.given, observed, silent))
            assert not told
            seen += observed.image is not None
    assert seen > 600


@pytest.mark.parametrize("seed", range(20))
def test_what_prevails_on_a_host_is_usual_for_all_that_have_it(seed: int) -> None:
    rng = random.Random(seed)
    host = Host(capture([]))
    habits, seen = Habits(), []
    for number in range(rng.randint(1, 12)):
        labels = {PROJECT: "shop", SERVICE: f"s{rng.randint(0, 8)}"} if rng.random() < 0.8 else {}
        container = {
            "Id": f"{number:064x}",
            "Created": f"2026-01-{rng.randint(1, 28):02}",
            "Config": {"Labels": labels},
        }
        observed, value = Observed(container, host), rng.choice(["a", "a", "b", None])
        if rng.random() < 0.8:
            habits.add("path", observed, value)
        seen.append((observed, value))
    for observed, value in seen:
        assert habits.usual("path", value, observed) or not habits.prevails("path", value)


def test_without_its_keys_git_says_nothing_of_a_row() -> None:
    git = _in_git("traps-28.5.2-compose-2.40.3")
    model = Stack(git, not_deployed(git)).load({})
    spoken = set()
    for name, service in model.services.items():
        for row in TABLE:
            spoken |= {row.key} if row.expected(Declared(name=name, service=service, project=model.view)) else set()
            without = {key: value for key, value in service.items() if key not in row.keys}
            assert not row.speaks(without) or row.implied
            assert row.implied or not row.expected(Declared(name=name, service=without, project=model.view)), row.key
    assert len(spoken) > 60


# ---- whole audits --------------------------------------------------------------------------------------------------


def _long_way(declared: Declared, observed: Observed) -> tuple[list[tuple[Row, bool]], int]:
    return [(replace(row, at_once=None), True) for row in TABLE], 0


def _both_ways(monkeypatch: pytest.MonkeyPatch, captured: Any, git: Baseline) -> DriftDocument:
    vault = Vault(KEY)
    short = audit(captured, [git], vault=vault)
    with monkeypatch.context() as patched:
        patched.setattr(leaves, "rows_to_compare", _long_way)
        patched.setattr(Mount, "is_as_asked_for", lambda mount, declared, propagation: False)
        long = audit(captured, [git], vault=vault)
    assert short.to_json() == long.to_json()
    return short


@pytest.mark.parametrize("name", RECORDINGS)
def test_an_audit_says_the_same_by_the_long_way(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    assert _both_ways(monkeypatch, recording(name), _in_git(name)).services


ODD = ["", "host", "private", "no", "always", "container:abc", "API_KEY=abcdEFGH12345678", "/x/~", "é"]


def places(node: Any) -> list[tuple[Any, Any]]:
    """All places below a mapping or list: what holds them, and the key or index."""
    found = [(node, key) for key in (node if isinstance(node, dict) else range(len(node)))]
    for above, key in found:
        if isinstance(above[key], dict | list):
            below = above[key]
            found += [(below, inner) for inner in (below if isinstance(below, dict) else range(len(below)))]
    return found


def _mutate(node: Any, rng: random.Random) -> None:
    """Change one leaf, or one list or mapping, somewhere below."""
    above, key = rng.choice(places(node))
    match above[key]:
        case bool(value):
            above[key] = not value
        case int(value):
            above[key] = rng.choice([0, 1, -1, value + 1, 2048, 2**29])
        case str(value):
            above[key] = rng.choice([*ODD, value + "x", value.upper()])
        case list(value):
            above[key] = rng.choice([[], value[:1], [*value, *value[:1]]])
        case dict(value):
            above[key] = rng.choice([{}, dict(list(value.items())[:1])])


@pytest.mark.parametrize("seed", range(10))
@pytest.mark.parametrize("name", ["traps-28.5.2-compose-2.40.3", "manual-20.10.24-compose-2.40.3"])
def test_changed_containers_are_told_the_same_by_the_long_way(
    name: str, seed: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    rng = random.Random(f"{name} {seed}")
    data = json.loads(gzip.decompress(RECORDINGS[name].read_bytes()))
    for container in data["containers"]:
        for part in rng.sample(["HostConfig", "Config", "HostConfig"], rng.randint(1, 2)):
            _mutate(container[part], rng)
        if container["Mounts"]:
            _mutate(container["Mounts"], rng)
    for image in data["images"]:
        _mutate(image["Config"], rng)
    document = _both_ways(monkeypatch, capture(**data), _in_git(name))
    assert document.summary["drifted"] > 20


# ---- variables -----------------------------------------------------------------------------------------------------

VALUES = [UNSET, "", "0", "x", "1.2.3", "a b", "it's", "512m", "no", "always", "on-failure:3", "UTC", "$x", "a=b", '"q"', "x\ny",
          "8080", "0080", "00", "65535", "70000", "8080-8082", "127.0.0.1:80", "80/udp", "+80", " 80",
          "/mnt/data", "/x/", "../x", "./x", "~/d", "/etc/../b", "/a//b", "/a/./b", "/a:ro", "/", "/a b", "/..."]  # fmt: skip
PLACES: dict[str, Any] = {
    "annotations": {"a": "${V}"}, "command": "serve ${V}", "domainname": "${V}", "entrypoint": ["run", "x${V}"],
    "environment": {"A": "${V}", "B": "x${V-y}z"}, "healthcheck": {"test": ["CMD", "${V}"]}, "hostname": "${V}",
    "image": "a:${V}", "labels": {"l": "Host(`${V}`)"}, "logging": {"driver": "local", "options": {"max-size": "${V}"}},
    "ports": ["${V}:80"], "restart": "${V}", "sysctls": {"net.core.somaxconn": "${V}"}, "user": "${V}",
    "volumes": ["${V}/x:/config"], "working_dir": "${V}",
    "mem_limit": "${V}", "networks": ["${V}"], "expose": ["${V}"], "cap_add": ["${V}"], "stop_grace_period": "${V}",
}  # fmt: skip
ELSEWHERE = {"env_file", "label_file", "secrets", "configs"}


def _told(model: Model) -> Any:
    view = model.view
    around = (view.name, view.networks, view.volumes, view.secrets, view.configs)
    return json.loads(json.dumps([model.services, model.disabled, around, model.references, model.open_files]))


def _fills(document: dict[str, Any], variables: Mapping[str, Alternative]) -> bool:
    """Whether a stack's variables could be put in place; they are the same then as after loading it with them."""
    git = baseline("x", document, extra=stacks.EXTRA)
    stack = Stack(git, not_deployed(git))
    try:
        filled = fill(stack.load({}), variables)
    except BaselineError:
        return False
    assert filled is None or _told(filled) == _told(stack.load(variables))
    return filled is not None


@pytest.mark.parametrize("key", PLACES)
def test_a_variable_put_into_a_loaded_model_is_the_same_as_loading_it_with_it(key: str) -> None:
    document = {"services": {"one": {"image": "a:1", key: PLACES[key]}}}
    filled = [value for value in VALUES if _fills(document, {"V": value})]
    assert bool(filled) == (key in filling.PLACES)


def _with_variables(services: Any, count: int, rng: random.Random) -> Any:
    """The same with some of its texts made of variables."""
    changed = copy.deepcopy(services)
    texts = [(above, key) for above, key in places(changed) if isinstance(above[key], str)]
    for above, key in rng.sample(texts, min(count, len(texts))):
        name, text = f"V{rng.randint(0, 5)}", above[key]
        head, colon, tail = text.rpartition(":")
        forms = [f"${{{name}}}", f"${name}" if "$" in text or "}" in text else f"${{{name}:-{text}}}"]
        forms += [f"{head}:${{{name}}}", f"${{{name}}}:{tail}"] if colon else [f"{text}-${{{name}}}"]
        forms += [f"${{{name}}}{text}"] if text.startswith("/") else []
        above[key] = rng.choice(forms)
    return changed


def test_variables_put_into_traps_are_the_same_as_loading_them_with_these() -> None:
    rng = random.Random("traps")
    traps = stacks.traps()
    alone = [name for name, service in traps["services"].items() if service.keys().isdisjoint(ELSEWHERE)]
    around = {key: traps[key] for key in ("networks", "volumes")}
    filled = 0
    for _ in range(300):
        services = {name: traps["services"][name] for name in rng.sample(alone, 3)}
        services = _with_variables(services, rng.choice([1, 2, 6]), rng)
        variables = {f"V{number}": rng.choice(VALUES) for number in range(6) if rng.random() < 0.95}
        filled += _fills({**around, "services": services}, variables)
    assert 30 < filled < 270


def test_sealing_changes_nothing_in_what_it_is_given() -> None:
    data = json.loads(gzip.decompress(RECORDINGS["traps-28.5.2-compose-2.40.3"].read_bytes()))
    before = copy.deepcopy(data)
    vault = Vault(KEY)
    first, again, other = vault.seal_inspect(data), vault.seal_inspect(data), Vault(KEY).seal_inspect(before)
    assert data == before
    assert first == again == other != data


def test_what_was_worked_out_for_a_service_does_not_count_for_another_reading_of_it() -> None:
    declared = Declared(name="web", service={"networks": {"front": None}}, project=ProjectView(name="shop"))
    assert declared_networks(declared) == {"front": {}}
    assert declared_networks(declared.read_as({"networks": {"back": None}})) == {"back": {}}
    assert declared_networks(declared) == {"front": {}}
