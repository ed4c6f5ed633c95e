"""The client against the real qBittorrent, and the simulated one held against it."""

from collections.abc import Iterator
from pathlib import Path

import pytest
import requests
from msgspec.structs import replace

from homelab_assets.media.clients import Trouble
from homelab_assets.media.clients.qbittorrent import QBittorrent
from homelab_assets.media.settings import Service
from homelab_assets.media.simulator import World
from homelab_assets_tests.media.real_qbittorrent import qbittorrent

pytestmark = pytest.mark.lab


@pytest.fixture(scope="module")
def service(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Service]:
    with qbittorrent(tmp_path_factory.mktemp("qbittorrent"), MaxAuthenticationFailCount="20") as running:
        yield running


@pytest.fixture
def client(service: Service) -> Iterator[QBittorrent]:
    made = QBittorrent.of(service)
    yield made
    made.transport.close()


def cause(answer: object) -> str:
    assert isinstance(answer, Trouble), answer
    return answer.cause


def test_it_is_alive_and_lets_us_in(client: QBittorrent) -> None:
    assert client.alive() == "answers, and wants a login"
    assert client.login() == "logged in as admin"
    assert str(client.version()).startswith("v")
    assert client.transport.effects["login"] == 1


def test_it_tells_settings_without_secrets(client: QBittorrent) -> None:
    preferences = client.preferences()
    assert not isinstance(preferences, Trouble)
    assert str(preferences["save_path"]).rstrip("/").endswith("/downloads")
    assert not [name for name in preferences if "password" in name or "api_key" in name]
    interfaces = client.interfaces()
    assert not isinstance(interfaces, Trouble)
    assert "lo" in interfaces
    assert client.torrents() == []
    assert not isinstance(client.transfer(), Trouble)


def test_categories_and_settings_can_be_changed_and_read_back(client: QBittorrent, tmp_path: Path) -> None:
    for folder in (tmp_path / "one", tmp_path / "two"):
        assert client.set_category("radarr", str(folder)) is None
        categories = client.categories()
        assert not isinstance(categories, Trouble)
        assert categories["radarr"]["savePath"] == str(folder)
    assert client.set_preferences({"temp_path": str(tmp_path / "incomplete"), "temp_path_enabled": True}) is None
    preferences = client.preferences()
    assert not isinstance(preferences, Trouble)
    assert str(preferences["temp_path"]).rstrip("/") == str(tmp_path / "incomplete")


def test_a_wrong_password_is_refused_once(service: Service) -> None:
    client = QBittorrent.of(replace(service, password="wrong"))
    assert cause(client.login()) == "key_rejected"
    assert cause(client.preferences()) == "key_rejected"
    assert client.transport.effects["login"] == 1
    client.transport.close()


def test_a_ban_is_told_from_a_wrong_password(tmp_path: Path) -> None:
    with qbittorrent(tmp_path, MaxAuthenticationFailCount="2") as service:
        for _ in range(2):
            client = QBittorrent.of(replace(service, password="wrong"))
            assert cause(client.login()) == "key_rejected"
            client.transport.close()
        client = QBittorrent.of(service)
        assert cause(client.login()) == "banned"
        client.transport.close()


def test_a_foreign_host_header_is_told_from_a_wrong_password(tmp_path: Path) -> None:
    with qbittorrent(tmp_path, ServerDomains="qbittorrent", HostHeaderValidation="true") as service:
        client = QBittorrent.of(replace(service, url=service.url.replace("127.0.0.1", "localhost")))
        assert cause(client.alive()) == "host_header_blocked"
        client.transport.close()


TALK: list[tuple[str, str, dict[str, str] | None, dict[str, str]]] = [
    ("GET", "/api/v2/app/version", None, {}),
    ("GET", "/api/v2/app/version", None, {"Origin": "http://evil.example"}),
    ("POST", "/api/v2/auth/login", {"username": "admin", "password": "wrong"}, {}),
    ("GET", "/api/v2/nope", None, {}),
    ("GET", "/api/v2/auth/login", None, {}),
]


def test_the_simulated_one_answers_alike(service: Service) -> None:
    with World(versions={"qbittorrent": "4.6"}) as world, requests.Session() as one, requests.Session() as other:
        real, simulated = (one, service.url), (other, world.qbittorrent.url)
        for method, path, form, headers in TALK:
            answers = [
                session.request(method, url + path, data=form, headers=headers, timeout=5)
                for session, url in (simulated, real)
            ]
            assert answers[0].status_code == answers[1].status_code, path
            assert answers[0].text == answers[1].text, path
        keys = []
        for (session, url), password in ((real, service.password), (simulated, world.qbittorrent.password)):
            form = {"username": "admin", "password": password}
            answer = session.post(f"{url}/api/v2/auth/login", data=form, timeout=5)
            assert (answer.status_code, answer.text) == (200, "Ok.")
            assert "SID" in answer.cookies
            keys.append(set(session.get(f"{url}/api/v2/transfer/info", timeout=5).json()))
        assert keys[0] & keys[1] >= {"connection_status", "dht_nodes", "dl_info_speed"}
