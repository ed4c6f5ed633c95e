"""What is asked of the apps, what is read of their answers, and what the simulator says, against the published APIs.

The descriptions are read from a folder beside the checkout; where it is missing, these tests are skipped.
"""

import json
import re
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Any
from unittest import mock

import jsonschema
import pytest
import requests
import yaml
from msgspec.structs import replace

from homelab_assets.media.apply import execute
from homelab_assets.media.clients.shapes import OVERSEERR, PLEX, SERVARR
from homelab_assets.media.clients.transport import Transport
from homelab_assets.media.live import new_state, run_live
from homelab_assets.media.pipeline import run_pipeline
from homelab_assets.media.plan import read_plan, undone
from homelab_assets.media.settings import Service
from homelab_assets.media.simulator import World
from homelab_assets_tests.media.test_fixes import WHEN, approved, fixes_for

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


OF = {
    "radarr": "radarr-v3.openapi.json", "sonarr": "sonarr-v3.openapi.json", "prowlarr": "prowlarr-v1.openapi.json",
    "overseerr": "overseerr-v1.openapi.yml", "seerr": "seerr-v3.openapi.yml", "plex": "plex.openapi.yml",
}  # fmt: skip
SERVARR_OF = {
    "radarr": SERVARR.keys() - {"applications", "indexerstatus", "search", "test", "testall"},
    "sonarr": SERVARR.keys()
    - {"applications", "indexerstatus", "search", "test", "testall", "movie", "movie/lookup", "history"},
    "prowlarr": {"system/status", "health", "indexer", "applications", "indexerstatus", "search", "command"},
}
READ = [
    *(
        (app, f"/api/{'v1' if app == 'prowlarr' else 'v3'}/{name}")
        for app in SERVARR_OF
        for name in sorted(SERVARR_OF[app])
    ),
    *((app, name) for app in ("overseerr", "seerr") for name in OVERSEERR if name != "/settings/notifications"),
    *((app, "/settings/notifications/webpush") for app in ("overseerr", "seerr")),
    *(("plex", name) for name in PLEX),
]


# The description has no schema, or a free-form one, for what really comes; the facts beside it tell.
LOOSE = {"filesystem", "history", "command", "/library/metadata"}


def operation(document: Any, method: str, path: str) -> Any:
    """Return what describes a call, its path parameters filled in; None where nothing does."""
    fitting = [one for one in document["paths"] if re.fullmatch(re.sub(r"\\{[^}]+\\}", "[^/]+", re.escape(one)), path)]
    exact = sorted(fitting, key=lambda one: one.count("{"))
    return next((found for one in exact if (found := document["paths"][one].get(method.lower()))), None)


def flat(schema: Any, document: Any) -> list[Any]:
    """Return the plain schemas that one consists of, references followed."""
    if "$ref" in schema:
        target = document
        for part in schema["$ref"].removeprefix("#/").split("/"):
            target = target[part]
        return flat(target, document)
    inner = [one for key in ("anyOf", "allOf", "oneOf") for one in schema.get(key, [])]
    return [schema, *(found for one in inner for found in flat(one, document))]


def lacking(shape: Any, schema: Any, document: Any, at: str = "") -> Iterator[str]:
    """Yield what is read, and described otherwise or not at all."""
    plain = flat(schema, document)
    if isinstance(shape, list):
        items = [one["items"] for one in plain if "items" in one]
        yield from lacking(shape[0], {"anyOf": items}, document, f"{at}[]") if items else [f"{at}: no list"]
    elif isinstance(shape, dict):
        described = [one["properties"] for one in plain if "properties" in one]
        for key, wanted in shape.items():
            found = [one[key] for one in described if key in one]
            found += [one["additionalProperties"] for one in plain if isinstance(one.get("additionalProperties"), dict)]
            name = f"{at}.{key}".lstrip(".")
            yield from lacking(wanted, {"anyOf": found}, document, name) if found else [name]
    else:
        kinds = {
            kind
            for one in plain
            for kind in ([one["type"]] if isinstance(one.get("type"), str) else one.get("type", []))
        }
        fitting = {int: {"integer", "number"}, float: {"integer", "number"}, str: {"string"}}
        if kinds and (wanted := fitting.get(shape)) and not kinds & wanted:
            yield f"{at}: {sorted(kinds)}"


_SWITCHES = ("enableRss", "enableAutomaticSearch", "enableInteractiveSearch")
DESCRIBED_AT = {
    "/library/sections": "/library/sections/all", "/library/sections/all": "/library/sections/1/all",
    "/library/metadata": "/library/metadata/1", "/api/v3/command": "/api/v3/command/1",
    "/api/v1/command": "/api/v1/command/1",
}  # fmt: skip


@pytest.mark.parametrize(("app", "path"), READ, ids=lambda value: str(value))
def test_what_is_read_of_an_answer_is_described(app: str, path: str) -> None:
    document, name = spec(OF[app]), re.sub(r"^/api/v\d/", "", path)
    shape = PLEX.get(path) or OVERSEERR.get(path.removesuffix("/webpush")) or SERVARR.get(name, {})
    shape = {"MediaContainer": shape} if app == "plex" else shape
    described = operation(document, "POST" if path == "/request" else "GET", DESCRIBED_AT.get(path, path))
    assert described, path
    answer = next(one for status, one in described["responses"].items() if str(status).startswith("2"))
    content = [one for found in flat(answer, document) for one in found.get("content", {}).values()]
    if not content:
        assert name in LOOSE or path in LOOSE
        return
    unknown = list(lacking(shape, content[-1]["schema"], document))
    switches = {"[].enable"} if app != "prowlarr" else {f"[].{one}" for one in _SWITCHES}
    assert set(unknown) <= (switches if name == "indexer" else set())


# Plex: a setting is a query of its own name, and the libraries are read where its own pages read them. qBittorrent and
# Gluetun publish no description; what is known of them is in the facts.
PREFERENCES, QUERY = "/:/prefs", {"title", "sort", "X-Plex-Container-Start", "X-Plex-Container-Size"}
CHANGED = [
    "key_stale_copy", "key_stale_copy@applications", "key_stale_copy@downloads", "key_stale_copy@requests",
    "mapping_wrong", "import_off", "provider_disabled", "default_server_missing", "scan_disabled",
]  # fmt: skip


def requests_of(world: World) -> set[tuple[str, str, str, frozenset[str], frozenset[str]]]:
    """Do all that this project does to the apps; return (app, method, path, queries, fields of the body)."""
    names, found, send = (
        {service.url: app for app, service in world.settings().services.items()},
        set(),
        Transport._send,
    )

    def noted(transport: Transport, method: str, path: str, where: str, limit: float, options: dict[str, Any]) -> Any:
        body, query = options.get("json"), options.get("params")
        found.add((names[transport.base], method, path, frozenset(query or {}), frozenset(body or {})))
        return send(transport, method, path, where, limit, options)

    with mock.patch.object(Transport, "_send", noted):
        steps = read_plan(approved(fixes_for(world)))
        for plan in (steps, undone(steps)[0], steps):
            with world.clients() as clients:
                execute(plan, clients, world.settings())
        with world.clients() as clients:
            run_live(clients, new_state(WHEN), now=lambda: WHEN, seconds=1, pause=0.01)
        with world.clients() as clients:
            run_pipeline(world.settings(), clients=clients, generated_at=WHEN)
    return found


@pytest.mark.parametrize("fault", CHANGED)
def test_what_is_asked_for_is_described(fault: str) -> None:
    with World(faults=[fault]) as world:
        asked = requests_of(world)
    assert {app for app, *_ in asked} >= {"radarr", "sonarr", "prowlarr", "overseerr", "plex"}
    wrong = [
        (name, method, path, problem)
        for app, method, path, query, body in sorted(asked, key=str)
        for name in {"overseerr": ("overseerr", "seerr")}.get(app, (app,))
        if name in OF and (problem := undescribed(name, method, path, query, body))
    ]
    # Each of the two has one agent that the other does not know, and is asked for both.
    alone = {("seerr", "lunasea"), ("overseerr", "ntfy")}
    assert [one for one in wrong if (one[0], one[2].rpartition("/")[2]) not in alone] == []


def undescribed(app: str, method: str, path: str, query: frozenset[str], body: frozenset[str]) -> str:
    """Return what of a request its description does not know, or ""."""
    if path == "/ping":
        return ""
    document, path = spec(OF[app]), path.removeprefix("/api/v1") if "seerr" in app else SERVED_IN.get(path, path)
    described = operation(document, method, path)
    if described is None:
        return "no such call"
    known = {one["name"] for found in described.get("parameters", []) for one in flat(found, document) if "name" in one}
    if app == "plex":
        known |= query if path == PREFERENCES else QUERY
    content = (described.get("requestBody") or {}).get("content", {}).values()
    fields = {key for one in content for found in flat(one["schema"], document) for key in found.get("properties", {})}
    return f"{sorted(query - known)} {sorted(body - fields)}" if query - known or body - fields else ""


SERVED_IN = {served: described for described, served in SERVED_AT.items()}


def test_a_request_that_no_description_knows_is_found() -> None:
    nothing: frozenset[str] = frozenset()
    assert undescribed("radarr", "GET", "/api/v3/movies", nothing, nothing) == "no such call"
    assert undescribed("radarr", "GET", "/api/v3/movie", frozenset({"tmdb"}), nothing) == "['tmdb'] []"
    assert undescribed("radarr", "POST", "/api/v3/command", nothing, frozenset({"nom"})) == "[] ['nom']"
    assert undescribed("seerr", "POST", "/api/v1/request", nothing, frozenset({"mediaId", "mediaType"})) == ""
    wrong = {"records": [{"downloadID": str, "id": str}]}
    schema = {"$ref": "#/components/schemas/HistoryResourcePagingResource"}
    assert list(lacking(wrong, schema, spec(OF["radarr"]))) == ["records[].downloadID", "records[].id: ['integer']"]
