"""What a service is called: missing, stopped, orphan, …; and how containers find their service."""

from typing import Any

import pytest

from homelab_assets.drift.document import DriftDocument
from homelab_assets.drift.malformed import MalformedCapture, reading
from homelab_assets.model import Baseline, Problem, Unreachable
from homelab_assets.rendering.drift_words import advice
from homelab_assets.secrecy import Vault
from homelab_assets_tests.drift.containers import container, image
from homelab_assets_tests.drift.world import KEY, NOW, audit, baseline, capture, found, statuses

PLAIN = image("plain:1", Cmd=["run"])
ONE: dict[str, Any] = {"services": {"app": {"image": "plain:1"}}}


def run(containers: list[dict[str, Any]], *baselines: Baseline, **more: Any) -> DriftDocument:
    return audit(capture(containers, images=[PLAIN], **more), baselines or (baseline("web", ONE),))


def service(body: dict[str, Any], **more: Any) -> dict[str, Any]:
    return {"services": {"app": {"image": "plain:1", **body}}, **more}


@pytest.mark.parametrize(
    ("body", "state", "code", "status"),
    [
        ({}, "running", 0, "clean"),
        ({"restart": "always"}, "paused", 0, "stopped"),
        ({"restart": "always"}, "restarting", 1, "clean"),
        ({"restart": "always"}, "exited", 0, "stopped"),
        ({"restart": "unless-stopped"}, "exited", 137, "stopped"),
        ({}, "exited", 0, "clean"),
        ({"ports": ["80:80"]}, "exited", 0, "stopped"),
        ({}, "exited", 1, "stopped"),
        ({"restart": "on-failure:3"}, "exited", 0, "clean"),
        ({"restart": "no"}, "exited", 0, "clean"),
        ({}, "created", 0, "stopped"),
        ({}, "dead", 0, "stopped"),
    ],
)
def test_state(body: dict[str, Any], state: str, code: int, status: str) -> None:
    name, _, retries = str(body.get("restart", "no")).partition(":")
    policy = {"RestartPolicy": {"Name": name, "MaximumRetryCount": int(retries or 0)}}
    if "ports" in body:
        policy["PortBindings"] = {"80/tcp": [{"HostIp": "", "HostPort": "80"}]}
    document = run([container("web", "app", state=state, code=code, host=policy)], baseline("web", service(body)))
    assert statuses(document) == {"web-app-1": status}
    assert not document.services[0].items


CHECK = {"test": ["CMD", "true"]}


@pytest.mark.parametrize(
    ("own", "others", "status"),
    [
        ({}, {"depends_on": {"db": {"condition": "service_healthy"}}}, "stopped"),
        ({}, {"depends_on": ["db"]}, "clean"),
        ({}, {"links": ["db:store"]}, "stopped"),
        ({"healthcheck": CHECK}, {}, "stopped"),
        ({"healthcheck": {**CHECK, "disable": True}}, {}, "clean"),
        ({"healthcheck": CHECK}, {"depends_on": {"db": {"condition": "service_completed_successfully"}}}, "clean"),
    ],
)
def test_who_is_there_to_answer_is_no_job(own: dict[str, Any], others: dict[str, Any], status: str) -> None:
    git: dict[str, Any] = {"services": {"db": {"image": "plain:1", **own}, "app": {"image": "plain:1", **others}}}
    check = {"Test": ["NONE"]} if "disable" in own.get("healthcheck", {}) else {"Test": CHECK["test"]}
    ended = container("web", "db", state="exited", config={"Healthcheck": check} if own else {})
    endpoint = {"Aliases": ["web-app-1", "app"], "Links": ["web-db-1:store"] if "links" in others else None}
    document = run([ended, container("web", "app", networks={"web_default": endpoint})], baseline("web", git))
    assert statuses(document) == {"web-db-1": status, "web-app-1": "clean"}


def test_a_stopped_container_is_compared_all_the_same() -> None:
    document = run([container("web", "app", state="exited", code=1, env={"NEW": "1"})])
    assert found(document.services[0]) == [("environment.NEW", "added", "functional")]
    assert (document.services[0].status, document.services[0].note) == ("drifted", "not running: exited with code 1")


def test_a_paused_container_is_to_go_on() -> None:
    (verdict,) = run([container("web", "app", state="paused")]).services
    assert (verdict.status, verdict.remedy) == ("stopped", "unpause")
    assert verdict.note == "paused, so that it serves nothing: web-app-1"
    assert "`docker unpause web-app-1`" in advice(verdict)


def test_missing_orphan_unmanaged() -> None:
    document = run([container("web", "old"), container("else", "x"), container(None, "hand", name="hand", networks={})])
    assert statuses(document) == {"app": "missing", "web-old-1": "orphan", "else-x-1": "unmanaged", "hand": "unmanaged"}
    assert [s.remedy for s in document.services] == ["adopt", "adopt", "deploy", "remove"]


@pytest.mark.parametrize(
    ("problem", "unknown"),
    [
        (Problem(kind="repository", what="no such folder", repository="more"), {"else-x-1", "hand"}),
        (Problem(kind="baseline", what="Else: no host is named 'nas'", repository="apps", stack="Else"), {"else-x-1"}),
        (Problem(kind="baseline", what="no such file", repository="apps", stack="other"), set()),
        (Problem(kind="host", what="no answer", host="nas"), set()),
    ],
)
def test_what_git_may_declare_where_nobody_could_read_is_not_unmanaged(problem: Problem, unknown: set[str]) -> None:
    running = [container("web", "old"), container("else", "x"), container(None, "hand", name="hand", networks={})]
    document = audit(capture(running, images=[PLAIN]), [baseline("web", ONE)], problems=[problem])
    adopted = {one.container for one in document.services if one.remedy == "adopt"}
    assert {one.container for one in document.services if one.status == "unknown"} == unknown
    assert adopted == {"else-x-1", "hand"} - unknown
    assert {one.note for one in document.services if one.status == "unknown"} <= {
        "more may declare it, and could not be read", "its stack in git can't be judged: no host is named 'nas'",
    }  # fmt: skip
    assert statuses(document)["web-old-1"] == "orphan"


@pytest.mark.parametrize(
    ("name", "service", "labels"),
    [
        ("web-app-run-1", "app", {"com.docker.compose.oneoff": "True"}),
        # Kept for a look at what failed, or not yet run: docker/compose, pkg/compose/pre_start.go and jobs.go.
        ("web-app-pre_start-0", "app", {"com.docker.compose.hook": "pre_start"}),
        ("web.backup-1", "backup", {"com.docker.job.id": "abc"}),
    ],
)
def test_containers_that_are_for_one_run_are_nobodys_business(name: str, service: str, labels: dict[str, str]) -> None:
    one_off = container("web", service, name=name, labels=labels, config={"Cmd": ["migrate"]}, state="exited", code=1)
    assert statuses(run([container("web", "app"), one_off])) == {"web-app-1": "clean"}


@pytest.mark.parametrize(
    ("name", "version", "told"),
    [
        ("web_app_tmp4711", "1.0.6", False),
        ("web-app-tmp1", "1.5.0", False),
        ("web_app_2", "1.5.0", True),
        ("web_app_tmp4711", None, True),
    ],
)
def test_containers_of_podman_compose_run_have_nothing_but_their_name_to_tell(
    name: str, version: str | None, told: bool
) -> None:
    labels = {"io.podman.compose.version": version} if version else {}
    run_by_hand = container("web", "app", name=name, labels=labels, env={"X": "1"})
    verdict = run([container("web", "app", name="web_app_1", labels=labels), run_by_hand]).services[0]
    assert (verdict.status == "drifted") is told


def test_profiles_that_are_off() -> None:
    stack = {
        "services": {"app": {"image": "plain:1"}, "debug": {"image": "plain:1", "profiles": ["debug"], "user": "1"}}
    }
    assert statuses(run([container("web", "app")], baseline("web", stack))) == {"web-app-1": "clean"}
    document = run([container("web", "app"), container("web", "debug")], baseline("web", stack))
    assert statuses(document) == {"web-app-1": "clean", "web-debug-1": "drifted"}
    assert [item.path for s in document.services for item in s.items] == ["user"]


def test_scale_zero_is_not_missing() -> None:
    assert statuses(run([], baseline("web", service({"scale": 0})))) == {}


@pytest.mark.parametrize(
    ("body", "count", "items"),
    [
        ({"scale": 2}, 2, []),
        ({"deploy": {"replicas": 2}}, 2, []),
        ({"deploy": {"replicas": 3}}, 2, [("deploy.replicas", "changed", "functional")]),
        ({}, 2, [("scale", "added", "functional")]),
    ],
)
def test_replicas(body: dict[str, Any], count: int, items: list[tuple[str, str, str]]) -> None:
    containers = [container("web", "app", number=number) for number in range(1, count + 1)]
    document = run(containers, baseline("web", service(body)))
    assert [found(one) for one in document.services] == [items]


def test_one_changed_replica_is_one_item() -> None:
    containers = [container("web", "app"), container("web", "app", number=2, env={"X": "1"})]
    document = run(containers, baseline("web", service({"scale": 2})))
    assert [(item.path, item.note) for item in document.services[0].items] == [("environment.X", "in web-app-2")]


def test_only_replica_may_have_any_number() -> None:
    assert statuses(run([container("web", "app", number=3)])) == {"web-app-3": "clean"}


def test_renamed_container() -> None:
    document = run([container("web", "app", name="elsewhere")])
    assert found(document.services[0]) == [("container_name", "added", "functional")]


@pytest.mark.parametrize(("name", "first"), [("web_app_1", "web-app-1"), ("web-app-1", "web_app_1")])
def test_a_name_as_the_other_version_of_compose_would_give_it_was_given_by_hand(name: str, first: str) -> None:
    """Compose v2, whose `--compatibility` gives v1's names, leaves the name among the aliases."""
    endpoint = {"Aliases": [first, "app"]}
    seen = container("web", "app", name=name, networks={"web_default": endpoint})
    assert found(run([seen]).services[0]) == [("container_name", "added", "functional")]
    kept = container("web", "app", name=first, networks={"web_default": endpoint})
    assert not found(run([kept]).services[0])


def test_compose_v1_gives_no_name_with_hyphens() -> None:
    seen = container("web", "app", name="web-app-1", version="1.29.2")
    assert found(run([seen]).services[0]) == [("container_name", "added", "functional")]


@pytest.mark.parametrize(("mode", "items"), [("bridge", []), ("default", []), ("host", ["network_mode"])])
def test_the_default_network_mode_is_the_bridge_and_no_other(mode: str, items: list[str]) -> None:
    attached = {"bridge" if mode == "default" else mode: {}}
    running = container("web", "app", host={"NetworkMode": mode}, networks=attached)
    (verdict,) = run([running], baseline("web", service({"network_mode": "default"}))).services
    assert [item.path for item in verdict.items] == items


@pytest.mark.parametrize("mode", ["none", "bridge"])
def test_a_container_that_left_the_network_of_its_mode_for_another(mode: str) -> None:
    running = container("web", "app", host={"NetworkMode": mode}, networks={"web_front": {"Aliases": None}})
    stack = service({"network_mode": mode}, networks={"front": {}})
    (verdict,) = run([running], baseline("web", stack)).services
    told = [("network_mode", "removed", "breaking"), ("networks.front", "added", "functional")]
    assert found(verdict) == told


FOLDER = "/opt/apps/stacks/web"
MORE = {"more.yml": "services: {app: {environment: {E: '1'}}, extra: {image: 'plain:1'}}", "compose.override.yml": "{}"}


@pytest.mark.parametrize(
    ("named", "statuses_then"),
    [
        (f"{FOLDER}/compose.yml,{FOLDER}/more.yml", {"web-app-1": "clean", "web-extra-1": "clean"}),
        ("compose.yml,more.yml", {"web-app-1": "clean", "web-extra-1": "clean"}),
        (f"{FOLDER}/compose.yml", {"web-app-1": "drifted", "web-extra-1": "orphan"}),
        (f"{FOLDER}/compose.yml,{FOLDER}/gone.yml", {"web-app-1": "drifted", "web-extra-1": "orphan"}),
        (f"{FOLDER}/compose.yml,/etc/passwd", {"web-app-1": "drifted", "web-extra-1": "orphan"}),
        (f"{FOLDER}/more.yml", {"web-app-1": "drifted", "web-extra-1": "orphan"}),
    ],
)
def test_the_files_that_compose_was_told_to_read_count_if_git_has_them(
    named: str, statuses_then: dict[str, str]
) -> None:
    labels = {"com.docker.compose.project.config_files": named}
    running = [container("web", "app", env={"E": "1"}, labels=labels), container("web", "extra", labels=labels)]
    assert statuses(run(running, baseline("web", ONE, extra=MORE))) == statuses_then


@pytest.mark.parametrize(
    ("asked", "status"),
    [("more.yml", "clean"), ("./more.yml", "clean"), ("compose.yml:more.yml", "drifted"), ("", "drifted")],
)
def test_the_files_that_the_dotenv_of_the_host_names_count(asked: str, status: str) -> None:
    labels = {"com.docker.compose.project.config_files": f"{FOLDER}/more.yml"}
    app = container("web", "app", env={"E": "1"}, labels=labels)
    git = baseline("web", ONE, extra={"more.yml": "services: {app: {image: 'plain:1', environment: {E: '1'}}}"})
    assert statuses(run([app], git, dotenv={f"{FOLDER}/.env": {"COMPOSE_FILE": asked}})) == {"web-app-1": status}


def test_the_file_of_another_host_does_not_count() -> None:
    git = baseline("web", ONE, extra=MORE, foreign=("stacks/web/more.yml",))
    labels = {"com.docker.compose.project.config_files": "compose.yml,more.yml"}
    running = [container("web", "app", env={"E": "1"}, labels=labels), container("web", "extra", labels=labels)]
    assert statuses(run(running, git)) == {"web-app-1": "drifted", "web-extra-1": "orphan"}


def test_files_are_those_of_the_youngest_container() -> None:
    label = "com.docker.compose.project.config_files"
    old = container("web", "app", env={"E": "1"}, labels={label: "compose.yml"})
    new = container("web", "extra", labels={label: "compose.yml,more.yml"}, created="2026-11-02T00:00:00Z")
    assert set(statuses(run([old, new], baseline("web", ONE, extra=MORE))).values()) == {"clean"}


def test_interrupted_recreate() -> None:
    old = container("web", "app", name="0123456789ab_web-app-1", created="2026-10-01T00:00:00Z")
    document = run([container("web", "app"), old])
    assert statuses(document) == {"web-app-1": "clean"}
    assert document.services[0].note == "an interrupted recreate left 0123456789ab_web-app-1 behind"


def test_a_service_that_is_off_has_its_own_networks_and_volumes_all_the_same() -> None:
    body = {"image": "plain:1", "profiles": ["tools"], "networks": ["own"], "volumes": ["data:/data"]}
    git = {
        "services": {"app": {"image": "plain:1"}, "tool": body},
        "networks": {"own": {"name": "o"}},
        "volumes": {"data": {"name": "d"}},
    }
    data = {"Type": "volume", "Name": "d", "Source": "/x", "Destination": "/data", "RW": True}
    attached = {"o": {"Aliases": ["web-tool-1", "tool"]}}
    running = container("web", "tool", networks=attached, mounts=[data])
    document = run([container("web", "app"), running], baseline("web", git))
    assert statuses(document) == {"web-app-1": "clean", "web-tool-1": "clean"}


@pytest.mark.parametrize("own", [{}, {"container_name": "mine"}])
def test_the_name_that_an_interrupted_recreate_left_is_to_be_mended_on_the_host(own: dict[str, str]) -> None:
    name = own.get("container_name", "web-app-1")
    left = container("web", "app", name=f"0123456789ab_{name}")
    verdict = run([left], baseline("web", service(own))).services[0]
    assert (verdict.cause, verdict.remedy) == ("host_changed", "none")
    assert [(item.path, item.running) for item in verdict.items] == [("container_name", f"0123456789ab_{name}")]
    assert f"`docker rename 0123456789ab_{name} {name}`" in str(verdict.note)


def test_container_without_labels_is_found_by_its_name() -> None:
    stack = service({"container_name": "radarr", "network_mode": "bridge"})
    document = run([container(None, "radarr", name="radarr", networks={})], baseline("web", stack))
    assert statuses(document) == {"radarr": "clean"}
    assert document.services[0].note == "started without Compose, matched by its name"


def test_a_container_that_goes_when_it_stops_is_told_of() -> None:
    document = run([container("web", "app", host={"AutoRemove": True})])
    assert document.services[0].note == "started with `--rm`: it is gone as soon as it stops"


_AT_HOME = {"NetworkMode": "web_default"}


@pytest.mark.parametrize(
    ("git", "name", "networks", "host", "path", "why"),
    [
        ({}, "web-app-1", {"web_default": {}}, _AT_HOME, "networks.default.aliases", "by its service's name"),
        ({}, "app", {"web_default": {}}, _AT_HOME, None, ""),
        ({}, "web-app-1", {}, _AT_HOME, "networks.default", "off all its networks"),
        ({"network_mode": "service:vpn"}, "web-app-1", {}, {"NetworkMode": "container:" + "a" * 64}, "network_mode", "is gone"),
        ({"pid": "service:vpn"}, "web-app-1", None, {"PidMode": "container:" + "a" * 64}, "pid", "is gone"),
    ],
)  # fmt: skip
def test_what_a_hand_did_that_no_file_can_say_needs_a_new_container(
    git: dict[str, Any], name: str, networks: dict[str, Any] | None, host: dict[str, Any], path: str | None, why: str
) -> None:
    own_name = {"container_name": name} if name == "app" else {}
    stack = {"services": {"app": {"image": "plain:1", **own_name, **git}, "vpn": {"image": "plain:1"}}}
    seen = [container("web", "app", name=name, networks=networks, host=host), container("web", "vpn")]
    (verdict, _) = run(seen, baseline("web", stack, committed_at="2026-10-01T00:00:00Z")).services
    assert [item.path for item in verdict.items] == ([path] if path else [])
    if path:
        assert (verdict.cause, verdict.remedy) == ("host_changed", "deploy")
        assert f"{why}" in str(verdict.items[0].note)
        assert "`docker compose up -d --force-recreate app`" in advice(verdict)


@pytest.mark.parametrize(("folder", "clean"), [("/srv/web", True), ("/srv/else", False)])
def test_where_a_stack_without_any_labels_lies_is_told_by_what_it_mounts(folder: str, clean: bool) -> None:
    git = {"services": {"app": {"image": "plain:1", "volumes": ["./x:/x", "./y:/y"]}}}
    binds = {"/x": "/srv/web/x", "/y": f"{folder}/y"}
    mounts = [{"Type": "bind", "Source": at, "Destination": to, "RW": True} for to, at in binds.items()]
    seen = container(None, "app", name="web-app-1", mounts=mounts, networks={"web_default": {}})
    (verdict,) = run([seen], baseline("web", git)).services
    assert (verdict.status == "clean") is clean


@pytest.mark.parametrize(
    ("git", "volume", "writable", "clean"),
    [
        ("d:/data", "web_d", True, True),
        ("d:/data:ro", "web_d", False, True),
        ("d:/data:rw,z", "web_d", True, True),
        ("d:/data", "web_d", False, False),
        ("d:/data", "web_e", True, False),
    ],
)
def test_compose_v1_knows_no_windows_drives(git: str, volume: str, writable: bool, clean: bool) -> None:
    mount = {"Type": "volume", "Name": volume, "Destination": "/data", "RW": writable}
    seen = container("web", "app", name="web_app_1", version="1.29.2", mounts=[mount])
    stack = service({"volumes": [git]}, volumes={"d": {}})
    assert (found(run([seen], baseline("web", stack)).services[0]) == []) is clean


@pytest.mark.parametrize(("version", "clean"), [("1.29.2", True), ("2.40.3", False)])
def test_compose_v1_takes_any_disable_for_true(version: str, clean: bool) -> None:
    seen = container("web", "app", version=version, config={"Healthcheck": {"Test": ["NONE"]}})
    stack = service({"healthcheck": {"disable": False}})
    assert (found(run([seen], baseline("web", stack)).services[0]) == []) is clean


def test_compose_v1_names() -> None:
    seen = container("web", "app", name="web_app_1", version="1.29.2")
    assert statuses(run([seen])) == {"web_app_1": "clean"}


@pytest.mark.parametrize(("version", "told"), [("1.29.2", []), ("2.40.3", ["environment.affinity:container"])])
def test_compose_v1_leaves_a_variable_behind_when_it_recreates(version: str, told: list[str]) -> None:
    seen = container("web", "app", name="web_app_1", version=version, env={"affinity:container": "=" + "0a" * 32})
    assert [path for path, *_ in found(run([seen]).services[0])] == told


@pytest.mark.parametrize(
    ("file", "running", "clean"),
    [
        ("WEB=a$$b", "a$$b", True),
        ("HERE=x\nWEB=${HERE}-y", "${HERE}-y", True),
        ("WEB=a$$b", "a$$c", False),
    ],
)
def test_compose_v1_takes_env_files_as_they_are(file: str, running: str, clean: bool) -> None:
    env = {"WEB": running, **({"HERE": "x"} if "HERE" in file else {})}
    seen = container("web", "app", name="web_app_1", version="1.29.2", env=env)
    document = run([seen], baseline("web", service({"env_file": "app.env"}), extra={"app.env": file + "\n"}))
    assert (found(document.services[0]) == []) is clean


@pytest.mark.parametrize(
    ("lenders", "paths"),
    [(["9" * 64], []), (["9" * 64, "8" * 64], ["volumes_from.888888888888"]), ([], ["volumes_from.db"])],
)
def test_a_lender_that_was_made_anew_is_no_difference(lenders: list[str], paths: list[str]) -> None:
    seen = container("web", "app", host={"VolumesFrom": lenders})
    stack = service({"volumes_from": ["db"]})
    stack["services"]["db"] = {"image": "plain:1"}
    document = run([seen, container("web", "db")], baseline("web", stack))
    app = next(one for one in document.services if one.service == "app")
    assert [path for path, *_ in found(app)] == paths


@pytest.mark.parametrize(("lender", "told"), [("db", []), ("9" * 64, []), (None, ["secrets.s"])])
def test_secrets_come_with_the_volumes_of_another_container(lender: str | None, told: list[str]) -> None:
    mount = {"Type": "bind", "Source": "/opt/apps/stacks/web/s", "Destination": "/run/secrets/s", "RW": False}
    db = container("web", "db", mounts=[mount])
    app = container("web", "app", mounts=[mount], host={"VolumesFrom": [db["Id"] if lender == "db" else lender]})
    if lender is None:
        del app["HostConfig"]["VolumesFrom"]
    stack = service({"volumes_from": ["db"]} if lender else {}, secrets={"s": {"file": "./s"}})
    stack["services"]["db"] = {"image": "plain:1", "secrets": ["s"]}
    document = run([app, db], baseline("web", stack))
    assert [item.path for one in document.services for item in one.items] == told


def test_a_container_that_declares_an_option_says_nothing_about_the_daemon_s() -> None:
    """The daemon gives `max-size`, `max-file` and `nofile` to whatever does not declare them."""

    def running(name: str, size: str, files: str, limit: int) -> dict[str, Any]:
        log = {"Type": "json-file", "Config": {"max-size": size, "max-file": files}}
        limits = [{"Name": "nofile", "Soft": limit, "Hard": limit}]
        return container("web", name, host={"LogConfig": log, "Ulimits": limits})

    own = {"image": "plain:1", "logging": {"options": {"max-size": "5m"}}, "ulimits": {"nofile": 7}}
    stack = {"services": {"a": own, "b": own, "c": {"image": "plain:1"}, "d": {"image": "plain:1"}}}
    hosts = [running("a", "5m", "2", 7), running("b", "5m", "2", 7), running("c", "20m", "2", 9)]
    document = run([*hosts, running("d", "20m", "2", 9)], baseline("web", stack))
    assert [found(one) for one in document.services] == [[], [], [], []]
    document = run([*hosts, running("d", "30m", "2", 8)], baseline("web", stack))
    assert ("logging.options.max-size", "added", "functional") in found(document.services[3])
    assert ("ulimits.nofile", "added", "functional") in found(document.services[3])


def test_the_folder_in_the_labels_finds_a_stack_of_another_project_name() -> None:
    seen = container("custom", "app", directory="/home/larry/apps/stacks/web")
    assert statuses(run([seen])) == {"custom-app-1": "clean"}


def test_portainer_keeps_its_stacks_where_nobody_sees_them() -> None:
    stack = service({"volumes": ["./config:/config"]})
    bind = {
        "Type": "bind",
        "Source": "/data/compose/5/config",
        "Destination": "/config",
        "RW": True,
        "Propagation": "rprivate",
    }
    for directory in ("/data/compose/5", ""):
        seen = container(
            "web", "app", directory=directory, mounts=[bind], labels={"io.portainer.edge_stack_id": "3"}, version=""
        )
        assert statuses(run([seen], baseline("web", stack))) == {"web-app-1": "clean"}
    moved = container("web", "app", directory="", mounts=[{**bind, "Source": "/elsewhere"}], version="")
    assert [item.path for item in run([moved], baseline("web", stack)).services[0].items] == ["volumes./config"]


def test_podman_compose() -> None:
    engine = {
        "version": {"Version": "4.9.3", "ApiVersion": "1.41", "Components": [{"Name": "Podman Engine"}]},
        "info": {},
    }
    labels = {"io.podman.compose.project": "web", "io.podman.compose.version": "1.2.0", "PODMAN_SYSTEMD_UNIT": "x"}
    seen = container(
        "web", "app", name="web_app_1", labels=labels, env={"container": "podman", "HOME": "/root", "HOSTNAME": "abc"},
        config={"StopSignal": "SIGTERM", "StopTimeout": 10, "WorkingDir": "/"},
        host={"NetworkMode": "bridge", "Init": False, "Runtime": "oci", "PidsLimit": 2048, "CgroupParent": "user"},
    )  # fmt: skip
    seen["Config"]["Labels"].pop("com.docker.compose.version")
    assert [found(one) for one in run([seen], engine=engine).services] == [[]]


@pytest.mark.parametrize(
    ("declared", "joined", "told"),
    [
        (["back"], "web_back", []),
        (["back", "front"], "podman", []),
        (["back"], "podman", [("network_mode", "added")]),
        (["back"], "other", [("networks.default", "removed"), ("networks.other", "added")]),
        ([], "podman", [("network_mode", "added")]),
        (["back", "front"], "web_back", [("networks.back", "added"), ("networks.default", "removed")]),
    ],
)
@pytest.mark.parametrize("version", ["1.6.0", None])
def test_podman_compose_chooses_the_network_of_a_service_that_names_none(
    declared: list[str], joined: str, told: list[tuple[str, str]], version: str | None
) -> None:
    engine = {"version": {"Version": "4.9.3", "ApiVersion": "1.41", "Components": [{"Name": "Podman Engine"}]}}
    labels = {"io.podman.compose.version": version} if version else {}
    seen = container(
        "web", "app", labels=labels, host={"NetworkMode": "bridge"}, networks={joined: {"Aliases": ["app"]}}
    )
    stack = {"services": {"app": {"image": "plain:1"}}, "networks": dict.fromkeys(declared)}
    [service] = run([seen], baseline("web", stack), engine=engine).services
    paths = {(item.path, item.change) for item in service.items}
    assert paths == set(told) if version else paths


def test_unreachable_host() -> None:
    down = Unreachable(host="host", captured_at=NOW, error="connection refused")
    document = audit(down, [baseline("web", ONE)])
    assert [(one.service, one.status, one.remedy) for one in document.services] == [("app", "unreachable", "none")]
    assert document.exit_code == 2


_INCLUDED = "services: {a: {image: 'plain:1'}}"


@pytest.mark.parametrize(
    ("text", "extra", "what"),
    [
        ("include: ['${W}.yml']", {}, "cannot include /opt/apps/stacks/web/${W}.yml: no such file"),
        (
            "services: {app: {extends: {file: 'x.yml', service: '${W}'}}}",
            {"x.yml": _INCLUDED},
            "cannot extend service 'app': service '${W}' not found in x.yml",
        ),
        (
            "include: ['${W}.yml']\nservices: {app: {image: 'plain:1', mem_limit: '${W}'}}",
            {"sunny-\\otter.yml": _INCLUDED},
            "services.app: mem_limit: invalid size '${W}'",
        ),
    ],
)
def test_why_a_baseline_does_not_load_is_told_without_values_of_the_host(
    text: str, extra: dict[str, str], what: str
) -> None:
    vault = Vault(KEY)
    files = {"/opt/apps/stacks/web/.env": vault.seal_mapping({"W": "sunny-\\otter"})}
    captured = capture([container("web", "app")], vault=vault, dotenv=files)
    document = audit(captured, [baseline("web", text, extra=extra)], vault=vault)
    assert [problem["what"] for problem in document.problems] == [what]
    assert "otter" not in str(document)


def test_nor_are_values_that_lab_yaml_knows_if_the_host_is_not_there() -> None:
    body = {"image": "plain:1", "mem_limit": "${W}", "user": "${DB_PASSWORD}"}
    known = Vault(KEY).seal_mapping({"W": "sunny-otter", "DB_PASSWORD": "x9sunny-otter"})
    gone = Unreachable(host="host", captured_at=NOW, error="gone")
    document = audit(gone, [baseline("web", {"services": {"app": body}}, variables=known)])
    assert [problem["what"] for problem in document.problems] == ["services.app: mem_limit: invalid size '${W}'"]


def test_what_no_engine_writes_is_not_quoted() -> None:
    with pytest.raises(MalformedCapture) as malformed, reading(capture([])):
        int("sunny-otter")
    assert malformed.value.why == "ValueError: invalid literal for int() with base 10: …"


def test_a_baseline_that_does_not_load_makes_its_containers_unknown() -> None:
    document = run([container("web", "app")], baseline("web", "services: {app: {imagee: x}}\n"))
    assert statuses(document) == {"web-app-1": "unknown"}
    assert [(problem["kind"], problem["stack"]) for problem in document.problems] == [("baseline", "web")]
    assert "compose.yml:1" in str(document.problems[0]["where"])


def test_problems_before_the_comparison_are_passed_on() -> None:
    problem = Problem(kind="repository", what="no such ref")
    document = audit([], [], problems=[problem])
    assert (document.problems[0]["what"], document.exit_code) == ("no such ref", 2)


@pytest.mark.parametrize(
    ("containers", "networks", "host", "status"),
    [
        ({"b": [container("web", "app")]}, {}, "b", "clean"),
        (
            {},
            {"a": [{"Id": "1", "Name": "web_default", "Labels": {"com.docker.compose.project": "web"}}]},
            "a",
            "missing",
        ),
        ({}, {}, "unassigned", "missing"),
    ],
)
def test_a_stack_that_nothing_binds(containers: Any, networks: Any, host: str, status: str) -> None:
    captures = [
        capture(containers.get(name, []), images=[PLAIN], host=name, networks=networks.get(name, ())) for name in "ab"
    ]
    document = audit(captures, [baseline("web", ONE, endpoint=None)])
    assert [(one.host, one.status) for one in document.services] == [(host, status)]


@pytest.mark.parametrize("written", ["radarr", "'radarr'", "radarr  # films", '"radarr" # films', "radarr\r"])
def test_a_stack_that_nothing_binds_is_where_a_container_without_labels_has_its_name(written: str) -> None:
    body = f"services: \n  app:\n    image: plain:1\n    network_mode: bridge\n    container_name: {written}\n"
    hand = container(None, "radarr", name="radarr", networks={})
    captures = [capture([], host="a"), capture([hand], images=[PLAIN], host="b")]
    document = audit(captures, [baseline("web", body, endpoint=None)])
    assert [(one.host, one.container, one.status) for one in document.services] == [("b", "radarr", "clean")]


def test_a_stack_on_the_wrong_host_is_an_orphan_there() -> None:
    captures = [capture([], images=[PLAIN], host="a"), capture([container("web", "app")], images=[PLAIN], host="b")]
    document = audit(captures, [baseline("web", ONE, endpoint="a")])
    assert [(one.host, one.status, one.note) for one in document.services] == [
        ("a", "missing", None), ("b", "orphan", "git deploys this stack to a"),
    ]  # fmt: skip


def test_shared_network_of_a_service_that_was_replaced() -> None:
    stack = {"services": {"vpn": {"image": "plain:1"}, "app": {"image": "plain:1", "network_mode": "service:vpn"}}}
    vpn = container("web", "vpn")
    joined = container("web", "app", networks={}, host={"NetworkMode": f"container:{vpn['Id']}"})
    stale = container("web", "app", networks={}, host={"NetworkMode": f"container:{'9' * 64}"})
    assert [found(one) for one in run([vpn, joined], baseline("web", stack)).services] == [[], []]
    document = run([vpn, stale], baseline("web", stack))
    assert [(i.path, i.baseline, i.running) for one in document.services for i in one.items] == [
        ("network_mode", "service:vpn", f"container:{'9' * 12}")
    ]


@pytest.mark.parametrize(("gone", "alias"), [("web-db-1", "db-1"), ("web_db_1", "db_1"), ("mine", "db-1")])
def test_what_compose_adds_to_a_link_stays_its_own_when_the_linked_one_is_gone(gone: str, alias: str) -> None:
    stack = {"services": {"app": {"image": "plain:1", "links": ["db"]}, "db": {"image": "plain:1"}}}
    links = [f"{gone}:db", f"{gone}:{alias}", f"{gone}:{gone}"]
    app = container("web", "app", networks={"web_default": {"Aliases": ["web-app-1", "app"], "Links": links}})
    document = run([app], baseline("web", stack))
    assert [(one.service, one.status, found(one)) for one in document.services] == [
        ("app", "clean", []), ("db", "missing", []),
    ]  # fmt: skip


def test_same_tag_another_image() -> None:
    newer = image("plain:1", identity="sha256:" + "2" * 64, Cmd=["run"])
    older = image(identity=PLAIN["Id"], Cmd=["run"])
    document = audit(capture([container("web", "app")], images=[older, newer]), [baseline("web", ONE)])
    one = document.services[0]
    assert (one.cause, one.remedy, found(one)) == ("image_moved", "pull", [("image", "changed", "functional")])


LAYERS = {"RootFS": {"Type": "layers", "Layers": ["sha256:" + "a" * 64]}}


@pytest.mark.parametrize(
    ("runs", "newer", "moved"),
    [
        ("amd64", LAYERS, False),
        ("amd64", {}, True),
        ("amd64", {**LAYERS, "Config": {"Cmd": ["else"]}}, True),
        ("arm64", LAYERS, True),
        ("arm64", {"Manifests": [{"Descriptor": {"digest": "sha256:" + "3" * 64}}]}, False),
    ],
)
def test_another_index_may_lead_to_the_same_program(runs: str, newer: dict[str, Any], moved: bool) -> None:
    """As seen with the store of containerd on an Engine 28.5.2: each build with an attestation makes another index."""
    manifest = {"digest": "sha256:" + "3" * 64, "platform": {"architecture": runs, "os": "linux"}}
    images = [
        {**image(identity=PLAIN["Id"], Cmd=["run"]), **LAYERS},
        {**image("plain:1", identity="sha256:" + "2" * 64, Cmd=["run"]), **newer},
    ]
    running = {**container("web", "app"), "ImageManifestDescriptor": manifest}
    (one,) = audit(capture([running], images=images), [baseline("web", ONE)]).services
    assert found(one) == [("image", "changed", "functional")] * moved
    older = {key: value for key, value in running.items() if key != "ImageManifestDescriptor"}
    (one,) = audit(capture([older], images=images), [baseline("web", ONE)]).services
    assert one.cause == "image_moved", "without such a store the id is the program's own"


def test_a_second_connection_by_hand_forgets_the_service_name() -> None:
    forgot = container("web", "app", networks={"web_default": {"Aliases": None}})
    assert found(run([forgot]).services[0]) == [("networks.default.aliases", "changed", "functional")]


@pytest.mark.parametrize(
    "text",
    [
        "include: ['https://larry:sunny-otter@git.lan/x.yml']",
        "services: {app: {image: x, volumes: ['nas:/x:password=sunny-otter:ro:q']}}",
        'services: {app: {image: x, command: "serve --password \'sunny-otter"}}',
    ],
)
def test_why_a_stack_can_t_be_loaded_is_told_without_secrets_of_its_files(text: str) -> None:
    (problem,) = audit(capture([]), [baseline("web", text)]).problems
    assert "sunny" not in str(problem)


def test_what_a_provider_makes_is_no_container() -> None:
    git = {"services": {"db": {"provider": {"type": "cloud"}}, "app": {"image": "plain:1", "depends_on": ["db"]}}}
    elses = container(None, "db", name="db")
    document = run([container("web", "app"), elses], baseline("web", git))
    assert statuses(document) == {"web-app-1": "clean", "db": "unmanaged"}
