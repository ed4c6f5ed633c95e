"""What was not shown to be so is not green, and what stands in front of an app is not taken for the app."""

import copy

import pytest
from msgspec.structs import replace

from homelab_assets.media.simulator import World
from homelab_assets.media.simulator.containers import bind
from homelab_assets.media.simulator.overseerr import server
from homelab_assets.media.simulator.servarr import failure, set_value
from homelab_assets.media.simulator.server import Request, Response, reply, words
from homelab_assets.media.simulator.world import HOME_V4, made_up
from homelab_assets_tests.media.test_odd_homes import examine, failed, fixes_for

pytestmark = pytest.mark.scenario


def test_a_test_that_the_app_did_not_understand_is_not_passed() -> None:
    """400 comes with a list of what failed; with an object it says that the question was wrong."""
    with World() as world:
        usual = world.prowlarr.answer

        def confused(request: Request) -> Response:
            if request.path == "/api/v1/applications/test":
                return reply({"title": "One or more validation errors occurred.", "status": 400}, 400)
            return usual(request)

        world.prowlarr.answer = confused
        assert failed(examine(world)) == {
            "applications.radarr": "server_error",
            "applications.sonarr": "server_error",
        }


@pytest.mark.parametrize("app", ["radarr", "overseerr", "plex", "qbittorrent"])
@pytest.mark.parametrize("status", [401, 403])
def test_whoever_refuses_a_sign_of_life_is_not_the_app(app: str, status: int) -> None:
    headers = {"WWW-Authenticate": 'Basic realm="home"'} if status == 401 else {}
    with World() as world:
        page = words("<html><h1>403 Forbidden</h1></html>", status, "text/html", **headers)
        world.apps[app].broken = lambda request: page
        assert failed(examine(world, health_only=True)) == {f"{app}.reachable": "not_json"}


@pytest.mark.parametrize(
    "source", ["DownloadClientCheck", "IndexerStatusCheck", "RemotePathMappingCheck", "RootFolderCheck"]
)
@pytest.mark.parametrize("active", [True, False])
def test_only_what_was_looked_at_explains_what_an_app_complains_about(source: str, active: bool) -> None:
    with World() as world:
        world.radarr.health_items = [{"type": "error", "source": source, "message": "…"}]
        result = examine(world, active=active)
    tested = source in ("DownloadClientCheck", "IndexerStatusCheck")
    assert failed(result) == ({"radarr.health": "app_health"} if tested and not active else {})


@pytest.mark.parametrize("csrf", [True, False])
def test_a_server_of_another_instance_that_can_not_be_tried_is_not_called_stale(csrf: bool) -> None:
    with World() as world:
        other = server("radarr", 7879, made_up("radarr 4k"), "/media/movies-4k", 1)
        world.overseerr.servers["radarr"] = [{**other, "hostname": "radarr-4k"}]
        world.overseerr.csrf = csrf
        result = examine(world, active=csrf)
    assert result.check("requests.radarr").status == "unknown"


def test_without_containers_nobody_knows_which_interface_is_the_tunnel() -> None:
    with World() as world:
        world.qbittorrent.interfaces = ["lo", "eth0", "tun0"]
        assert examine(world, captured=False).check("vpn.interface").status == "pass"
        world.qbittorrent.preferences["current_network_interface"] = "eth0"
        assert examine(world, captured=False).check("vpn.interface").status == "unknown"


def test_another_gluetuns_control_server_proves_nothing() -> None:
    with World(versions={"qbittorrent": "5.0"}) as world:
        other = copy.deepcopy(world.inspect["gluetun"])
        other |= {"Id": "a" * 64, "Name": "/gluetun-us"}
        port = world.gluetun.url.rpartition(":")[2]
        other["NetworkSettings"]["Ports"] = {"8000/tcp": [{"HostIp": "0.0.0.0", "HostPort": port}]}
        world.inspect = {"gluetun-us": other, **world.inspect}
        world.egress = replace(world.egress, v4="")
        result = examine(world)
    assert failed(result) == {}
    assert result.check("vpn.tunnel").status == "unknown"
    assert "gluetun-us" in result.check("vpn.tunnel").to_json()["why"]
    assert result.check("vpn.egress_v4").status == "unknown"


def test_another_app_with_the_same_key_is_another_app() -> None:
    with World() as world:
        world.sonarr.key = world.radarr.key
        settings = world.settings()
        world.overrides["sonarr"] = replace(settings.services["sonarr"], api_key=world.radarr.key)
        world.overrides["radarr"] = replace(settings.services["radarr"], url=world.sonarr.url)
        assert failed(examine(world, health_only=True)) == {"radarr.key": "not_json"}


def test_downloads_and_library_are_one_folder_under_two_names() -> None:
    with World() as world:
        world.inspect["radarr"]["Mounts"].append(bind("/media/downloads/complete", "/library"))
        world.radarr.roots = ["/library/movies"]
        world.overseerr.servers["radarr"][0]["activeDirectory"] = "/library/movies"
        assert failed(examine(world)) == {"paths.radarr_apart": "root_in_downloads"}


@pytest.mark.parametrize("options", [{"health_only": True}, {"active": False}, {}])
def test_paused_indexers_are_one_failure(options: dict[str, bool]) -> None:
    with World(faults=["provider_backoff"]) as world:
        world.prowlarr.health_items = [{"type": "error", "source": "IndexerStatusCheck", "message": "…"}]
        assert failed(examine(world, **options)) == {"indexers.ready": "provider_backoff"}


def test_every_way_to_tell_people_counts() -> None:
    """Overseerr knows one that Seerr does not have any more."""
    with World() as world:
        world.overseerr.agents = {**dict.fromkeys(world.overseerr.agents, False), "lunasea": True}
        assert examine(world).check("requests.notifications").status == "pass"


@pytest.mark.parametrize("variable", ["FIREWALL_OUTBOUND_SUBNETS", "EXTRA_SUBNETS"])
def test_an_open_firewall_is_found_under_its_former_name_too(variable: str) -> None:
    with World() as world:
        environment = world.inspect["gluetun"]["Config"]["Env"]
        environment[:] = [one for one in environment if "SUBNETS" not in one] + [f"{variable}=0.0.0.0/0"]
        check = examine(world, health_only=True).check("vpn.kill_switch")
        (fix,) = fixes_for(world)
    assert check.to_json()["cause"] == "killswitch_off"
    assert [edit.path for edit in fix.edits] == [f"environment.{variable}"]


def test_a_home_that_is_known_in_part_does_not_rule_out_a_leak() -> None:
    """A second line behind a dynamic name that leads nowhere now may be the very one that shows."""
    with World() as world:
        world.home = (*world.home, "second-line.invalid")
        check = examine(world).check("vpn.egress_v4")
        assert check.status == "unknown"
        assert "second-line.invalid" in check.to_json()["why"]
        world.egress = replace(world.egress, v4=HOME_V4)
        assert failed(examine(world))["vpn.egress_v4"] == "leak_v4"


def test_of_two_qbittorrents_behind_one_gluetun_the_port_tells_which() -> None:
    with World() as world:
        second = copy.deepcopy(world.radarr.providers["downloadclient"][0]) | {"id": 2, "name": "Private trackers"}
        set_value(second, "port", 8081)
        set_value(second, "movieCategory", "films")
        world.radarr.providers["downloadclient"].insert(0, second)
        port = world.qbittorrent.url.rpartition(":")[2]
        world.inspect["gluetun"]["NetworkSettings"]["Ports"] = {
            "6881/udp": None,
            "8080/tcp": [{"HostIp": "0.0.0.0", "HostPort": port}],
            "8081/tcp": [{"HostIp": "0.0.0.0", "HostPort": "8081"}],
        }
        result = examine(world)
    assert failed(result) == {}
    assert "gluetun:8080" in str(result.check("downloads.radarr").to_json()["evidence"])


@pytest.mark.parametrize(("active", "status"), [(True, "fail"), (False, "pass")])
def test_who_does_not_reach_plex_does_not_tell_it(active: bool, status: str) -> None:
    """A gentle run takes the connection's word for it."""
    with World(faults=["scan_disabled"]) as world:
        told = {"implementation": "PlexServer", "onDownload": True, "tags": [], "fields": [], "name": "Plex", "id": 1}
        for app in (world.radarr, world.sonarr):
            app.providers["notification"] = [told]
        usual = world.radarr.run_test
        world.radarr.run_test = lambda kind, resource: (
            [failure("Host", "Unable to connect to Plex Server")] if kind == "notification" else usual(kind, resource)
        )
        check = examine(world, active=active).check("library.scan")
    assert check.status == status


def second_client(world: World, name: str) -> None:
    """Give Radarr a download client beside the one that is the lab's qBittorrent."""
    second = copy.deepcopy(world.radarr.providers["downloadclient"][0])
    second |= {"id": 2, "name": name, "implementation": "Sabnzbd", "protocol": "usenet"}
    set_value(second, "host", "elsewhere")
    set_value(second, "port", 8085)
    world.radarr.providers["downloadclient"].append(second)
    usual = world.radarr.test_client
    world.radarr.test_client = lambda client: (
        [failure("Host", f"Unable to connect to {name}")] if client["id"] == 2 else usual(client)
    )


@pytest.mark.parametrize("source", ["DownloadClientCheck", "RemotePathMappingCheck"])
@pytest.mark.parametrize(("about", "explained"), [("qBittorrent", True), ("qBittorrent 4K", False), ("SABnzbd", False)])
def test_a_check_of_one_download_client_explains_no_complaint_about_another(
    source: str, about: str, explained: bool
) -> None:
    with World() as world:
        second_client(world, "SABnzbd" if explained else about)
        message = f"Unable to communicate with {about}. Connection refused"
        world.radarr.health_items = [{"type": "error", "source": source, "message": message}]
        assert failed(examine(world)) == ({} if explained else {"radarr.health": "app_health"})


@pytest.mark.parametrize("source", ["DownloadClientCheck", "RemotePathMappingCheck"])
def test_what_is_not_configured_explains_no_complaint(source: str) -> None:
    with World() as world:
        world.radarr.health_items = [{"type": "error", "source": source, "message": "…"}]
        assert failed(examine(world, without=["qbittorrent"])) == {"radarr.health": "app_health"}


@pytest.mark.parametrize(
    ("on", "failing"),
    [(("enableRss", "enableAutomaticSearch"), set()), (("enableAutomaticSearch",), {"radarr.health"})],
)
def test_indexers_that_only_search_do_not_explain_that_nothing_new_is_found(
    on: tuple[str, ...], failing: set[str]
) -> None:
    with World() as world:
        for one in world.radarr.providers["indexer"]:
            one |= dict.fromkeys(("enableRss", "enableAutomaticSearch", "enableInteractiveSearch"), False)
            one |= dict.fromkeys(on, True)
        if failing:
            message = "No indexers available with RSS sync enabled, Radarr will not grab new releases automatically"
            world.radarr.health_items = [{"type": "error", "source": "IndexerRssCheck", "message": message}]
        assert set(failed(examine(world))) == failing


@pytest.mark.parametrize("answer", [reply({"message": "no"}, 500), reply({"id": 7, "status": "failed"}, 201)])
def test_a_health_page_that_was_not_made_anew_is_not_read_as_fresh(answer: Response) -> None:
    with World() as world:
        usual = world.radarr.answer
        world.radarr.answer = lambda request: answer if request.path == "/api/v3/command" else usual(request)
        check = examine(world).check("radarr.health")
        assert check.status == "unknown"
        world.radarr.health_items = [{"type": "error", "source": "AppDataLocationCheck", "message": "…"}]
        assert failed(examine(world)) == {"radarr.health": "app_health"}


def test_a_gentle_run_does_not_have_the_apps_look_at_their_health() -> None:
    """What an app checks then is, among others, whether its clients and trackers answer."""
    with World() as world:
        assert examine(world, active=True).effects["command"] == 3
        assert not {"command", "test", "search"} & set(examine(world, active=False).effects)


def test_indexers_that_are_never_searched_are_no_way_for_a_request() -> None:
    with World() as world:
        for one in world.radarr.providers["indexer"]:
            one["enableAutomaticSearch"] = False
        assert failed(examine(world)) == {"search.radarr": "provider_disabled"}
        one["enableAutomaticSearch"] = True
        assert failed(examine(world)) == {}
