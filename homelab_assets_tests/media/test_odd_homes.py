"""Homes that are set up otherwise than the simulated one: no false alarm, no false pass, no fix that hits a bystander."""

import copy
import threading
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import pytest
from msgspec.structs import replace

from homelab_assets.errors import ConfigurationError
from homelab_assets.lab.settings import load_lab
from homelab_assets.media.clients import Trouble
from homelab_assets.media.clients.qbittorrent import QBittorrent
from homelab_assets.media.clients.servarr import Failure
from homelab_assets.media.containers import media_containers
from homelab_assets.media.fixes import propose
from homelab_assets.media.pipeline import run_pipeline
from homelab_assets.media.plan import Fix
from homelab_assets.media.probes.indexers import cause_of_failure
from homelab_assets.media.result import PipelineResult
from homelab_assets.media.simulator import World
from homelab_assets.media.simulator.overseerr import server
from homelab_assets.media.simulator.prowlarr import application
from homelab_assets.media.simulator.servarr import failure, set_value
from homelab_assets.media.simulator.server import App, Request, Response, reply, words
from homelab_assets.media.simulator.world import HOST_MEDIA, made_up
from homelab_assets.media.situation import look

pytestmark = pytest.mark.scenario

WHEN = "2026-11-23T06:00:00Z"
Change = Callable[[World], None]


def examine(world: World, *, captured: bool = True, without: Sequence[str] = (), **options: Any) -> PipelineResult:
    settings = world.settings()
    settings = replace(settings, services={k: v for k, v in settings.services.items() if k not in without})
    with world.clients(settings) as clients:
        return run_pipeline(
            settings,
            clients=clients,
            generated_at=WHEN,
            containers=media_containers(world.containers(), settings, world.volumes) if captured else None,
            **options,
        )


def fixes_for(world: World) -> Sequence[Fix]:
    with world.clients() as clients:
        containers = media_containers(world.containers(), world.settings(), world.volumes)
        return propose(examine(world), look(clients, world.settings(), containers, salt=b"for tests"))


def failed(result: PipelineResult) -> dict[str, str]:
    return {check.probe.id: check.to_json()["cause"] for check in result.checks if check.status == "fail"}


AT = "[GET] at [http://prowlarr:9696/1/api?t=search&apikey=<secret>&cat=2000]"


@pytest.mark.parametrize(
    ("field", "message", "cause"),
    [
        ("", f"Unable to connect to indexer. HTTP request failed: [503:ServiceUnavailable] {AT}", "server_error"),
        ("", f"Request limit reached: HTTP request failed: [429:TooManyRequests] {AT}", "provider_backoff"),
        ("", f"Unable to connect to indexer. HTTP request failed: [410:Gone] {AT}", "provider_disabled"),
        ("", f"Unable to connect to indexer. Connection refused (prowlarr:9696) {AT}", "unreachable"),
        ("", f"Unable to connect to indexer, invalid credentials. [401:Unauthorized] {AT}", "key_stale_copy"),
        ("ApiKey", "Invalid API Key", "key_stale_copy"),
        ("", "Name does not resolve (prowlarr:9696)", "dns"),
        ("", f"Unable to connect to indexer. Resource temporarily unavailable (prowlarr:9696) {AT}", "dns"),
    ],
)
def test_the_key_in_a_failed_address_is_not_taken_for_the_cause(field: str, message: str, cause: str) -> None:
    assert cause_of_failure(Failure(field=field, message=message), "unreachable") == cause


@pytest.mark.parametrize(
    ("field", "message", "cause"),
    [
        ("MovieCategory", "Configuration of category failed", "client_settings"),
        ("", "qBittorrent is configured to remove torrents at their Share Ratio Limit", "client_settings"),
        ("RecentMoviePriority", "Queueing not enabled", "client_settings"),
        ("Host", "Unable to connect to qBittorrent", "unreachable"),
        ("", "Failed to get the list of torrents: Http request timed out", "unreachable"),
        ("Host", "Name or service not known (qbittorrent:8080)", "dns"),
        ("Username", "Authentication failure", "key_stale_copy"),
    ],
)
def test_a_download_client_that_is_reached_is_not_called_unreachable(field: str, message: str, cause: str) -> None:
    with World() as world:
        world.radarr.test_client = lambda client: [failure(field, message)]
        assert failed(examine(world)) == {"downloads.radarr": cause}


def second_radarr(world: World) -> None:
    """A Radarr for 4K that is down, known to Prowlarr and Overseerr, with a key of its own."""
    world.prowlarr.providers["applications"].insert(0, application(3, "Radarr 4K", 7879, made_up("radarr 4k")))
    set_value(world.prowlarr.providers["applications"][0], "baseUrl", "http://radarr-4k:7879")
    other = server("radarr", 7879, made_up("radarr 4k"), "/media/movies-4k", 1)
    world.overseerr.servers["radarr"].append({**other, "id": 1, "is4k": True, "name": "Radarr 4K"})
    container = copy.deepcopy(world.inspect["radarr"])
    container |= {"Id": "4" * 64, "Name": "/radarr-4k"}
    container["Config"]["Labels"]["com.docker.compose.service"] = "radarr-4k"
    world.inspect = {"radarr-4k": container, **world.inspect}


def test_a_second_instance_is_not_the_one_of_the_lab() -> None:
    with World() as world:
        second_radarr(world)
        assert failed(examine(world)) == {}


@pytest.mark.parametrize("fault", ["key_stale_copy@applications", "key_stale_copy@requests"])
def test_no_fix_writes_a_key_into_another_instance(fault: str) -> None:
    with World(faults=[fault]) as world:
        second_radarr(world)
        (fix,) = fixes_for(world)
    assert [step.target["name"] for step in fix.steps] == ["Radarr"]


def test_another_radarr_behind_the_requests_is_not_called_a_stale_key() -> None:
    with World() as world:
        world.overseerr.servers["radarr"][0] |= {"hostname": "sonarr", "port": 8989, "apiKey": world.sonarr.key}
        check = examine(world).check("requests.radarr")
    assert check.status == "unknown"
    assert "another key" in check.to_json()["why"]


def second_client(world: World) -> None:
    found = copy.deepcopy(world.radarr.providers["downloadclient"][0])
    found |= {"id": 2, "name": "Seedbox"}
    set_value(found, "host", "seedbox.example")
    set_value(found, "username", "someone")
    set_value(found, "movieCategory", "films")
    world.radarr.providers["downloadclient"].insert(0, found)


def test_of_several_download_clients_ours_is_judged_and_mended() -> None:
    with World() as world:
        second_client(world)
        result = examine(world)
        assert failed(result) == {}
        assert "gluetun:8080" in str(result.check("downloads.radarr").to_json()["evidence"])
    with World(faults=["key_stale_copy@downloads"]) as world:
        second_client(world)
        (fix,) = fixes_for(world)
    assert {step.target["name"] for step in fix.steps} == {"qBittorrent"}


def test_gluetuns_own_address_says_nothing_about_a_qbittorrent_elsewhere() -> None:
    """Without the containers nobody knows that the two share a network, and Gluetun is always behind the VPN."""
    with World(versions={"qbittorrent": "5.0"}) as world, world.clients() as clients:
        blind = replace(clients, egress=None)
        result = run_pipeline(world.settings(), clients=blind, generated_at=WHEN)
    assert result.check("vpn.egress_v4").status == "unknown"


def test_another_vpn_than_gluetun_is_not_called_none() -> None:
    with World() as world:
        world.inspect["wireguard"] = {**world.inspect.pop("gluetun"), "Name": "/wireguard"}
        world.inspect["wireguard"]["Config"] = {"Image": "linuxserver/wireguard", "Env": [], "Labels": {}}
        result = examine(world, without=["gluetun"])
    assert result.check("vpn.namespace").status == "unknown"
    assert failed(result) == {}


@pytest.mark.parametrize(
    "without", [["qbittorrent", "gluetun"], ["overseerr"], ["plex"], ["radarr", "sonarr"], ["prowlarr", "overseerr"]]
)
def test_apps_that_are_not_there_fail_nothing_and_prove_nothing(without: list[str]) -> None:
    with World() as world:
        result = examine(world, without=without)
    assert failed(result) == {}
    assert result.check("end_to_end.dry_run").status == "skipped"


def test_without_sonarr_the_way_of_films_is_whole() -> None:
    with World() as world:
        result = examine(world, without=["sonarr"])
    assert result.exit_code == 0
    assert result.check("end_to_end.dry_run").status == "pass"


def test_a_gentle_run_does_not_claim_what_it_did_not_try() -> None:
    with World() as world:
        result = examine(world, active=False)
    assert result.exit_code == 0
    assert result.check("end_to_end.dry_run").status == "skipped"


def test_without_containers_the_app_itself_is_asked_what_it_sees() -> None:
    with World() as world:
        assert examine(world, captured=False).check("paths.radarr_downloads").status == "pass"
        world.qbittorrent.categories["radarr"]["savePath"] = "/elsewhere/films"
        assert examine(world, captured=False).check("paths.radarr_downloads").status == "unknown"


def unused_default(world: World) -> None:
    """The default folder of the image is on no mount, and every category has a folder of its own."""
    world.qbittorrent.preferences["save_path"] = "/downloads"


def labels_only(world: World) -> None:
    """Manual management: downloads land in the default folder, whatever the category says."""
    world.qbittorrent.preferences["auto_tmm_enabled"] = False
    world.qbittorrent.categories["radarr"]["savePath"] = "/nowhere"


def library_below(world: World) -> None:
    """One root for all, with the library in a folder below the default download folder."""
    world.qbittorrent.preferences |= {"save_path": "/media", "auto_tmm_enabled": False}


def shares(world: World) -> None:
    """Two stacks that each declare the same NFS export under their own names."""
    world.volumes = [
        {
            "Name": name,
            "Driver": "local",
            "Options": {"type": "nfs", "o": f"addr=192.168.50.5,{more}", "device": device},
        }
        for name, more, device in (
            ("downloads_media", "rw", ":/volume1/media"),
            ("indexers_media", "rw,nolock", ":/volume1/media"),
        )
    ]
    for name in ("plex", "radarr", "sonarr", "qbittorrent"):
        volume = "downloads_media" if name == "qbittorrent" else "indexers_media"
        mount = {"Type": "volume", "Name": volume, "Source": HOST_MEDIA, "Destination": "/media", "RW": True}
        world.inspect[name]["Mounts"] = [mount]
    world.plex.preferences["ScheduledLibraryUpdatesEnabled"] = True


def by_hand(world: World) -> None:
    """Prowlarr syncs with nobody; its feeds were entered in Radarr and Sonarr, in one of the ways that they take."""
    world.prowlarr.providers["applications"].clear()
    for app, address, path in ((world.radarr, "", "/api"), (world.sonarr, "/api", "")):
        for number, one in enumerate(app.providers["indexer"], 1):
            one["name"] = one["name"].removesuffix(" (Prowlarr)")
            set_value(one, "baseUrl", f"http://prowlarr:9696/{number}{address}")
            set_value(one, "apiPath", path)


def sync_ended(world: World) -> None:
    """What Prowlarr handed over once is kept by hand since."""
    for one in world.prowlarr.providers["applications"]:
        one["syncLevel"] = "disabled"


def second_disk(world: World) -> None:
    """The old disk is full, which is why there is a new one."""
    (world.media / "more").mkdir()
    world.radarr.roots.append("/media/more")
    world.plex.sections[0]["Location"].append({"id": 9, "path": "/media/more"})
    world.radarr.free = {"/media/movies": 0}


@pytest.mark.parametrize(
    "change", [unused_default, labels_only, library_below, shares, by_hand, sync_ended, second_disk]
)
def test_an_unusual_home_that_works_passes(change: Change) -> None:
    with World() as world:
        change(world)
        result = examine(world)
    assert [check.to_json() for check in result.checks if check.status not in ("pass", "skipped")] == []


def test_a_certificate_is_trusted_as_lab_yaml_says() -> None:
    with World(faults=["tls_untrusted"]) as world:
        service = replace(
            world.overrides["radarr"], url=world.apps["radarr"].url.replace("http://127.0.0.1", "https://localhost")
        )
        world.network.ports.pop(("radarr", 7878))
        for trusted, cause in (
            (service, "tls_untrusted"),
            (replace(service, verify_tls=False), None),
            (replace(service, ca=str(world.media / "self-signed.pem")), None),
            (replace(service, ca=str(world.media / "self-signed.pem"), url=service.url.replace("localhost", "127.0.0.1")), "tls_untrusted"),
            (replace(world.settings().services["sonarr"], url=world.apps["sonarr"].url.replace("http", "https")), "not_json"),
        ):  # fmt: skip
            world.overrides["radarr"] = trusted
            assert failed(examine(world)).get("radarr.reachable") == cause


def basic_auth(app: App) -> Response:
    return Response(status=401, headers={"WWW-Authenticate": 'Basic realm="home"'})


def forbidden(app: App) -> Response:
    return words("<html>Forbidden</html>", 403, "text/html")


@pytest.mark.parametrize("answer", [basic_auth, forbidden])
def test_a_proxys_refusal_is_not_called_a_wrong_key(answer: Callable[[App], Response]) -> None:
    with World() as world:
        usual = world.radarr.answer
        world.radarr.answer = lambda request: usual(request) if request.path == "/ping" else answer(world.radarr)
        assert failed(examine(world)) == {"radarr.key": "not_json"}


@pytest.mark.parametrize("app", ["radarr", "qbittorrent", "overseerr", "plex", "gluetun"])
def test_a_limit_on_requests_breaks_no_link(app: str) -> None:
    """Such as that of a reverse proxy, which a whole run soon exceeds. The apps call each other past it."""
    with World() as world:
        usual, own = world.apps[app].answer, {"user-agent": "homelab-assets"}.items()
        world.apps[app].answer = lambda request: (
            words("Too Many Requests", 429) if own <= request.headers.items() else usual(request)
        )
        result = examine(world)
    assert failed(result) == {}
    assert result.exit_code == 2
    assert "HTTP 429" in str([check.to_json() for check in result.checks if check.status == "unknown"])


def test_what_an_app_says_of_its_own_failure_is_told() -> None:
    key = made_up("radarr")
    with World() as world:
        usual = world.radarr.answer

        def metadata_is_away(request: Request) -> Response:
            if not request.path.endswith("/lookup"):
                return usual(request)
            return reply({"message": f"Unable to communicate with RadarrAPI. apikey={key}"}, 503)

        world.radarr.answer = metadata_is_away
        check = examine(world).check("end_to_end.lookup").to_json()
    assert check["cause"] == "server_error"
    assert "Unable to communicate with RadarrAPI" in check["evidence"][0]
    assert key not in str(check)


def test_overseerr_is_up_although_the_internet_is_away(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("homelab_assets.media.clients.overseerr._STATUS_SECONDS", 0.3)
    with World() as world:
        usual, gone = world.overseerr.answer, threading.Event()

        def asks_github_first(request: Request) -> Response:
            if request.path == "/api/v1/status":
                gone.wait(2)
            return usual(request)

        world.overseerr.answer = asks_github_first
        result = examine(world, health_only=True)
        gone.set()
    assert result.check("overseerr.reachable").status == "pass"


def test_a_plex_that_lets_everybody_in_proves_no_token() -> None:
    with World() as world:
        world.plex.refuse = lambda request: None
        for token in ("wrong", None):
            world.overrides["plex"] = replace(world.settings().services["plex"], token=token)
            result = examine(world)
            assert result.check("plex.key").status == "skipped"
            assert result.check("library.scan").status == "pass"


@pytest.mark.parametrize(("tags", "status"), [([], "pass"), ([7], "fail")])
def test_telling_plex_about_some_titles_only_is_not_telling_it(tags: list[int], status: str) -> None:
    with World(faults=["scan_disabled"]) as world:
        for app in (world.radarr, world.sonarr):
            told = {"implementation": "PlexServer", "onDownload": True, "tags": tags, "fields": [], "name": "Plex"}
            app.providers["notification"] = [{**told, "id": 1}]
        assert examine(world).check("library.scan").status == status


def test_of_two_containers_of_one_image_the_one_behind_the_address_is_meant() -> None:
    with World() as world:
        documents = []
        for name, port in (("films-4k", 7879), ("films", int(world.radarr.url.rpartition(":")[2]))):
            document = copy.deepcopy(world.inspect["radarr"])
            document["Name"], document["Config"]["Labels"] = f"/{name}", {}
            document["NetworkSettings"]["Ports"] = {"7878/tcp": [{"HostIp": "0.0.0.0", "HostPort": str(port)}]}
            documents.append(document)
        settings = world.settings()
        found = media_containers(documents, settings).get("radarr")
        assert found is not None
        assert found.name == "films"
        named = replace(settings.services["radarr"], container="films-4k")
        found = media_containers(documents, replace(settings, services={"radarr": named})).get("radarr")
        assert found is not None
        assert found.name == "films-4k"


def test_secrets_in_names_and_addresses_are_not_repeated() -> None:
    with World() as world:
        key = world.settings().services["radarr"].api_key or ""
        for one in world.prowlarr.providers["indexer"]:
            one["name"] = f"Tracker {key} http://me:hunter2hunter2@tracker.example/?passkey=0123456789abcdef0123"
        text = str(examine(world).to_json())
    assert key not in text
    assert "hunter2hunter2" not in text
    assert "0123456789abcdef0123" not in text


def test_what_runs_in_place_of_an_app_is_named() -> None:
    with World() as world:
        world.inspect["jellyfin"] = {**world.inspect.pop("plex"), "Name": "/jellyfin"}
        world.inspect["jellyfin"]["Config"] = {"Image": "lscr.io/linuxserver/jellyfin:10", "Labels": {}}
        check = examine(world, without=["plex"]).check("plex.reachable")
    assert check.status == "skipped"
    assert "jellyfin runs here, which is not supported" in check.to_json()["why"]


def test_an_app_that_is_not_supported_is_said_to_be(tmp_path: Path) -> None:
    (tmp_path / "lab.yaml").write_text(
        "hosts: {a: {docker: 'capture:x'}}\nmedia: {services: {jellyfin: {url: 'http://x'}}}\n"
    )
    with pytest.raises(ConfigurationError, match=r"jellyfin: is not a usable name \(supported are overseerr, .*plex"):
        load_lab(str(tmp_path / "lab.yaml"))


def test_an_interface_beside_the_tunnel_is_not_the_tunnel() -> None:
    with World() as world:
        world.qbittorrent.interfaces = ["lo", "eth0", "tun0"]
        world.qbittorrent.preferences["current_network_interface"] = "eth0"
        assert failed(examine(world)) == {"vpn.interface": "interface_missing"}


def test_a_film_whose_file_is_gone_is_not_playable() -> None:
    with World() as world:
        world.plex.scan()
        world.plex.events = False
        for file in (world.media / "movies").rglob("*.mkv"):
            file.unlink()
        assert failed(examine(world))["library.playable"] == "not_playable"


@pytest.mark.parametrize("home", ["192.168.50.0/24", "localhost", "100.64.7.7"])
def test_a_private_address_is_not_what_the_internet_sees_of_the_home(home: str) -> None:
    """Neither the home's own range, nor a name that means another address inside of the home, proves anything."""
    with World(faults=["leak_v4"]) as world:
        world.home = (home,)
        check = examine(world).check("vpn.egress_v4")
    assert check.status == "unknown"
    assert "which the internet never sees" in check.to_json()["why"]


def test_of_two_gluetuns_the_one_that_qbittorrent_lives_in_is_meant() -> None:
    with World() as world:
        other = copy.deepcopy(world.inspect["gluetun"])
        other |= {"Id": "a" * 64, "Name": "/gluetun-us"}
        other["State"]["StartedAt"] = "2026-11-22T03:00:00Z"
        world.inspect = {"gluetun-us": other, **world.inspect}
        assert failed(examine(world)) == {}


def below_a_url_base(world: World) -> None:
    """Radarr serves everything below /radarr, and sends elsewhere whoever forgets it."""
    usual = world.radarr.answer

    def based(request: Request) -> Response:
        if request.path.startswith("/radarr/"):
            return usual(replace(request, path=request.path.removeprefix("/radarr")))
        return Response(status=307, headers={"Location": f"/radarr{request.path}"})

    world.radarr.answer = based
    set_value(world.prowlarr.providers["applications"][0], "baseUrl", "http://radarr:7878/radarr")
    world.overseerr.servers["radarr"][0]["baseUrl"] = "/radarr"


@pytest.mark.parametrize(("base", "expected"), [("/radarr", {}), ("", {"radarr.reachable": "http_redirect"})])
def test_an_app_below_a_url_base(base: str, expected: dict[str, str]) -> None:
    with World() as world:
        below_a_url_base(world)
        service = world.settings().services["radarr"]
        world.overrides["radarr"] = replace(service, url=service.url + base)
        assert failed(examine(world)) == expected


def test_an_answer_without_the_apps_own_header_is_somebody_elses() -> None:
    with World() as world:
        world.radarr.extra_headers = dict
        assert failed(examine(world)) == {"radarr.key": "not_json"}


def test_a_test_that_skips_everything_proves_nothing() -> None:
    """As the apps do with providers that they find invalid before they test them."""
    with World() as world:
        world.radarr.enabled = lambda resource: False
        result = examine(world)
    assert [result.check(name).status for name in ("search.radarr", "downloads.radarr")] == ["unknown", "unknown"]
    assert failed(result) == {}


@pytest.mark.parametrize("version", ["5.1", "5.2"])
def test_a_wrong_password_is_tried_once_however_much_is_asked(version: str) -> None:
    with World(faults=["key_rejected@qbittorrent"], versions={"qbittorrent": version}) as world:
        client = QBittorrent.of(world.settings().services["qbittorrent"])
        for ask in (client.login, client.preferences, client.categories, client.version, client.login):
            assert isinstance(ask(), Trouble)
        client.transport.close()
        assert world.qbittorrent.logins == 1


@pytest.mark.parametrize(("kind", "check"), [("downloadclient", "downloads.radarr"), ("indexer", "search.radarr")])
def test_what_is_for_tagged_titles_alone_is_no_way_for_a_request(kind: str, check: str) -> None:
    with World() as world:
        for one in world.radarr.providers[kind]:
            one["tags"] = [1]
        assert examine(world).check(check).status == "unknown"
        one["tags"] = []
        assert examine(world).check(check).status == "pass"


@pytest.mark.parametrize(
    ("radarr", "sonarr", "seen"),
    [("radarr", "sonarr", None), ("sonarr", "sonarr", "Radarr sonarr, Sonarr sonarr"),
     ("", "sonarr", "Radarr none, Sonarr sonarr")],
)  # fmt: skip
def test_a_category_of_its_own_for_each_is_advised(radarr: str, sonarr: str, seen: str | None) -> None:
    with World() as world:
        set_value(world.radarr.providers["downloadclient"][0], "movieCategory", radarr)
        set_value(world.sonarr.providers["downloadclient"][0], "tvCategory", sonarr)
        result = examine(world)
    assert failed(result) == {}
    assert next((one["seen"] for one in result.advice if one["id"] == "MP12"), None) == seen
