"""Every example is a `lab.yaml` that loads, and makes a code location."""

from pathlib import Path

import dagster as dg
import pytest

from homelab_assets.lab.settings import load_lab
from homelab_assets.orchestration.assembly import build_defs
from homelab_assets_tests.deployment.servers import ROOT

EXAMPLES = sorted((ROOT / "examples").glob("*.yaml"))


@pytest.mark.parametrize("file", EXAMPLES, ids=lambda file: file.stem)
def test_an_example_loads(file: Path, tmp_path: Path) -> None:
    copy = tmp_path / "lab.yaml"
    copy.write_text(file.read_text())
    lab = load_lab(str(copy), {"HOME": str(tmp_path)})
    dg.Definitions.validate_loadable(build_defs(lab=lab, environment={}))


def test_every_example_is_in_the_list() -> None:
    listed = (ROOT / "examples" / "README.md").read_text()
    assert EXAMPLES
    assert all(f"[{file.name}]({file.name})" in listed for file in EXAMPLES)
