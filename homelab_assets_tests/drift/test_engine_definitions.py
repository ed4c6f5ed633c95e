"""Real engines are the referee: `up`, an audit that finds nothing; one definition changed in git, exactly that item."""

import random
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from homelab_assets.engine import capture_host
from homelab_assets.lab.settings import HostSettings
from homelab_assets.model import Captured
from homelab_assets.secrecy import Vault
from homelab_assets_tests.drift.bench import KEY, Bench, have_host
from homelab_assets_tests.drift.defined import defined, generated
from homelab_assets_tests.lab import RealLab

PAIRS = (("ct-docker-01", "v2"), ("ct-docker-01", "2.26.1"), ("ct-docker-01", "v1"), ("ct-media-01", "v2"),
         ("ct-new-01", "v2"), ("ct-new-01", "2.26.1"), ("ct-new-01", "2.20.3"))  # fmt: skip


@pytest.fixture
def bench(lab: RealLab, request: pytest.FixtureRequest) -> Iterator[Bench]:
    """A host with nothing on it."""
    have_host(lab, request.param)
    lab.clear(request.param)
    yield Bench(lab, request.param)
    lab.clear(request.param)


def _version(bench: Bench, compose: str) -> tuple[int, ...]:
    return tuple(map(int, Path(bench.lab.tools.compose_for(compose)).parent.name.split(".")))


def _seen(bench: Bench, vault: Vault) -> Captured:
    captured = capture_host(HostSettings(name=bench.machine.name, docker=f"unix://{bench.machine.socket}"), vault=vault)
    assert isinstance(captured, Captured), captured
    return captured


@pytest.mark.parametrize(("bench", "compose"), PAIRS, indirect=["bench"])
def test_each_change_in_git_is_one_item(bench: Bench, compose: str) -> None:
    version = _version(bench, compose)
    made = defined(version, newest=bench.machine.engine == "newest")
    bench.up("defined", made.given_to(compose), compose, "--no-start")
    vault = Vault(KEY)
    assert made.mistakes("defined", _seen(bench, vault), vault, hashed=version >= (2, 32)) == []
    # A restarted engine shows gateways of its own choice like declared ones.
    bench.machine.stop_engine()
    bench.machine.start_engine()
    assert made.mistakes("defined", _seen(bench, vault), vault, hashed=version >= (2, 32)) == []


@pytest.mark.parametrize("seed", range(2))
@pytest.mark.parametrize(("bench", "compose"), PAIRS, indirect=["bench"])
def test_generated_definitions(bench: Bench, compose: str, seed: int) -> None:
    made, vault = generated(random.Random(seed), _version(bench, compose)), Vault(KEY)
    bench.up("generated", made.given_to(compose), compose, "--no-start")
    hashed = _version(bench, compose) >= (2, 32)
    assert made.mistakes("generated", _seen(bench, vault), vault, hashed=hashed) == []


@pytest.mark.parametrize("bench", ["ct-docker-01", "ct-new-01"], indirect=True)
def test_what_is_advised_brings_git_s_definition(bench: Bench) -> None:
    made = defined(newest=bench.machine.engine == "newest")
    for change in ("networks internal", "volumes labels.backup"):
        git, wanted = next(pair for name, pair in made.changed.items() if name.endswith(change))
        bench.up("defined", made.document, "v2", "--no-start")
        told = [
            (one.service, item.path, item.change) for one in bench.audit("defined", git).services for item in one.items
        ]
        assert told == wanted
        bench.machine.run(
            "sh", "-c", f"cd /opt/stacks/defined && exec {bench.lab.tools.compose_for('v2')} down --volumes",
            timeout=400, stdin=subprocess.DEVNULL,
        )  # fmt: skip
        bench.up("defined", git, "v2", "--no-start")
        assert not [item for one in bench.audit("defined", git).services for item in one.items]
        bench.lab.clear(bench.machine.name)


@pytest.mark.parametrize("bench", ["ct-new-01"], indirect=True)
def test_a_daemon_may_have_options_of_its_own_for_networks(bench: Bench) -> None:
    machine, before = bench.machine, bench.machine.daemon
    options = {"bridge": {"com.docker.network.driver.mtu": "1400", "com.docker.network.bridge.enable_icc": "true"}}
    machine.stop_engine()
    machine.daemon = {**before, "default-network-opts": options}
    try:
        machine.start_engine()
        for compose in ("v2", "2.26.1"):
            git = {
                "services": {"a": {"image": "lab/plain:1"}, "b": {"image": "lab/plain:1", "networks": ["n"]}},
                "networks": {"n": None},
            }
            bench.up("daemons", git, compose, "--no-start")
            assert not [item for one in bench.audit("daemons", git).services for item in one.items]
            bench.lab.clear(machine.name)
    finally:
        machine.stop_engine()
        machine.daemon = before
        machine.start_engine()
