"""Story 2.6: Plex looks where files are imported to, and notices new ones.

With `PLEX_TEST_FOLDER`, a writable folder of a film library as this machine sees it, a dummy file is added and Plex is
given two minutes to show it.
"""

import time
from collections.abc import Mapping
from pathlib import Path

import pytest

from homelab_assets.media.clients import Clients, Trouble
from homelab_assets_tests.pipeline.conftest import Prove


@pytest.mark.parametrize("app", ["radarr", "sonarr"])
def test_libraries_hold_what_is_imported(app: str, prove: Prove) -> None:
    prove(f"library.{app}")


def test_new_files_are_noticed(prove: Prove) -> None:
    prove("library.scan")


def test_what_is_there_can_be_played(prove: Prove) -> None:
    prove("library.playable")


def test_a_dummy_file_shows_up(clients: Clients, environment: Mapping[str, str]) -> None:
    folder = environment.get("PLEX_TEST_FOLDER")
    if not folder or clients.plex is None:
        pytest.skip("PLEX_TEST_FOLDER is not set")
    title = f"Pipeline Probe {int(time.time())}"
    file = Path(folder) / f"{title} (1968)" / f"{title} (1968).mkv"
    file.parent.mkdir()
    try:
        file.write_bytes(b"\x1a\x45\xdf\xa3")
        assert _shows(clients, title, seconds=120), f"Plex did not show {file} within two minutes"
    finally:
        file.unlink(missing_ok=True)
        file.parent.rmdir()


def _shows(clients: Clients, title: str, *, seconds: float) -> bool:
    assert clients.plex is not None
    libraries = clients.plex.libraries()
    assert not isinstance(libraries, Trouble), libraries.detail
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        for library in libraries:
            found = clients.plex.content(library.key, title=title, fresh=True)
            if not isinstance(found, Trouble) and found:
                return True
        time.sleep(5)
    return False
