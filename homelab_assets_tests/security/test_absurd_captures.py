"""Inspect documents that no engine writes: every field with every odd value. The audit answers, or says what is wrong, and so does what seals."""

import copy
import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from homelab_assets.drift.behind_variables import sealed_for_rest
from homelab_assets.drift.compare import compare_all
from homelab_assets.drift.document import DriftDocument
from homelab_assets.drift.policy import policy_from
from homelab_assets.lab import demo
from homelab_assets.model import Captured
from homelab_assets.orchestration.documents import capture_from_json, capture_to_json
from homelab_assets.secrecy import Vault
from homelab_assets_tests.drift.world import baseline

pytestmark = pytest.mark.scenario

DATA = Path(demo.__file__).parent / "demo_data"
ODD: tuple[Any, ...] = (None, "x", -1, [None], {"a": None}, "\0\x1b[31m")
TEXT = (DATA / "homelab-apps" / "stacks" / "media-indexers" / "docker-compose.yml").read_text()


def _places(node: Any, place: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    if place:
        yield place
    inside = node.items() if isinstance(node, dict) else enumerate(node[:2]) if isinstance(node, list) else ()
    for key, value in inside:
        yield from _places(value, (*place, key))


def _with(document: Any, place: tuple[Any, ...], value: Any) -> Any:
    changed = copy.deepcopy(document)
    node = changed
    for key in place[:-1]:
        node = node[key]
    node[place[-1]] = value
    return changed


def test_no_odd_value_in_a_capture_ends_the_audit(tally: Callable[[str], None]) -> None:
    folder = DATA / "captures" / "ct-media-01"
    names = ("containers", "images", "networks", "volumes", "engine")
    whole = {name: json.loads((folder / f"{name}.json").read_text()) for name in names}
    container = next(one for one in whole["containers"] if one["Name"] == "/radarr")
    image = next(one for one in whole["images"] if one["Id"] == container["Image"])
    small = {**whole, "containers": [container], "images": [image], "networks": whole["networks"][:1], "volumes": []}
    policy, git, count = policy_from({}, {}, "lab.yaml"), [baseline("media-indexers", TEXT, endpoint="ct-media-01")], 0
    for place in _places(small):
        for value in ODD:
            vault = Vault(b"0123456789abcdef")
            sealed = vault.seal_inspect(_with(small, place, value))
            if any(not isinstance(sealed[name], list) for name in names[:4]) or not isinstance(sealed["engine"], dict):
                continue
            captured = Captured(
                host="ct-media-01", captured_at="2026-11-23T06:00:00Z", engine=sealed["engine"],
                **{name: [one for one in sealed[name] if isinstance(one, dict)] for name in names[:4]},
            )  # fmt: skip
            try:
                document = compare_all([captured], git, vault=vault, policy=policy, now="2026-11-23T06:00:00Z")
                stored = sealed_for_rest(captured, git, vault)
                # What was written can be read.
                DriftDocument.from_json(json.loads(json.dumps(document.to_json())))
                capture_from_json(json.loads(json.dumps(capture_to_json(stored))))
            except Exception as error:
                raise AssertionError(f"{'.'.join(map(str, place))} = {value!r}: {error!r}") from error
            count += 1
    tally(f"{count} absurd captures audited, none ended the audit")
    assert count > 1000
