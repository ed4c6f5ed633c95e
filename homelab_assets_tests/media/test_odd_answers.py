"""Answers that come from the right place and are not what the app's API describes: no crash, no pass, no false cause."""

import json
from collections.abc import Iterator
from typing import Any
from unittest import mock

import pytest

from homelab_assets.media.clients.shapes import GLUETUN, OVERSEERR, PLEX, QBITTORRENT, SERVARR, Shape, fitting
from homelab_assets.media.clients.transport import Reply, Transport, Trouble
from homelab_assets.media.containers import media_containers
from homelab_assets.media.fixes import propose
from homelab_assets.media.pipeline import run_pipeline
from homelab_assets.media.result import PipelineResult
from homelab_assets.media.simulator import World
from homelab_assets.media.situation import look

pytestmark = pytest.mark.scenario

ODD = (None, "text", True, {}, [None])
Call = tuple[str, str, str, str]

# What is read in passing: without it something else is judged by, or nothing is advised.
IN_PASSING = {"transfer/info", "/v1/publicip/ip", "/settings/notifications", "config/mediamanagement", "notification"}


def shape_of(path: str) -> tuple[str, Shape]:
    """Return which entry of which table says what is read of an answer."""
    if path == "/ping" or path.endswith("/test"):
        return path, {}  # that it answers is all
    if "/notifications/" in path:
        return "/settings/notifications", OVERSEERR["/settings/notifications"]
    if path.startswith("/library/"):
        name = "/library/metadata" if "metadata" in path else "/library/sections/all" if "/all" in path else path
        return name, {"MediaContainer": PLEX[name]}
    if path in PLEX:
        return path, {"MediaContainer": PLEX[path]}
    if path in GLUETUN:
        return path, GLUETUN[path]
    short = path.removeprefix("/api/v2/").removeprefix("/api/v3/").removeprefix("/api/v1")
    if short in OVERSEERR:
        return short, OVERSEERR[short]
    short = short.lstrip("/")
    short = "testall" if short.endswith("/testall") else short
    return short, {**SERVARR, **QBITTORRENT}[short]


class Tape:
    """All answers of one run, to be played again with one of them changed: as fast as no network is."""

    def __init__(self) -> None:
        self.answers: dict[Call, Reply | Trouble] = {}
        self.changed: dict[Call, Reply] = {}
        self._send = Transport._send

    @staticmethod
    def call(transport: Transport, method: str, path: str, options: dict[str, Any]) -> Call:
        return transport.base, method, path, json.dumps(options.get("params"), sort_keys=True)

    def record(self) -> Any:
        def send(transport: Transport, method: str, path: str, *rest: Any) -> Reply | Trouble:
            answer = self._send(transport, method, path, *rest)
            self.answers[self.call(transport, method, path, rest[-1])] = answer
            return answer

        return mock.patch.object(Transport, "_send", send)

    def play(self) -> Any:
        def send(transport: Transport, method: str, path: str, *rest: Any) -> Reply | Trouble:
            call = self.call(transport, method, path, rest[-1])
            lost = Trouble("unreachable", f"{method} {path} is not on the tape")
            return self.changed.get(call) or self.answers.get(call, lost)

        return mock.patch.object(Transport, "_send", send)


def run(world: World) -> PipelineResult:
    settings = world.settings()
    containers = media_containers(world.containers(), settings, world.volumes)
    with world.clients() as clients:
        result = run_pipeline(settings, clients=clients, generated_at="2026-11-23T06:00:00Z", containers=containers)
        propose(result, look(clients, settings, containers, salt=b"for tests"))
    return result


def places(value: Any, shape: Shape, at: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    """Yield where something is read: the first item of each list stands for all."""
    yield at
    if isinstance(value, list) and isinstance(shape, list) and value:
        yield from places(value[0], shape[0], (*at, 0))
    elif isinstance(value, dict) and isinstance(shape, dict):
        for key in value:
            if key in shape or shape.get("*", object) is not object:
                yield from places(value[key], shape.get(key, shape.get("*")), (*at, key))


def put(value: Any, at: tuple[Any, ...], new: Any) -> Any:
    if not at:
        return new
    made = value.copy()
    made[at[0]] = put(value[at[0]], at[1:], new)
    return made


def changes(answer: Reply, shape: Shape) -> Iterator[Any]:
    document = answer.json()
    for at in places(document, shape):
        for odd in ODD:
            yield put(document, at, odd)
        if isinstance(at and at[-1], int):
            yield put(document, at[:-1], [])


def is_another_kind(document: Any, shape: Shape) -> bool:
    """Say whether an answer is something else as a whole."""
    if isinstance(document, dict) and isinstance(shape, dict) and "MediaContainer" in shape:
        return not isinstance(document.get("MediaContainer"), dict)
    return type(document) is not type(shape)


def test_no_answer_of_another_shape_is_a_crash_a_pass_or_a_false_cause() -> None:
    tape, tried, odd = Tape(), 0, 0
    with World() as world:
        with tape.record():
            assert run(world).exit_code == 0
        sonarr = world.settings().services["sonarr"].url
        with tape.play():
            for call, answer in tape.answers.items():
                # Sonarr is read by the same code as Radarr.
                if call[0] == sonarr or not isinstance(answer, Reply) or not answer.is_json:
                    continue
                name, shape = shape_of(call[2])
                for document in changes(answer, shape):
                    text = json.dumps(document)
                    tape.changed = {call: Reply(status=answer.status, headers=answer.headers, text=text, where="")}
                    result = run(world)
                    tried += 1
                    if is_another_kind(document, shape):
                        continue  # then something else answers there
                    if isinstance(fitting(document, shape, ""), Trouble):
                        odd += 1
                        statuses = {check.status for check in result.checks}
                        failing = {check.probe.id for check in result.checks if check.status == "fail"}
                        assert not failing, (call, text[:300])
                        assert "unknown" in statuses or name in IN_PASSING, (call, text[:300])
    assert tried > 500
    assert odd > 300


@pytest.mark.parametrize(
    ("value", "shape", "wrong"),
    [
        ([{"id": 1}, None], [{"id": int}], "[1] is null"),
        ([{"id": "x"}], [{"id": int}], "[0].id is no number"),
        ([{}], [{"id": int}], "[0].id is null"),
        ({"a": {"b": ["x"]}}, {"a": {"b": [{}]}}, "a.b[0] is no object"),
        ({"a": "x"}, {"a": [str]}, "a is no list"),
        ({"films": "x"}, {"*": {"savePath": str}}, "films is no object"),
        ({"a": [1]}, {"a": None}, "a is no single value"),
    ],
)
def test_what_differs_is_said(value: Any, shape: Shape, wrong: str) -> None:
    found = fitting(value, shape, "GET http://x")
    assert isinstance(found, Trouble)
    assert found.detail == f"GET http://x: {wrong}"


@pytest.mark.parametrize(
    ("value", "shape"),
    [
        ({}, {"a": [str]}),
        ({"a": None}, {"a": {"b": str}}),
        ({"a": [1], "b": 2}, {"b": None}),
        ({"a": {}}, {"a": object}),
    ],
)
def test_what_is_missing_null_or_not_read_differs_in_nothing(value: Any, shape: Shape) -> None:
    assert fitting(value, shape, "") is value
