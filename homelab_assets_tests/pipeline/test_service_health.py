"""Story 2.2: every app runs, answers, and accepts our credential."""

import pytest

from homelab_assets_tests.pipeline.conftest import Prove

APPS = {
    "overseerr": "key",
    "radarr": "key",
    "sonarr": "key",
    "prowlarr": "key",
    "qbittorrent": "login",
    "plex": "key",
    "bazarr": "key",
    "sabnzbd": "key",
}


@pytest.mark.parametrize("app", APPS)
def test_container_runs(app: str, prove: Prove) -> None:
    prove(f"{app}.container")


@pytest.mark.parametrize("app", APPS)
def test_answers(app: str, prove: Prove) -> None:
    prove(f"{app}.reachable")


@pytest.mark.parametrize("app", APPS)
def test_accepts_our_credential(app: str, prove: Prove) -> None:
    prove(f"{app}.{APPS[app]}")


@pytest.mark.parametrize("app", ["prowlarr", "radarr", "sonarr"])
def test_reports_no_trouble_itself(app: str, prove: Prove) -> None:
    prove(f"{app}.health")
