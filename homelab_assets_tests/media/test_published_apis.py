"""The simulator's answers, held against the API descriptions that the apps' makers publish.

The descriptions are read from a folder beside the checkout; where it is missing, these tests are skipped.
"""

import json
from collections.abc import Iterator
from dataclasses import replace
from functools import cache
from pathlib import Path
from typing import Any

import jsonschema
import pytest
import requests
import yaml

from homelab_assets.media.settings import Service
from homelab_assets.media.simulator import World

SPECS = Path(__file__).resolve().parents[2].parent / "shared" / "specs"
pytestmark = pytest.mark.skipif(not SPECS.is_dir(), reason="no published API descriptions beside the checkout")

ARR = (
    "system/status",
    "health",
    "indexer",
    "downloadclient",
    "notification",
    "rootfolder",
    "qualityprofile",
    "tag",
    "remotepathmapping",
    "config/downloadclient",
    "config/mediamanagement",
    "history",
    "queue",
)
CALLS = [
    *(("radarr", "radarr-v3.openapi.json", f"/api/v3/{path}", "") for path in (*ARR, "movie", "movie/lookup")),
    *(("sonarr", "sonarr-v3.openapi.json", f"/api/v3/{path}", "") for path in (*ARR, "series")),
    *(
        ("prowlarr", "prowlarr-v1.openapi.json", f"/api/v1/{path}", "")
        for path in ("system/status", "health", "indexer", "indexerstatus", "applications", "search")
    ),
    *(
        ("overseerr", spec, path, "/api/v1")
        for spec in ("overseerr-v1.openapi.yml", "seerr-v3.openapi.yml")
        for path in (
            "/status",
            "/settings/main",
            "/settings/radarr",
            "/settings/sonarr",
            "/settings/notifications/webpush",
        )
    ),
    *(("plex", "plex.openapi.yml", path, "") for path in ("/identity", "/library/sections/all", "/:/prefs")),
]
# The description lists another path than the one that is used for the same answer.
SERVED_AT = {"/library/sections/all": "/library/sections"}


@pytest.fixture(scope="module")
def world() -> Iterator[World]:
    with World() as simulated:
        simulated.radarr.titles = [dict(simulated.radarr.catalogue[0], id=1, hasFile=False, monitored=True)]
        yield simulated


@cache
def spec(name: str) -> Any:
    text = (SPECS / name).read_text(encoding="utf-8")
    return _translated(json.loads(text) if name.endswith(".json") else yaml.safe_load(text))


def _translated(node: Any) -> Any:
    """Turn OpenAPI 3.0's `nullable` into JSON Schema's null."""
    if isinstance(node, list):
        return [_translated(one) for one in node]
    if not isinstance(node, dict):
        return node
    made = {key: _translated(value) for key, value in node.items()}
    if made.pop("nullable", None):
        return {"anyOf": [made, {"type": "null"}]}
    return made


def _schema(document: Any, path: str) -> Any:
    content = document["paths"][path]["get"]["responses"]["200"]["content"]
    return next(iter(content.values()))["schema"]


@pytest.mark.parametrize(("app", "file", "path", "prefix"), CALLS, ids=lambda value: str(value))
def test_an_answer_is_what_the_description_says(world: World, app: str, file: str, path: str, prefix: str) -> None:
    service = world.settings().services[app]
    headers = {"Accept": "application/json", "X-Api-Key": service.api_key or "", "X-Plex-Token": service.token or ""}
    answer = requests.get(f"{service.url}{prefix}{SERVED_AT.get(path, path)}", headers=headers, timeout=5)
    assert answer.status_code == 200
    document = spec(file)
    schema = {**_schema(document, path), "components": document.get("components", {})}
    jsonschema.Draft202012Validator(schema).validate(answer.json())


@pytest.mark.parametrize(
    ("app", "path", "headers", "status"),
    [
        ("radarr", "/api/v3/system/status", {"X-Api-Key": "wrong"}, 401),
        ("radarr", "/api/v3/system/status", {}, 401),
        ("prowlarr", "/api/v1/system/status", {"X-Api-Key": "wrong"}, 401),
        ("overseerr", "/api/v1/settings/main", {"X-Api-Key": "wrong"}, 403),
        ("overseerr", "/api/v1/settings/main", {}, 401),
        ("plex", "/library/sections", {"X-Plex-Token": "wrong"}, 401),
    ],
)
def test_refusals_have_each_apps_own_status(
    world: World, app: str, path: str, headers: dict[str, str], status: int
) -> None:
    answer = requests.get(world.settings().services[app].url + path, headers=headers, timeout=5)
    assert answer.status_code == status
    facts = yaml.safe_load((SPECS / "spec-gaps.facts.yml").read_text())
    if app == "overseerr" and headers:
        assert answer.json() == facts["overseerr_seerr"]["auth"]["wrong_key"]["json"]
    if app in ("radarr", "prowlarr"):
        assert answer.text == ""


def test_a_failed_test_of_all_has_the_published_shape_with_status_400() -> None:
    with World(faults=["key_stale_copy"]) as world:
        service = world.settings().services["radarr"]
        answer = requests.post(
            f"{service.url}/api/v3/indexer/testall", headers={"X-Api-Key": service.api_key or ""}, timeout=5
        )
    assert answer.status_code == 400
    assert [one["isValid"] for one in answer.json()] == [False, False]
    known = {"propertyName", "errorMessage", "attemptedValue", "severity", "errorCode", "isWarning"}
    assert all(set(failure) == known for one in answer.json() for failure in one["validationFailures"])


def test_secrets_are_masked_and_the_mask_keeps_them() -> None:
    with World() as world:
        service, key = world.settings().services["radarr"], world.prowlarr.key
        headers = {"X-Api-Key": service.api_key or ""}
        (indexer, _) = requests.get(f"{service.url}/api/v3/indexer", headers=headers, timeout=5).json()
        assert key not in json.dumps(indexer)
        answer = requests.put(
            f"{service.url}/api/v3/indexer/1?forceSave=true", headers=headers, json=indexer, timeout=5
        )
        assert answer.status_code == 202
        assert key in json.dumps(world.radarr.providers["indexer"][0])


# Version, then status and text of: a good login, a wrong one, one while banned; and the cookie's name.
LOGINS = {
    "4.6": ((200, "Ok."), (200, "Fails."), (403, "banned"), "SID"),
    "5.1": ((200, "Ok."), (200, "Fails."), (403, "banned"), "SID"),
    "5.2": ((204, ""), (401, "Unauthorized"), (403, "banned"), "QBT_SID_8080"),
}


@pytest.mark.parametrize("version", LOGINS)
def test_qbittorrents_login_is_that_of_its_version(version: str) -> None:
    good, wrong, banned, cookie = LOGINS[version]
    with World(versions={"qbittorrent": version}) as world, requests.Session() as session:
        url = f"{world.qbittorrent.url}/api/v2"

        def login(password: str) -> tuple[int, str]:
            answer = session.post(f"{url}/auth/login", data={"username": "admin", "password": password}, timeout=5)
            return answer.status_code, answer.text

        assert session.get(f"{url}/app/version", timeout=5).status_code == 403
        assert login(world.qbittorrent.password) == good
        assert [one.name for one in session.cookies] == [cookie]
        assert session.post(f"{url}/torrents/info", timeout=5).json() == []
        assert [login("wrong") for _ in range(5)] == [wrong] * 5
        status, text = login(world.qbittorrent.password)
        assert (status, banned[1] in text) == (banned[0], True)


@pytest.mark.parametrize(("key", "cause"), [("the key", None), ("another", "key_rejected")])
def test_qbittorrents_api_key_takes_no_login(key: str, cause: str | None) -> None:
    with World(versions={"qbittorrent": "5.2"}) as world:
        world.qbittorrent.api_key = "the key"
        settings = world.settings()
        service = Service(url=settings.services["qbittorrent"].url, api_key=key)
        with world.clients(replace(settings, services={"qbittorrent": service})) as clients:
            assert clients.qbittorrent is not None
            assert getattr(clients.qbittorrent.login(), "cause", None) == cause
        assert world.qbittorrent.logins == 0


def test_gluetun_answers_what_its_facts_say() -> None:
    with World() as world:
        url = world.gluetun.url
        assert requests.get(f"{url}/v1/vpn/status", timeout=5).json() == {"status": "running"}
        # On WireGuard this says "stopped" while the tunnel runs; nobody may judge by it.
        assert requests.get(f"{url}/v1/openvpn/status", timeout=5).json() == {"status": "stopped"}
    with World(versions={"gluetun": "3.42"}) as world:
        answer = requests.get(f"{world.gluetun.url}/v1/vpn/status", timeout=5)
        assert (answer.status_code, answer.text) == (401, "Unauthorized\n")
