"""The transport: bounded, never retrying, never repeating a secret."""

import threading
import time
from typing import Literal

import pytest

from homelab_assets.media.clients import open_clients
from homelab_assets.media.clients.servarr import Servarr
from homelab_assets.media.clients.transport import CONNECT_SECONDS, Reply, Transport, Trouble, json_of, usable
from homelab_assets.media.containers import media_containers
from homelab_assets.media.pipeline import run_pipeline
from homelab_assets.media.probes.base import of_trouble
from homelab_assets.media.settings import MediaSettings, Service
from homelab_assets.media.simulator import World
from homelab_assets.media.simulator.server import Request, Response
from homelab_assets.media.simulator.world import made_up
from homelab_assets.media.verdicts import Fail, Unknown
from homelab_assets_tests.media.silent import bad_app

pytestmark = pytest.mark.scenario

WHEN = "2026-11-23T06:00:00Z"


def reply(status: int, text: str = "", **headers: str) -> Reply:
    return Reply(
        status=status,
        headers={name.replace("_", "-"): value for name, value in headers.items()},
        text=text,
        where="GET http://x/y",
    )


@pytest.mark.parametrize(
    ("answer", "cause"),
    [
        (reply(401), "key_rejected"),
        (reply(403), "key_rejected"),
        (reply(302, location="https://login/?token=abcdef0123456789"), "http_redirect"),
        (reply(500), "server_error"),
        (reply(502, "Bad Gateway", content_type="text/plain"), "unreachable"),
        (reply(503), "server_error"),
        (reply(404, "<html>", content_type="text/html"), "not_json"),
        (reply(200, "<html>", content_type="text/html"), "not_json"),
        (reply(200, "{}", content_type="application/json"), "not_json"),
        (Trouble("dns", "x"), "dns"),
    ],
)
def test_what_an_answer_means(answer: Reply | Trouble, cause: str) -> None:
    found = json_of(answer, list)
    assert isinstance(found, Trouble)
    assert found.cause == cause
    assert "abcdef0123456789" not in found.detail


def test_a_good_answer_is_passed_on() -> None:
    assert usable(reply(204)) == reply(204)
    assert json_of(reply(200, "[1]"), list) == [1]


@pytest.mark.parametrize("kind", ["silent", "dribbling", "endless"])
def test_an_app_that_never_finishes_costs_its_time_limit_once(kind: Literal["silent", "dribbling", "endless"]) -> None:
    with bad_app(kind) as url:
        transport = Transport(base=url, read_seconds=0.2)
        first = transport.get("/ping", seconds=0.6)
        assert isinstance(first, Trouble)
        assert first.cause == "unreachable"
        assert transport.get("/ping", seconds=0.6) is first
        assert transport.effects["read"] == 1


@pytest.mark.parametrize("kind", ["silent", "dribbling", "endless"])
def test_the_health_part_is_quick_although_no_app_answers(kind: Literal["silent", "dribbling", "endless"]) -> None:
    apps = ("overseerr", "radarr", "sonarr", "prowlarr", "qbittorrent", "gluetun", "plex", "bazarr", "sabnzbd")
    with bad_app(kind) as url:
        settings = MediaSettings(services={app: Service(url=url, api_key=made_up(app)) for app in apps})
        with open_clients(settings) as clients:
            begin = time.monotonic()
            result = run_pipeline(settings, clients=clients, generated_at=WHEN, health_only=True)
            seconds = time.monotonic() - begin
    assert seconds < 8
    causes = {check.to_json()["cause"] for check in result.checks if check.status == "fail"}
    assert causes == {"unreachable"}
    assert not [check for check in result.checks if check.status == "pass"]


@pytest.mark.parametrize("kind", ["silent", "dribbling", "endless"])
def test_what_was_given_long_and_is_not_done_is_not_called_broken(
    kind: Literal["silent", "dribbling", "endless"],
) -> None:
    with bad_app(kind) as url:
        transport = Transport(base=url, read_seconds=0.1 - CONNECT_SECONDS)
        quick, slow = transport.get("/ping"), transport.get("/testall", seconds=0.4)
    assert isinstance(quick, Trouble)
    assert isinstance(slow, Trouble)
    assert isinstance(of_trouble(quick), Fail)
    assert isinstance(of_trouble(slow), Unknown)


def test_an_app_that_hangs_once_it_has_said_that_it_is_alive_costs_little_too() -> None:
    signs, hanging, hung = {"/ping", "/api/v1/system/status"}, threading.Event(), []
    with World() as world:
        usual = world.prowlarr.answer

        def hangs(request: Request) -> Response:
            if request.path not in signs:
                hung.append(request.path)
                hanging.wait(30)
            return usual(request)

        world.prowlarr.answer = hangs
        with world.clients() as clients:
            assert clients.prowlarr is not None
            clients.prowlarr.transport.read_seconds = 1.0 - CONNECT_SECONDS
            result = run_pipeline(world.settings(), clients=clients, generated_at=WHEN, health_only=True)
        hanging.set()
    assert result.check("prowlarr.key").status == "pass"
    assert [result.check(name).status for name in ("prowlarr.health", "indexers.ready")] == ["fail", "fail"]
    # Health and indexers; for the third question it is not asked any more.
    assert len(hung) == 2


def test_an_app_that_is_silent_twice_is_not_asked_again() -> None:
    with bad_app("silent") as url:
        transport = Transport(base=url, read_seconds=0.2 - CONNECT_SECONDS)
        found = [transport.get(f"/{number}") for number in range(4)]
    assert [isinstance(one, Trouble) and "not asked" in one.detail for one in found] == [False, False, True, True]


def test_a_host_without_a_name_is_said_so() -> None:
    found = Servarr.of("radarr", Service(url="http://radarr.invalid:7878", api_key="k")).alive()
    assert isinstance(found, Trouble)
    assert found.cause == "dns"


def test_a_refused_key_is_asked_about_once_and_never_shown() -> None:
    with World(faults=["key_rejected"]) as world, world.clients() as clients:
        assert clients.radarr is not None
        for _ in range(3):
            found = clients.radarr.status()
        assert isinstance(found, Trouble)
        assert found.cause == "key_rejected"
        assert clients.radarr.transport.effects == {"read": 1}
        assert made_up("yesterday") not in repr(clients.radarr)


def test_messages_that_hold_a_key_are_scrubbed() -> None:
    secret = made_up("radarr")
    transport = Transport(base="http://127.0.0.1:9", secrets=[secret])
    found = transport.get(f"/api?apikey={secret}&t=caps")
    assert isinstance(found, Trouble)
    assert secret not in found.detail
    assert secret not in transport.scrub(f"HTTP request failed [GET] at [http://prowlarr/1/api?apikey={secret}&t=caps]")


def test_unknown_fields_and_missing_ones_do_no_harm() -> None:
    with World() as world:
        for one in world.radarr.providers["indexer"]:
            one.update(newThing={"a": [1]}, priority=None)
            del one["configContract"]
        world.radarr.health_items = [{"type": "warning", "novel": True}]
        with world.clients() as clients:
            result = run_pipeline(
                world.settings(),
                clients=clients,
                generated_at=WHEN,
                containers=media_containers(world.containers(), world.settings()),
            )
    assert result.exit_code == 0


@pytest.mark.parametrize("torrent", ["5.1", "5.2"])
def test_one_login_a_run_and_none_after_a_refusal(torrent: str) -> None:
    memory: dict[str, str] = {}
    with World(faults=["key_rejected@qbittorrent"], versions={"qbittorrent": torrent}) as world:
        for _ in range(4):
            with world.clients(memory=memory) as clients:
                result = run_pipeline(
                    world.settings(),
                    clients=clients,
                    generated_at=WHEN,
                    containers=media_containers(world.containers(), world.settings()),
                )
            assert result.first_broken is not None
            assert result.first_broken.probe.id == "qbittorrent.login"
        assert world.qbittorrent.logins == 1
        assert len(memory) == 1
        assert made_up("yesterday") not in str(memory)
        world.qbittorrent.password = made_up("yesterday")
        memory.clear()
        with world.clients(memory=memory) as clients:
            assert clients.qbittorrent is not None
            assert not isinstance(clients.qbittorrent.login(), Trouble)
        assert memory == {}


def test_a_reply_that_is_not_utf8_or_enormous_is_survived() -> None:
    with World() as world, world.clients() as clients:
        world.radarr.broken = lambda request: Response(
            body=b"\xff\xfe" * 1000, headers={"Content-Type": "application/json; charset=nonsense"}
        )
        assert clients.radarr is not None
        assert isinstance(clients.radarr.alive(), Trouble)
