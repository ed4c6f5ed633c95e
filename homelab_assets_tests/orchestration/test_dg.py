"""Dagster's newer command line knows the project by `[tool.dg]` in pyproject.toml."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
DG = shutil.which("dg", path=str(Path(sys.executable).parent))


@pytest.mark.skipif(DG is None, reason="needs `dg`: pip install 'dagster-dg-cli>=1.13,<1.14'")
@pytest.mark.parametrize("verb", ["check", "list"])
def test_dg_finds_the_definitions(verb: str, tmp_path: Path) -> None:
    environment = {
        "PATH": os.environ["PATH"],
        "HOME": str(tmp_path),
        "DAGSTER_DISABLE_TELEMETRY": "1",
        "COLUMNS": "300",
    }
    command = [str(DG), verb, "defs"]
    done = subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    assert ("All definitions loaded" if verb == "check" else "daily_audit") in done.stdout + done.stderr
