"""The live run against the simulator: a request really becomes a file in Plex, over several runs where need be."""

import json
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from homelab_assets.media.live import STEPS, State, new_state, read_state, run_live
from homelab_assets.media.simulator import World

WHEN = "2026-11-23T06:00:00Z"


def go(world: World, state: State | None = None, seconds: float = 3.0) -> State:
    with world.clients() as clients:
        return run_live(clients, state or new_state(WHEN), now=lambda: WHEN, seconds=seconds, pause=0.01)


@contextmanager
def without_films(faults: Sequence[str] = ()) -> Iterator[World]:
    with World(faults=faults) as world:
        for file in world.media.rglob("*.mkv"):
            file.unlink()
        yield world


def states(state: State) -> dict[str, str]:
    return {name: step["state"] for name, step in state["steps"].items()}


def test_a_request_becomes_a_film_in_plex() -> None:
    with without_films() as world:
        state = go(world)
        assert states(state) == dict.fromkeys(STEPS, "done")
        assert state["finished_at"] == WHEN
        (film,) = (world.media / "movies").rglob("*.mkv")
        (download,) = (world.media / "downloads").rglob("*.mkv")
        assert film.samefile(download)
        assert world.overseerr.requests[0]["media"]["tmdbId"] == 10331


def test_a_slow_download_is_waited_for_over_several_runs() -> None:
    with without_films() as world:
        world.qbittorrent.patience = 10**6
        state = go(world, seconds=0.05)
        assert states(state)["downloaded"] == "waiting"
        assert state["finished_at"] is None
        world.qbittorrent.patience = 0
        state = go(world, read_state(json.dumps(state).encode()))
        assert state["finished_at"] == WHEN
        assert len(world.overseerr.requests) == 1


def test_a_download_that_was_cleared_away_after_its_import_is_not_waited_for() -> None:
    """Between two runs Radarr may import it and have qBittorrent remove it."""
    with without_films() as world:
        world.qbittorrent.patience = 10**6
        state = go(world, seconds=0.05)
        assert states(state)["downloaded"] == "waiting"
        world.qbittorrent.torrents[0].update(progress=1.0, state="stalledUP")
        (folder := world.media / "downloads/complete/movies").mkdir(exist_ok=True)
        (folder / Path(world.qbittorrent.torrents[0]["content_path"]).name).write_bytes(b"a film")
        world.radarr.importing()
        world.qbittorrent.torrents.clear()
        assert go(world, state)["finished_at"] == WHEN


def test_a_download_that_radarr_does_not_find_says_so() -> None:
    with World(faults=["path_not_mounted"]) as world:
        (world.media / "downloads/complete/movies/Night of the Living Dead (1968).mkv").unlink()
        state = go(world, seconds=0.3)
    assert states(state)["imported"] == "waiting"
    assert "No files found are eligible for import" in state["steps"]["imported"]["text"]


def test_a_plex_that_does_not_scan_leaves_it_waiting() -> None:
    with without_films(faults=["scan_disabled"]) as world:
        state = go(world, seconds=0.3)
    assert states(state)["in_library"] == "waiting"


def test_a_request_that_is_refused_fails_at_once() -> None:
    with World(faults=["csrf"]) as world:
        state = go(world)
    assert states(state) == {"requested": "failed"}
    assert "403" in state["steps"]["requested"]["text"]


def test_without_a_default_server_a_person_has_to_act() -> None:
    with World(faults=["default_server_missing"]) as world:
        state = go(world, seconds=0.05)
    assert states(state) == {"requested": "done", "received": "manual"}


def of_before(world: World, *, has_file: bool) -> None:
    """Let Radarr have had the film before: it was grabbed, imported, and deleted again perhaps."""
    world.radarr.titles = [{**world.radarr.catalogue[0], "id": 1, "hasFile": has_file, "monitored": True}]
    for event in ("grabbed", "downloadFolderImported"):
        record = {"id": next(world.radarr.numbers), "eventType": event, "movieId": 1, "downloadId": "OLD"}
        world.radarr.history.append({**record, "sourceTitle": "of before", "date": "2020-01-01T00:00:00Z", "data": {}})


def test_a_film_that_was_there_before_proves_nothing() -> None:
    with World() as world:
        of_before(world, has_file=True)
        state = go(world, seconds=0.05)
        assert states(state) == {"requested": "manual"}
        assert "has the film already" in state["steps"]["requested"]["text"]
        assert not world.overseerr.requests
        # Taken up again once it was deleted, also by the file of before that Plex still lists.
        world.radarr.titles.clear()
        assert go(world, state)["finished_at"] == WHEN


def test_what_happened_before_the_run_is_no_part_of_it() -> None:
    with World() as world:
        of_before(world, has_file=False)
        state = go(world, seconds=0.05)
    assert states(state) == {"requested": "done", "received": "done", "grabbed": "waiting"}


@pytest.mark.parametrize(("title", "shown"), [("The remake", False), ("Die Nacht der lebenden Toten", True)])
def test_plex_has_to_show_the_very_file(title: str, shown: bool) -> None:
    """A film of the same name is another one; the same film may have another name."""
    with without_films() as world:
        usual = world.plex._metadata
        name = "Night of the Living Dead" if not shown else title

        def metadata(file: str, *, look: bool = False) -> dict[str, Any]:
            other = file if shown else "/films/Night of the Living Dead (1990)/Night of the Living Dead (1990).mkv"
            return {**usual(file, look=look), "title": name, "Media": [{"Part": [{"file": other}]}]}

        world.plex._metadata = metadata
        state = go(world, seconds=0.3)
    assert states(state)["in_library"] == ("done" if shown else "waiting")


KEPT = json.dumps(new_state("2026-11-23T06:00:00Z"))


@pytest.mark.parametrize(
    "text",
    [
        "",
        "[]",
        KEPT[:-9],
        "[" * 100_000,
        KEPT.replace('"finished_at": null', '"finished_at": "2026-11-23T06:00:00Z"'),
        KEPT.replace('"steps": {}', '"steps": {"requested": "done"}'),
        KEPT.replace('"schema": 1', '"schema": 2'),
        KEPT.replace("Night", "\udcff"),
    ],
)
def test_a_finished_or_damaged_state_is_not_gone_on_with(text: str) -> None:
    assert read_state(KEPT.encode()) == json.loads(KEPT)
    assert read_state(text.encode("utf-8", "surrogateescape")) is None
