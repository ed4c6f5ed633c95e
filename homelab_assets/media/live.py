"""The live run: ask for a free film and follow it to Plex, step by step, over hours and several runs if need be.

The state is a JSON value that the caller keeps. A step that was done is not done again; a run goes as far as it can
within its time and says what it waits for.
"""

import time
from collections.abc import Callable, Mapping
from typing import Any, Literal, NotRequired, TypedDict

import msgspec

from homelab_assets.media.clients import Clients, Trouble
from homelab_assets.media.settings import FILM, FILM_ID


class Done(TypedDict):
    """What came of one step (see `Outcome`), and when."""

    state: str
    text: str
    at: str


class State(TypedDict):
    """How far a live run is. What it found on its way: the number of the history's last entry, the download's id, the
    film's file."""

    schema: Literal[1]
    title: str
    tmdb_id: int
    started_at: str
    finished_at: str | None
    steps: dict[str, Done]
    history: NotRequired[int]
    download: NotRequired[str]
    file: NotRequired[str]


Outcome = tuple[str, str]
"""`done`, `waiting`, `manual` or `failed`, and what was seen or what to do."""

STEPS = {
    "requested": "Ask for the film in Overseerr",
    "received": "Radarr has the film",
    "grabbed": "Radarr found a release and handed it to qBittorrent",
    "downloaded": "qBittorrent has downloaded it",
    "imported": "Radarr has imported it into the library",
    "in_library": "Plex shows it",
}


def new_state(now: str, *, title: str = FILM, tmdb_id: int = FILM_ID) -> State:
    """Return the state of a live run that has not begun."""
    return {"schema": 1, "title": title, "tmdb_id": tmdb_id, "started_at": now, "finished_at": None, "steps": {}}


def run_live(
    clients: Clients,
    state: State,
    *,
    now: Callable[[], str],
    seconds: float = 60.0,
    pause: float = 2.0,
    progress: Callable[[str, Outcome], None] | None = None,
) -> State:
    """Go on with a live run until it is finished, fails, needs a person, or the time is up.

    Args:
        state: of an earlier call, or `new_state`. seconds: how long to wait in all. pause: between two looks.
        progress: is called with a step's name and its outcome whenever that changes.

    Returns:
        The new state; `finished_at` is set once the film is in Plex.
    """
    state = state.copy()
    steps = state["steps"] = state["steps"].copy()
    deadline = time.monotonic() + seconds
    for step in STEPS:
        while (before := steps[step]["state"] if step in steps else None) != "done":
            outcome = _LOOKS[step](clients, state)
            if outcome[0] != before and progress is not None:
                progress(step, outcome)
            steps[step] = {"state": outcome[0], "text": outcome[1], "at": now()}
            if outcome[0] == "done":
                break
            if outcome[0] == "failed" or time.monotonic() + pause > deadline:
                return state
            time.sleep(pause)
    state["finished_at"] = now()
    return state


def _request(clients: Clients, state: State) -> Outcome:
    if "history" not in state and clients.radarr is not None:
        film, last = _film(clients, state), _newest(clients, {"pageSize": "1"})
        if trouble := next((one for one in (film, last) if isinstance(one, Trouble)), None):
            return "failed", trouble.detail
        if film and film.get("hasFile"):
            return "manual", "Radarr has the film already, so nothing would move; delete it there, files and all"
        # What happened until now is no part of this run. By number: clocks differ.
        state["history"] = max((_number(one) for one in last), default=0)
    if clients.overseerr is None:
        return "done", "Overseerr is not configured; add the film in Radarr by hand"
    found = clients.overseerr.request_movie(state["tmdb_id"])
    if isinstance(found, Trouble):
        return "failed", found.detail
    return "done", "it was asked for before" if found.get("status") == "duplicate" else "request accepted"


def _received(clients: Clients, state: State) -> Outcome:
    film = _film(clients, state)
    if isinstance(film, Trouble):
        return "failed", film.detail
    if film is None:
        return "manual", "approve the request in Overseerr, or add the film in Radarr"
    return "done", f"{film.get('title')} is film {film.get('id')} in Radarr"


def _film(clients: Clients, state: State) -> Any:
    if clients.radarr is None:
        return Trouble("key_missing", "Radarr is not configured")
    clients.radarr.transport.forget()
    films = clients.radarr.items("movie", tmdbId=str(state["tmdb_id"]))
    if isinstance(films, Trouble):
        return films
    return next((one for one in films if one.get("tmdbId") == state["tmdb_id"]), None)


def _has_file(clients: Clients, state: State) -> bool:
    film = _film(clients, state)
    return isinstance(film, dict) and bool(film.get("hasFile"))


def _history(clients: Clients, state: State, event: str) -> Any:
    film = _film(clients, state)
    if film is None or isinstance(film, Trouble):
        return film
    found = _newest(clients, {"movieIds": str(film["id"]), "eventType": event, "pageSize": "50"})
    if isinstance(found, Trouble):
        return found
    since = state.get("history", 0)
    return next((one for one in found if one.get("movieId") == film["id"] and _number(one) > since), None)


def _newest(clients: Clients, wanted: dict[str, str]) -> Any:
    """Return records of Radarr's history, the newest first."""
    assert clients.radarr is not None
    found = clients.radarr.item("history", fresh=True, sortKey="date", sortDirection="descending", **wanted)
    return found if isinstance(found, Trouble) else found.get("records") or []


def _number(record: dict[str, Any]) -> int:
    return int(record.get("id") or 0)


def _grabbed(clients: Clients, state: State) -> Outcome:
    record = _history(clients, state, "1")
    if isinstance(record, Trouble):
        return "failed", record.detail
    if record is None:
        if _has_file(clients, state):
            return "manual", "Radarr has a file that it did not grab in this run; delete it there and search again"
        return "waiting", "Radarr has not found a release yet"
    state["download"] = str(record.get("downloadId") or "")
    return "done", str(record.get("sourceTitle"))


def _downloaded(clients: Clients, state: State) -> Outcome:
    if clients.qbittorrent is None or not state.get("download"):
        return "done", "nothing to look at in qBittorrent"
    torrents = clients.qbittorrent.torrents(fresh=True)
    if isinstance(torrents, Trouble):
        return "failed", torrents.detail
    wanted = state["download"].lower()
    mine = next(
        (one for one in torrents if wanted in (str(one.get("hash")).lower(), str(one.get("name")).lower())), None
    )
    if mine is None and _has_file(clients, state):
        return "done", "imported and cleared away already"
    if mine is None:
        return "waiting", "qBittorrent does not list the download"
    if float(mine.get("progress") or 0) < 1:
        return "waiting", f"{100 * float(mine.get('progress') or 0):.0f} % ({mine.get('state')})"
    return "done", f"in {mine.get('save_path')}"


def _imported(clients: Clients, state: State) -> Outcome:
    record = _history(clients, state, "3")
    if isinstance(record, Trouble):
        return "failed", record.detail
    if record is None:
        film = _film(clients, state)
        if not (isinstance(film, dict) and film.get("hasFile")):
            return "waiting", _stuck(clients)
        state["file"] = str((film.get("movieFile") or {}).get("path") or "")
    else:
        state["file"] = str((record.get("data") or {}).get("importedPath") or "")
    return "done", state["file"] or "Radarr has the file"


def _stuck(clients: Clients) -> str:
    assert clients.radarr is not None
    queue = clients.radarr.item("queue", fresh=True)
    records = [] if isinstance(queue, Trouble) else queue.get("records") or []
    messages = [
        str(text)
        for one in records
        for message in one.get("statusMessages") or []
        for text in message.get("messages") or []
    ]
    return clients.radarr.transport.scrub("; ".join(messages)) or "Radarr has not imported it yet"


def _in_library(clients: Clients, state: State) -> Outcome:
    if clients.plex is None:
        return "manual", "Plex is not configured; look whether the film is in your library"
    libraries = clients.plex.libraries()
    if isinstance(libraries, Trouble):
        return "failed", libraries.detail
    for library in (one for one in libraries if one.kind == "movie"):
        # By its name it is found however old; among the newest, whatever it is called in the library's language.
        for title in (state["title"], None) if state.get("file") else (state["title"],):
            items = clients.plex.content(library.key, title=title, limit=50, fresh=True)
            if isinstance(items, Trouble):
                return "failed", items.detail
            if item := next((one for one in items if _is_of(one, state.get("file", ""))), None):
                return "done", f"“{item.get('title')}” is in “{library.title}”"
    return "waiting", "Plex does not show it yet"


def _is_of(item: Mapping[str, Any], file: str) -> bool:
    """Say whether an item of Plex's is Radarr's file, where that is known; folders above may have other names."""
    parts = [part for media in item.get("Media") or [] for part in media.get("Part") or []]
    return not file or any(str(part.get("file")).split("/")[-2:] == file.split("/")[-2:] for part in parts)


_LOOKS: dict[str, Callable[[Clients, State], Outcome]] = {
    "requested": _request,
    "received": _received,
    "grabbed": _grabbed,
    "downloaded": _downloaded,
    "imported": _imported,
    "in_library": _in_library,
}


def read_state(data: bytes) -> State | None:
    """Read a kept state that is not finished; None where there is none to go on with."""
    try:
        state = msgspec.json.decode(data, type=State)
    except (ValueError, RecursionError):
        return None
    return None if state["finished_at"] else state
