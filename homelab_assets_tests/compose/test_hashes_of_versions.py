"""Compose 2.18 to 2.40 hashed every way to write a key, once: each hash is among those that are computed."""

import json
from functools import cache
from pathlib import Path
from typing import Any

import pytest

from homelab_assets.compose import Project
from homelab_assets.compose.confighash import config_hashes
from homelab_assets_tests.compose.plugin import Case, loaded
from homelab_assets_tests.compose.record_hashes import FOLDER, HOME

HERE = Path(__file__).parent
HASHES: dict[str, dict[str, str]] = json.loads((HERE / "hashes.json").read_text())
VERSIONS = sorted({version for spans in HASHES.values() for those in spans.values() for version in those.split()})
# What these versions make of it (`b=1.2.3.4:`) no engine takes.
_NO_CONTAINER = {("hosts_equal", "2.18"), *(("hosts_equal", f"2.2{minor}") for minor in range(4))}


@cache
def _project() -> Project:
    text = (HERE / "versions.yml").read_text()
    case = Case(name="versions", files={"compose.yaml": text}, env={"HOME": HOME}, profiles=("p",))
    return loaded(case, str(FOLDER))


@cache
def _recorded(version: str) -> dict[str, str]:
    return {name: found for name, spans in HASHES.items() for found, those in spans.items() if version in those.split()}


def _computed(version: str, name: str, **more: Any) -> list[str | None]:
    return list(config_hashes({**_project().services[name], **more}, version.partition("-")[0]))


@pytest.mark.parametrize("version", VERSIONS)
def test_every_hash_is_known(version: str) -> None:
    recorded = {name: found for name, found in _recorded(version).items() if (name, version[:4]) not in _NO_CONTAINER}
    assert len(recorded) > 110
    unknown = {name for name, found in recorded.items() if found not in _computed(version, name)}
    assert unknown <= ({"hosts_bracket"} if version < "2.24" else set()), "an address of IPv6 can have been spelled in many ways"  # fmt: skip
    assert all(_computed(version, name)[-1] is None for name in unknown), "and a mismatch proves nothing"


@pytest.mark.parametrize("version", VERSIONS)
def test_a_change_fits_no_hash(version: str) -> None:
    recorded = _recorded(version)
    for name, found in recorded.items():
        assert found not in _computed(version, name, user="somebody"), name
    certain = {name for name in recorded if None not in _computed(version, name)}
    assert {"plain", "port_both", "device", "secret", "networks", "gpu_uncounted", "network_empty"} <= certain
    assert len(recorded) - len(certain) <= 6


def test_one_version_may_be_built_in_two_ways() -> None:
    """Debian's 2.26.1 has a newer library than upstream's."""
    both = ("2.26.1", "2.26.1-debian")
    differing = [name for name in HASHES if len({_recorded(version).get(name) for version in both} - {None}) == 2]
    assert {"device", "port_long", "env_null"} <= set(differing)
    for name in differing:
        assert {_recorded(version)[name] for version in both} <= set(_computed("2.26.1", name))


def test_where_the_spelling_can_t_be_known_a_mismatch_proves_nothing() -> None:
    ports = [{"mode": "ingress", "target": number, "protocol": "tcp"} for number in range(9)]
    long = [{"target": number} for number in range(9)]
    assert None not in _computed("2.40.3", "plain", ports=ports)
    computed = _computed("2.26.0", "plain", ports=ports)
    assert computed[-1] is None
    assert len(computed) < 600
    assert _computed("2.40.3", "plain", ports=long)[0] in _computed("2.28.1", "plain", ports=ports), (
        "all alike is tried"
    )
    assert _computed("2.25.0", "limits")[-1] is None, "`0.5` may stand there as `.5`"
    assert _computed("2.21.0", "plain", volumes_from=["container:abc"]) == [None], "it stands there by a name"
    assert None not in _computed("2.21.0", "plain", volumes_from=[])
    assert _computed("2.41.0", "plain")[-1] is None, "nobody has seen it yet"


@pytest.mark.parametrize("version", ["2.17.3", "1.29.2", "dev"])
def test_unknown_versions_have_no_hash(version: str) -> None:
    assert _computed(version, "plain") == [None]
