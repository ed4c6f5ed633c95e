"""Record what real engines make of the stacks: the traps right after `up`, and every manual change.

python -m homelab_assets_tests.drift.record --dir DIR

Writes anew the recordings that tests without an engine read (all but podman's, which the lab does not have).
"""

import argparse
import gzip
import json
from pathlib import Path

from homelab_assets_tests.drift import stacks
from homelab_assets_tests.drift.bench import Bench
from homelab_assets_tests.drift.defined import defined
from homelab_assets_tests.lab import RealLab
from homelab_assets_tests.lab.machine import Machine
from homelab_assets_tests.lab.recording import recorded

# Which host records through which Compose; `ct-docker-01` has no defaults of its own.
COMBINATIONS = (("ct-docker-01", "v2"), ("ct-docker-01", "2.26.1"), ("ct-new-01", "v2"), ("ct-new-01", "2.20.3"))
DEFINITIONS = (("ct-docker-01", "v2"), ("ct-docker-01", "v1"), ("ct-new-01", "v2"), ("ct-new-01", "2.26.1"))
# All that the audit asks of `/info`; the rest tells of the machine that recorded.
_INFO = ("MemoryLimit", "SwapLimit", "PidsLimit", "CPUShares", "CPUSet", "CpuCfsQuota", "CpuCfsPeriod", "OomKillDisable",
         "CPURealtimePeriod", "CPURealtimeRuntime", "CgroupVersion", "DefaultRuntime", "LoggingDriver", "SecurityOptions", "OperatingSystem", "DefaultAddressPools")  # fmt: skip


def main() -> None:
    parser = argparse.ArgumentParser(description="Record the stacks on real engines.")
    parser.add_argument("--dir", type=Path, required=True, help="the lab's folder, on a disk that carries overlays")
    lab = RealLab(parser.parse_args().dir)
    try:
        lab.up(["ct-docker-01", "ct-new-01"])
        for host, compose in COMBINATIONS:
            bench = Bench(lab, host)
            bench.up("traps", stacks.traps(compose), compose, "--no-start")
            _write("traps", bench.machine, _version(lab, compose))
            lab.clear(host)
            bench = Bench(lab, host)
            git, running, _ = stacks.manual_changes()
            bench.up("manual", git, compose, "--no-start")
            bench.up("manual", running, compose, "--no-start")
            _write("manual", bench.machine, _version(lab, compose))
            lab.clear(host)
        for host, compose in DEFINITIONS:
            record_definitions(lab, host, compose)
        bench = Bench(lab, "ct-docker-01")
        bench.up("traps", stacks.traps("v1"), "v1", "--no-start")
        _write("traps", bench.machine, _version(lab, "v1"))
    finally:
        lab.down()


def record_definitions(lab: RealLab, host: str, compose: str) -> None:
    bench, version = Bench(lab, host), _version(lab, compose)
    made = defined(tuple(map(int, version.split("."))), newest=bench.machine.engine == "newest")
    bench.up("defined", made.given_to(compose), compose, "--no-start")
    # A restarted engine shows gateways of its own choice like declared ones.
    bench.machine.stop_engine()
    bench.machine.start_engine()
    _write("definitions", bench.machine, version)
    lab.clear(host)


def _version(lab: RealLab, compose: str) -> str:
    return Path(lab.tools.compose_for(compose)).parent.name


def _write(stack: str, machine: Machine, compose: str) -> None:
    documents = recorded(machine)
    engine = documents["engine"]
    engine["info"] = {key: value for key, value in engine["info"].items() if key in _INFO}
    version = engine["version"]["Version"].partition("+")[0]
    file = stacks.DATA / f"{stack}-{version}-compose-{compose}.json.gz"
    file.write_bytes(gzip.compress(json.dumps(documents, separators=(",", ":")).encode(), mtime=0))
    print(f"{file.name}: {len(documents['containers'])} containers")


if __name__ == "__main__":
    main()
