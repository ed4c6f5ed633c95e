"""What Dagster costs: `daily_audit` on the demo lab against a job of as many assets that do nothing.

    python benchmarks/dagster_overhead.py [repetitions]

Prints median wall and CPU seconds of: the audit without Dagster, the job in process, an empty job of as many steps and
checks, `dagster job execute`, and the import of the code location. Each command runs in a folder of its own.
"""

import resource
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

PREPARE = """
from homelab_assets.lab.settings import load_lab
from homelab_assets.orchestration.run import open_instance
lab = load_lab()
"""
CASES = {
    "drift-detector diff (no Dagster)": [sys.executable, "-c", "from homelab_assets.cli import main; main(['diff'])"],
    "import homelab_assets.definitions": [sys.executable, "-c", "import homelab_assets.definitions"],
    "daily_audit": [
        sys.executable,
        "-c",
        PREPARE + "from homelab_assets.orchestration.run import run_job\nassert not run_job(lab, 'daily_audit').errors",
    ],
    "empty job of as many steps and checks": [
        sys.executable,
        "-c",
        PREPARE
        + """
import dagster as dg
from homelab_assets.orchestration.assembly import build_defs
job = build_defs(lab=lab).resolve_job_def("daily_audit")
steps = len(job.graph.node_dict)
def step(number):
    @dg.asset(name=f"empty_{number}", check_specs=[dg.AssetCheckSpec("fine", asset=f"empty_{number}")])
    def empty() -> dg.MaterializeResult:
        return dg.MaterializeResult(check_results=[dg.AssetCheckResult(passed=True)])
    return empty
assets = [step(number) for number in range(steps)]
jobs = [dg.define_asset_job("empty", assets)]
definitions = dg.Definitions(assets=assets, jobs=jobs, executor=dg.in_process_executor)
quiet = {"loggers": {"console": {"config": {"log_level": "CRITICAL"}}}}
with open_instance(lab) as instance:
    assert definitions.resolve_job_def("empty").execute_in_process(instance=instance, run_config=quiet).success
""",
    ],
    "dagster job execute -j daily_audit": [
        sys.executable, "-m", "dagster", "job", "execute", "-m", "homelab_assets.definitions", "-j", "daily_audit",
    ],
}  # fmt: skip


def measure(command: list[str], folder: Path) -> tuple[float, float]:
    """Return wall and CPU seconds of one run."""
    before, start = resource.getrusage(resource.RUSAGE_CHILDREN), time.monotonic()
    subprocess.run(command, cwd=folder, capture_output=True, check=False)
    wall, after = time.monotonic() - start, resource.getrusage(resource.RUSAGE_CHILDREN)
    return wall, after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime


def main() -> None:
    """Measure all cases in turn, so that a busy moment hits none alone."""
    repetitions = int(sys.argv[1]) if len(sys.argv) > 1 else 5
    with tempfile.TemporaryDirectory() as name:
        taken: dict[str, list[tuple[float, float]]] = {case: [] for case in CASES}
        for number in range(repetitions + 1):
            for case, command in CASES.items():
                result = measure(command, Path(name))
                # The first round makes folders, databases and caches.
                taken[case] += [result] if number else []
    print(f"{'median of ' + str(repetitions):<42} wall s  CPU s")
    for case, results in taken.items():
        wall, cpu = (statistics.median(column) for column in zip(*results, strict=True))
        print(f"{case:<42} {wall:6.2f} {cpu:6.2f}")


if __name__ == "__main__":
    main()
