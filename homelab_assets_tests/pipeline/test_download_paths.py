"""Story 2.5: what qBittorrent finishes is found, imported and hard-linked by Radarr and Sonarr."""

import pytest

from homelab_assets_tests.pipeline.conftest import Prove

both = pytest.mark.parametrize("app", ["radarr", "sonarr"])


def test_qbittorrent_saves_to_disk(prove: Prove) -> None:
    prove("paths.qbittorrent")


def test_its_folders_mean_something_to_the_apps(prove: Prove) -> None:
    prove("paths.shared")


@both
def test_the_app_hands_downloads_to_qbittorrent(app: str, prove: Prove) -> None:
    prove(f"downloads.{app}")


@both
def test_the_app_imports_what_is_finished(app: str, prove: Prove) -> None:
    prove(f"downloads.{app}_import")


@both
def test_the_app_finds_finished_downloads(app: str, prove: Prove) -> None:
    prove(f"paths.{app}_downloads")


@both
def test_the_library_folder_is_there(app: str, prove: Prove) -> None:
    prove(f"paths.{app}_library")


def test_there_is_room_for_more(prove: Prove) -> None:
    prove("paths.room")


@both
def test_downloads_and_library_are_apart(app: str, prove: Prove) -> None:
    prove(f"paths.{app}_apart")


@both
def test_hard_links_are_possible(app: str, prove: Prove) -> None:
    prove(f"paths.{app}_hardlink")


@both
def test_the_newest_import_is_a_hard_link(app: str, prove: Prove) -> None:
    prove(f"paths.{app}_hardlinked")
