"""Fixes: proposed from a result, applied on the simulator, and the next run passes."""

import copy
import json
from collections.abc import Sequence

import pytest
from msgspec.structs import replace

from homelab_assets.errors import UserError
from homelab_assets.media.apply import execute
from homelab_assets.media.clients import Clients
from homelab_assets.media.clients.plex import Plex
from homelab_assets.media.clients.qbittorrent import QBittorrent
from homelab_assets.media.clients.servarr import Servarr
from homelab_assets.media.clients.transport import Trouble
from homelab_assets.media.containers import media_containers
from homelab_assets.media.fixes import propose
from homelab_assets.media.fixes.paths import one_mount
from homelab_assets.media.pipeline import run_pipeline
from homelab_assets.media.plan import Fix, apply_plan, read_plan, undone
from homelab_assets.media.probes import PROBES
from homelab_assets.media.result import Check, PipelineResult
from homelab_assets.media.settings import MediaPaths
from homelab_assets.media.simulator import LARRY, World
from homelab_assets.media.simulator.containers import bind
from homelab_assets.media.simulator.servarr import set_value
from homelab_assets.media.simulator.server import Request, Response, reply
from homelab_assets.media.situation import look
from homelab_assets.media.verdicts import Fail

pytestmark = pytest.mark.scenario

WHEN = "2026-11-23T06:00:00Z"
SALT = b"a salt for tests"


def examine(world: World, clients: Clients) -> PipelineResult:
    return run_pipeline(
        world.settings(),
        clients=clients,
        generated_at=WHEN,
        containers=media_containers(world.containers(), world.settings(), world.volumes),
    )


def fixes_for(world: World) -> Sequence[Fix]:
    with world.clients() as clients:
        result = examine(world, clients)
        containers = media_containers(world.containers(), world.settings(), world.volumes)
        return propose(result, look(clients, world.settings(), containers, salt=SALT))


def approved(fixes: Sequence[Fix]) -> dict[str, object]:
    plan = json.loads(json.dumps(apply_plan(fixes, generated_at=WHEN, host="ct-media-01")))
    return {**plan, "approved": "Larry"}


def test_what_gave_no_sign_of_life_is_not_asked_once_more_for_fixes() -> None:
    with World(faults=["unreachable@radarr", "scan_disabled"]) as world:
        for name in ("overseerr", "prowlarr", "qbittorrent"):
            world.apps[name].stop()
        with world.clients() as clients:
            result = run_pipeline(world.settings(), clients=clients, generated_at=WHEN, health_only=True)
            before = {app: dict(client.transport.effects) for app, client in clients.all()}  # type: ignore[attr-defined]
            situation = look(clients, world.settings(), None, salt=SALT)
            after = {app: dict(client.transport.effects) for app, client in clients.all()}  # type: ignore[attr-defined]
    assert result.exit_code == 1
    assert {app for app in after if after[app] != before[app]} == {"sonarr", "plex"}
    assert "radarr.indexer" not in situation.providers
    assert situation.plex


def test_larrys_faults_are_fixed_and_the_next_run_passes() -> None:
    with World(faults=LARRY) as world:
        fixes = fixes_for(world)
        assert [(fix.check, fix.cause) for fix in fixes] == [
            ("search.radarr", "key_stale_copy"),
            ("paths.radarr_downloads", "path_not_mounted"),
            ("library.scan", "scan_disabled"),
        ]
        with world.clients() as clients:
            outcomes = execute(read_plan(approved(fixes)), clients, world.settings())
        assert {outcome.state for outcome in outcomes} == {"done"}
        with world.clients() as clients:
            result = examine(world, clients)
        assert [check.to_json() for check in result.checks if check.status not in ("pass", "skipped")] == []
        assert result.check("end_to_end.dry_run").status == "pass"


FIXABLE = [
    "key_stale_copy@applications",
    "key_stale_copy@downloads",
    "key_stale_copy@requests",
    "mapping_wrong",
    "mapping_dead",
    "path_ephemeral",
    "interface_missing",
    "import_off",
    "provider_disabled",
    "provider_disabled@downloads",
    "default_server_missing",
    "request_root_missing",
    "scan_disabled",
    "scan_no_events",
]


@pytest.mark.parametrize("fault", FIXABLE)
def test_a_plan_cures_what_lives_in_an_app(fault: str) -> None:
    with World(faults=[fault]) as world:
        (fix,) = fixes_for(world)
        assert fix.steps
        with world.clients() as clients:
            outcomes = execute(read_plan(approved([fix])), clients, world.settings())
            assert {outcome.state for outcome in outcomes} == {"done"}, [outcome.to_json() for outcome in outcomes]
        with world.clients() as clients:
            assert [check.to_json() for check in examine(world, clients).checks if check.status == "fail"] == []
            again = execute(read_plan(approved([fix])), clients, world.settings())
        assert {outcome.state for outcome in again} <= {"already", "done"}


EDITS = {
    "netns_not_vpn": ("qbittorrent", "network_mode", "service:gluetun"),
    "netns_stale_restart": ("qbittorrent", "depends_on.gluetun", {"condition": "service_healthy", "restart": True}),
    "killswitch_off@subnets": ("gluetun", "environment.FIREWALL_OUTBOUND_SUBNETS", None),
}


@pytest.mark.parametrize("fault", EDITS)
def test_what_compose_decides_becomes_an_edit(fault: str) -> None:
    with World(faults=[fault]) as world:
        (fix,) = fixes_for(world)
    (edit,) = fix.edits
    assert (edit.service, edit.path, edit.value) == EDITS[fault]
    assert edit.stack == "media-downloads"


def test_a_folder_that_only_qbittorrent_has_is_mounted_and_used_under_the_common_name() -> None:
    with World(faults=["path_not_mounted@everywhere"]) as world:
        (fix,) = fixes_for(world)
        assert [(edit.service, edit.path, edit.value) for edit in fix.edits] == [
            ("qbittorrent", "volumes./media", "/media:/media")
        ]
    assert {(step.field, step.value) for step in fix.steps} == {
        ("savePath", "/media/downloads/complete/movies"),
        ("savePath", "/media/downloads/complete/tv"),
        ("save_path", "/media/downloads/complete"),
        ("temp_path", "/media/downloads/incomplete"),
    }


def test_a_fix_of_radarrs_paths_leaves_sonarrs_alone() -> None:
    with World(faults=["path_not_mounted"]) as world:
        (world.media / "torrents" / "tv").mkdir(parents=True)
        world.qbittorrent.categories["sonarr"]["savePath"] = "/media/torrents/tv"
        world.sonarr.mappings = [{"id": 1, "host": "gluetun", "remotePath": "/old/", "localPath": "/media/old/"}]
        (fix,) = fixes_for(world)
    assert [(step.target["name"], step.value) for step in fix.steps] == [("radarr", "/media/downloads/complete/movies")]


def test_a_gluetun_of_another_stack_is_named_as_a_container() -> None:
    with World(faults=["netns_not_vpn"]) as world:
        world.inspect["gluetun"]["Config"]["Labels"]["com.docker.compose.project"] = "vpn"
        (fix,) = fixes_for(world)
    assert [edit.value for edit in fix.edits] == ["container:gluetun"]


def test_separate_mounts_become_one() -> None:
    with World(faults=["hardlink_impossible"]) as world:
        (fix,) = fixes_for(world)
        assert [(edit.path, edit.change, edit.value) for edit in fix.edits] == [
            ("volumes./media", "added", "/media:/media"),
            ("volumes./media/downloads", "removed", None),
            ("volumes./media/movies", "removed", None),
            ("volumes./media/tv", "removed", None),
        ]


def test_an_unpinned_key_is_pinned_by_name() -> None:
    with World(faults=["key_stale_copy"]) as world:
        environment = world.inspect["prowlarr"]["Config"]["Env"]
        environment[:] = [one for one in environment if "APIKEY" not in one]
        (fix,) = fixes_for(world)
    (edit,) = fix.edits
    assert (edit.service, edit.path, edit.value) == (
        "prowlarr",
        "environment.PROWLARR__AUTH__APIKEY",
        "${PROWLARR_API_KEY:?}",
    )
    assert edit.samples == ("PROWLARR_API_KEY",)
    assert any(".env" in line for line in fix.manual)


def test_a_failing_step_puts_back_what_came_before() -> None:
    with World(faults=["path_not_mounted", "scan_disabled"]) as world:
        plan = approved(fixes_for(world))
        world.plex.stop()
        with world.clients() as clients:
            outcomes = execute(read_plan(plan), clients, world.settings())
        assert [outcome.state for outcome in outcomes][:2] == ["undone", "failed"]
        assert world.qbittorrent.categories["radarr"]["savePath"] == "/downloads/complete/movies"


def test_a_step_that_the_app_does_not_keep_is_put_back(monkeypatch: pytest.MonkeyPatch) -> None:
    with World(faults=["path_not_mounted"]) as world, world.clients() as clients:
        steps = read_plan(approved(fixes_for(world)))
        before, write = world.qbittorrent.categories["radarr"]["savePath"], QBittorrent.set_category
        tidied = iter(["/somewhere/else"])
        monkeypatch.setattr(QBittorrent, "set_category", lambda self, name, path: write(self, name, next(tidied, path)))
        (outcome,) = execute(steps, clients, world.settings())
        assert outcome.state == "failed"
        assert outcome.detail == "qBittorrent did not keep it; what was there is there again"
        assert world.qbittorrent.categories["radarr"]["savePath"] == before


def test_a_mapping_that_was_made_without_an_answer_is_not_left_behind(monkeypatch: pytest.MonkeyPatch) -> None:
    """The app does what it is asked for, and its answer is lost."""
    with World(faults=["mapping_wrong"]) as world, world.clients() as clients:
        taken_away = read_plan(approved(fixes_for(world)))
        assert {one.state for one in execute(taken_away, clients, world.settings())} == {"done"}
        steps, _ = undone(taken_away)
        assert {step.action for step in steps} == {"create_mapping"}
        before, create = said_mappings(clients), Servarr.create
        lost = iter([Trouble("unreachable", "no answer")])
        monkeypatch.setattr(
            Servarr,
            "create",
            lambda self, resource, body: [answer := create(self, resource, body), next(lost, answer)][1],
        )
        outcomes = execute(steps, clients, world.settings())
        assert outcomes[-1].detail == "no answer; what was there is there again"
        assert said_mappings(clients) == before


def said_mappings(clients: Clients) -> list[dict[str, object]]:
    assert clients.radarr is not None
    found = clients.radarr.items("remotepathmapping")
    assert not isinstance(found, Trouble)
    return [{key: one[key] for key in ("remotePath", "localPath")} for one in found]


UNDONE = [
    "mapping_wrong", "path_not_mounted", "interface_missing", "import_off", "provider_disabled@downloads",
    "request_root_missing", "scan_disabled",
]  # fmt: skip


@pytest.mark.parametrize("fault", UNDONE)
def test_a_plan_is_taken_back(fault: str) -> None:
    def said(world: World) -> list[str]:
        with world.clients() as clients:
            checks = examine(world, clients).checks
        return [f"{check.probe.id}: {check.to_json()['cause']}" for check in checks if check.status == "fail"]

    with World(faults=[fault]) as world:
        before, steps = said(world), read_plan(approved(fixes_for(world)))
        back, stays = undone(steps)
        assert not stays
        for wanted in ("done", "already"):
            with world.clients() as clients:
                assert {one.state for one in execute(steps, clients, world.settings())} == {wanted}
        assert said(world) == []
        for wanted in ("done", "already"):
            with world.clients() as clients:
                assert {one.state for one in execute(back, clients, world.settings())} == {wanted}
        assert said(world) == before


def test_a_key_is_written_although_the_trackers_have_nothing_right_now() -> None:
    with World(faults=["key_stale_copy"]) as world:
        steps = read_plan(approved(fixes_for(world)))
        world.prowlarr.results = {}
        with world.clients() as clients:
            assert {one.state for one in execute(steps, clients, world.settings())} == {"done"}


def test_what_a_secret_replaced_is_not_taken_back() -> None:
    with World(faults=["key_stale_copy"]) as world:
        back, stays = undone(read_plan(approved(fixes_for(world))))
    assert (len(back), len(stays)) == (0, 2)


def test_a_world_that_moved_on_is_left_alone() -> None:
    with World(faults=["path_not_mounted"]) as world:
        plan = approved(fixes_for(world))
        world.qbittorrent.categories["radarr"]["savePath"] = "/media/somewhere/else"
        with world.clients() as clients:
            (outcome,) = execute(read_plan(plan), clients, world.settings())
        assert outcome.state == "failed"
        assert "changed since" in outcome.detail
        assert world.qbittorrent.categories["radarr"]["savePath"] == "/media/somewhere/else"


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"approved": None}, "nobody has approved"),
        ({"approved": "  "}, "nobody has approved"),
        ({"kind": "shopping list"}, "no apply plan"),
        ({"steps": [{"app": "radarr"}]}, "step 1: is nothing that a plan can do: .* `action`"),
        (
            {"steps": [{"app": "plex", "action": "run", "target": {}, "field": "x", "value": "rm"}]},
            "step 1: is nothing that a plan can do: .* 'run' - at `\\$.action`",
        ),
        (
            {"steps": [{"app": "qbittorrent", "action": "category", "target": {}, "field": "savePath", "value": "/x"}]},
            r"step 1: does not say what it changes \(name\)",
        ),
    ],
)
def test_a_plan_that_is_not_right_is_refused(change: dict[str, object], message: str) -> None:
    with pytest.raises(UserError, match=message):
        read_plan({**approved([]), **change})


def test_a_plan_that_was_taken_back_can_be_carried_out_again() -> None:
    """A mapping that is made again has another number."""
    with World(faults=["mapping_wrong"]) as world:
        steps = read_plan(approved(fixes_for(world)))
        (wrong,) = world.radarr.mappings
        world.radarr.mappings.append({**wrong, "id": 7, "host": "sabnzbd"})
        back, _ = undone(steps)
        with world.clients() as clients:
            for taken in (steps, back, steps):
                assert {one.state for one in execute(taken, clients, world.settings())} == {"done"}
        assert [one["host"] for one in world.radarr.mappings] == ["sabnzbd"]


@pytest.mark.parametrize("fault", ["mapping_wrong", "path_not_mounted"])
def test_another_clients_mapping_is_left_alone(fault: str) -> None:
    with World(faults=[fault]) as world:
        sabnzbd = copy.deepcopy(world.radarr.providers["downloadclient"][0])
        sabnzbd |= {"id": 2, "name": "SABnzbd", "implementation": "Sabnzbd"}
        set_value(sabnzbd, "host", "sabnzbd")
        world.radarr.providers["downloadclient"].append(sabnzbd)
        foreign = {"id": 7, "host": "sabnzbd", "remotePath": "/usenet/", "localPath": "/data/"}
        world.radarr.mappings.append(foreign)
        (fix,) = fixes_for(world)
    assert foreign["id"] not in [step.target.get("id") for step in fix.steps if step.action == "delete_mapping"]


@pytest.mark.parametrize("error", [KeyboardInterrupt(), KeyError("fields")])
def test_a_plan_that_is_broken_off_is_put_back(monkeypatch: pytest.MonkeyPatch, error: BaseException) -> None:
    once, write = iter([error]), Plex.set_preference

    def broken_off(self: Plex, name: str, value: str) -> Trouble | None:
        for one in once:
            raise one
        return write(self, name, value)

    with World(faults=["path_not_mounted", "scan_disabled"]) as world, world.clients() as clients:
        steps = read_plan(approved(fixes_for(world)))
        monkeypatch.setattr(Plex, "set_preference", broken_off)
        outcomes = execute(steps, clients, world.settings())
        assert [outcome.state for outcome in outcomes] == ["undone", "failed"]
        assert world.qbittorrent.categories["radarr"]["savePath"] == "/downloads/complete/movies"


def test_no_folder_is_mounted_over_a_whole_container() -> None:
    """Folders that have nothing in common but `/` have no parent that could be mounted."""
    apart = MediaPaths(
        incomplete="/downloads/incomplete", movies="/downloads/movies", tv="/downloads/tv",
        library_movies="/movies", library_tv="/tv",
    )  # fmt: skip
    with World(faults=["hardlink_impossible"]) as world, world.clients() as clients:
        world.inspect["radarr"]["Mounts"] = [bind(f"/media/{part}", f"/{part}") for part in ("downloads", "movies")]
        world.radarr.roots = ["/movies"]
        settings = replace(world.settings(), paths=apart)
        containers = media_containers(world.containers(), settings)
        situation = look(clients, settings, containers, salt=SALT)
        probe = next(one for one in PROBES if one.id == "paths.radarr_hardlink")
        fail = Fail("hardlink_impossible", about="/movies")
        assert one_mount(Check(probe=probe, verdict=fail), fail, situation) is None


def test_a_password_that_nobody_gave_is_not_planned_to_be_written() -> None:
    """qBittorrent may let this machine in by an API key, or without any."""
    with World(faults=["key_stale_copy@downloads"], versions={"qbittorrent": "5.2"}) as world:
        world.qbittorrent.api_key = "an-api-key-for-tests"
        service = replace(world.settings().services["qbittorrent"], password=None, api_key=world.qbittorrent.api_key)
        world.overrides["qbittorrent"] = service
        (fix,) = fixes_for(world)
    assert not fix.steps
    assert fix.manual


@pytest.mark.parametrize(
    ("fault", "gone", "said"),
    [
        ("key_stale_copy", "prowlarr", "Connection refused"),
        ("key_stale_copy@applications", "radarr", "cannot connect to the app"),
        ("key_stale_copy@downloads", "gluetun", "Unable to connect to qBittorrent"),
    ],
)
def test_a_key_that_nobody_could_try_is_not_called_done(fault: str, gone: str, said: str) -> None:
    with World(faults=[fault]) as world:
        steps = read_plan(approved(fixes_for(world)))
        for name, port in list(world.network.ports):
            if name == gone:
                world.network.ports[name, port] = 9
        with world.clients() as clients:
            outcomes = execute(steps, clients, world.settings())
    assert [one.state for one in outcomes] == ["failed", *["not tried"] * (len(steps) - 1)]
    assert "could not be proved" in outcomes[0].detail
    assert said in outcomes[0].detail


def test_a_key_is_done_although_the_app_complains_about_something_else() -> None:
    with World(faults=["key_stale_copy@downloads"]) as world:
        steps = read_plan(approved(fixes_for(world)))
        set_value(world.radarr.providers["downloadclient"][0], "movieCategory", "films//radarr")
        with world.clients() as clients:
            assert {one.state for one in execute(steps, clients, world.settings())} == {"done"}


def with_slashes(world: World) -> None:
    """Have qBittorrent say its folders as versions before 4.4 do."""
    usual = world.qbittorrent.answer

    def answer(request: Request) -> Response:
        response = usual(request)
        if request.path.endswith(("app/preferences", "torrents/categories")):
            said = json.loads(response.body)
            for one in [said, *(value for value in said.values() if isinstance(value, dict))]:
                one |= {key: f"{one[key]}/" for key in ("save_path", "temp_path", "savePath") if one.get(key)}
            return reply(said)
        return response

    world.qbittorrent.answer = answer


@pytest.mark.parametrize("fault", ["path_not_mounted", "path_ephemeral"])
def test_a_slash_at_the_end_of_a_folder_changes_nothing(fault: str) -> None:
    with World(faults=[fault]) as world:
        with_slashes(world)
        if fault == "path_ephemeral":
            world.qbittorrent.preferences["save_path"] = "/downloads/complete"
        steps = read_plan(approved(fixes_for(world)))
        assert steps
        back, _ = undone(steps)
        for plan, wanted in ((steps, "done"), (steps, "already"), (back, "done"), (back, "already")):
            with world.clients() as clients:
                assert {(one.state, one.detail) for one in execute(plan, clients, world.settings())} == {(wanted, "")}
        assert fixes_for(world)


@pytest.mark.parametrize("again", [1, 2])
def test_whoever_breaks_off_again_and_again_still_hears_what_became_of_each_step(
    monkeypatch: pytest.MonkeyPatch, again: int
) -> None:
    with World(faults=["path_not_mounted", "scan_disabled"]) as world, world.clients() as clients:
        steps = read_plan(approved(fixes_for(world)))
        write, interrupts = QBittorrent.set_category, iter([None, *[KeyboardInterrupt()] * again])

        def broken_off(self: object, *_: object) -> None:
            raise KeyboardInterrupt

        def interrupted(self: QBittorrent, name: str, path: str) -> Trouble | None:
            if error := next(interrupts, None):
                raise error
            return write(self, name, path)

        monkeypatch.setattr(Plex, "set_preference", broken_off)
        monkeypatch.setattr(QBittorrent, "set_category", interrupted)
        outcomes = execute(steps, clients, world.settings())
    assert [outcome.state for outcome in outcomes] == ["done", "failed"]
    assert "broken off" in outcomes[0].detail
