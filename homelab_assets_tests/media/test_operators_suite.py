"""The operator's suite as the documentation says to run it, against servers that it takes for real ones."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

import homelab_assets_tests
from homelab_assets.media.simulator import World
from homelab_assets_tests.media.test_session import lab_file

pytestmark = pytest.mark.scenario

ROOT = Path(homelab_assets_tests.__file__).parents[1]


def run_suite(world: World, folder: Path, **more: str) -> tuple[int, str]:
    """Run it in a folder of its own, configured by variables alone."""
    environment = {name: value for name, value in os.environ.items() if not name.startswith(("HOMELAB_", "PYTEST_"))}
    for app, service in world.settings().services.items():
        values = {"URL": service.url, "API_KEY": service.api_key, "TOKEN": service.token}
        values |= {"USERNAME": service.username, "PASSWORD": service.password}
        environment |= {f"{app.upper()}_{name}": value for name, value in values.items() if value}
    environment |= {"HOME_ADDRESSES": ", ".join(world.home), "HOMELAB_STATE": str(folder / "state"), **more}
    options = ["-v", "-p", "no:cacheprovider", "-c", str(ROOT / "pyproject.toml"), "--rootdir", str(ROOT)]
    done = subprocess.run(
        [sys.executable, "-m", "pytest", str(ROOT / "homelab_assets_tests" / "pipeline"), *options],
        cwd=folder,
        env=environment,
        capture_output=True,
        text=True,
        timeout=120,
    )
    assert not [secret for secret in world.settings().secrets if secret in done.stdout + done.stderr]
    return done.returncode, done.stdout


def test_variables_alone_are_enough_and_the_live_run_is_opt_in(tmp_path: Path) -> None:
    with World() as world:
        lab_file(tmp_path, world).unlink()
        code, output = run_suite(world, tmp_path, MEDIA_HOST=f"capture:{tmp_path / 'media'}", PIPELINE_LIVE="1")
        assert code == 0, output
        assert len(world.overseerr.requests) == 1
    assert "test_a_request_would_reach_the_screen PASSED" in output
    assert json.loads((tmp_path / ".pipeline-live.json").read_text())["finished_at"]


def test_without_the_host_what_hangs_on_it_is_skipped_and_a_fault_is_named_once(tmp_path: Path) -> None:
    with World(faults=["key_stale_copy"]) as world:
        world.home = world.home[:1]
        code, output = run_suite(world, tmp_path)
        assert not world.overseerr.requests
    assert code == 1
    failed = [line for line in output.splitlines() if line.startswith("FAILED")]
    assert len(failed) == 1, output
    assert "test_the_app_has_a_current_key_of_prowlarr_and_gets_results[radarr]" in failed[0]
    assert "do: Write the current key into the app that holds the copy" in output
    assert "no media host is configured" in output
