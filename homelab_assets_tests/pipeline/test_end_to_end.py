"""Story 2.7: from request to playback.

The dry run takes no step. The live run (`PIPELINE_LIVE=1`) requests the test film for real and follows it; it keeps its
state in `.pipeline-live.json`, waits `PIPELINE_LIVE_SECONDS` (default 60) and goes on there next time. By hand: approve
the request where Overseerr wants that; wait for the download; delete the film in Radarr afterwards.
"""

import json
from collections.abc import Mapping
from pathlib import Path

import pytest

from homelab_assets.audit import utc_now
from homelab_assets.media.clients import Clients
from homelab_assets.media.live import STEPS, new_state, read_state, run_live
from homelab_assets_tests.pipeline.conftest import Prove


@pytest.mark.parametrize("app", ["radarr", "sonarr"])
def test_requests_go_to_the_app(app: str, prove: Prove) -> None:
    prove(f"requests.{app}")


@pytest.mark.parametrize("app", ["radarr", "sonarr"])
def test_overseerr_reaches_the_app(app: str, prove: Prove) -> None:
    prove(f"requests.{app}_reached")


def test_people_are_told(prove: Prove) -> None:
    prove("requests.notifications")


def test_radarr_knows_the_test_film(prove: Prove) -> None:
    prove("end_to_end.lookup")


def test_a_request_would_reach_the_screen(prove: Prove) -> None:
    prove("end_to_end.dry_run")


def test_a_request_reaches_the_screen(
    clients: Clients,
    environment: Mapping[str, str],
    test_movie_id: int,
    test_movie_title: str,
    capsys: pytest.CaptureFixture[str],
) -> None:
    if environment.get("PIPELINE_LIVE") != "1":
        pytest.skip("PIPELINE_LIVE is not 1: nothing is requested")
    file = Path(".pipeline-live.json")
    kept = read_state(file.read_text()) if file.is_file() else None
    state = kept or new_state(utc_now(), title=test_movie_title, tmdb_id=test_movie_id)
    with capsys.disabled():
        state = run_live(
            clients,
            state,
            now=utc_now,
            seconds=float(environment.get("PIPELINE_LIVE_SECONDS", "60")),
            progress=lambda step, outcome: print(f"\n  {outcome[0]:<8} {STEPS[step]}: {outcome[1]}", end=""),
        )
    file.write_text(json.dumps(state, indent=2))
    waiting = {STEPS[name]: step["text"] for name, step in state["steps"].items() if step["state"] != "done"}
    assert state["finished_at"], f"not there yet: {waiting}; run again to go on"
