"""A host of the real lab, ready for the stacks that the engine is to referee."""

import subprocess
from typing import Any

import pytest

from homelab_assets.drift.document import DriftDocument
from homelab_assets.engine import capture_host
from homelab_assets.lab.settings import HostSettings
from homelab_assets.model import Captured
from homelab_assets.secrecy import Vault
from homelab_assets_tests.drift import stacks
from homelab_assets_tests.drift.world import audit, baseline
from homelab_assets_tests.lab import RealLab

KEY = b"a key for tests of 32 bytes long"


def have_host(lab: RealLab, name: str) -> None:
    """Start a host that does not run yet; skip the test where its engine was not provisioned."""
    if name not in lab.hosts:
        if "newest" not in lab.tools.engines:
            pytest.skip("no newer engine was provisioned")
        lab.start_host(name)


class Bench:
    """One host of the lab with the pictures that the stacks need."""

    def __init__(self, lab: RealLab, name: str) -> None:
        self.lab, self.machine = lab, lab.hosts[name]
        lab.load(self.machine, stacks.IMAGES)
        self.machine.docker("network", "create", "extnet", check=False)

    def up(self, stack: str, document: dict[str, Any], compose: str = "v2", *options: str) -> None:
        """Deploy a stack from `/opt/stacks/<stack>`."""
        stacks.write(document, self.machine.directory / "opt" / "stacks" / stack)
        program = str(self.lab.tools.compose_for(compose))
        # Compose v1 asks before it takes another image's or volume's place: nobody is here to answer. With more services
        # than it has threads it may wait for itself for ever.
        self.machine.run(
            "sh", "-c", f"cd /opt/stacks/{stack} && exec {program} up -t 0 {' '.join(options)}",
            timeout=400, stdin=subprocess.DEVNULL, env={"COMPOSE_PARALLEL_LIMIT": "400"} if compose == "v1" else {},
        )  # fmt: skip

    def audit(self, stack: str, document: dict[str, Any]) -> DriftDocument:
        """Capture the host and compare."""
        vault = Vault(KEY)
        settings = HostSettings(name=self.machine.name, docker=f"unix://{self.machine.socket}")
        captured = capture_host(settings, vault=vault)
        assert isinstance(captured, Captured), captured
        result = audit(
            captured, [baseline(stack, document, endpoint=self.machine.name, extra=stacks.EXTRA)], vault=vault
        )
        assert not result.problems
        return result
