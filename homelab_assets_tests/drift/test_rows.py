"""One value of an inspect document after the other: what must be told of it, and what must not."""

from collections.abc import Sequence
from typing import Any

import pytest

from homelab_assets_tests.drift.containers import IMAGE_ID, container, image
from homelab_assets_tests.drift.world import audit, baseline, capture, found

Body = dict[str, Any]
HERE, T = "/opt/apps/stacks/web", "/run/secrets/t"


def items(
    git: Body,
    running: Body,
    *,
    own: Body | None,
    around: Body | None = None,
    beside: Sequence[Body] = (),
    engine: Body | None = None,
) -> list[tuple[str, str, str]]:
    """What is told of a service and its container.

    Args:
        own: what its image sets, None where the image is lost.
        around: the rest of the compose file. beside: further containers; those of its project are services too.
        engine: what the engine says of itself.
    """
    names = [one["Name"].split("-")[1] for one in beside if one["Name"].startswith("/web-")]
    services = {name: {"image": "plain:1"} for name in names} | (around or {}).get("services", {})
    services["app"] = git if "build" in git else {"image": "plain:1", **git}
    stack = {**(around or {}), "services": services}
    images = [] if own is None else [image("plain:1", **{"Cmd": ["run"], **own})]
    seen = [container("web", "app", **running), *beside]
    document = audit(capture(seen, images=images, engine=engine), [baseline("web", stack)])
    assert not document.problems
    return found(next(one for one in document.services if one.service == "app"))


OF_AN_IMAGE: Body = {
    "User": "5", "WorkingDir": "/srv", "StopSignal": "SIGINT", "Entrypoint": ["/e"], "Cmd": ["run"], "Env": ["A=1"],
    "Healthcheck": {"Test": ["CMD", "true"]}, "Volumes": {"/data": {}}, "ExposedPorts": {"80/tcp": {}},
}  # fmt: skip


def test_what_a_lost_image_may_have_set_is_no_difference() -> None:
    assert items({}, {"config": OF_AN_IMAGE, "labels": {"a": "b"}}, own=None) == []


@pytest.mark.parametrize(
    ("git", "running", "path"),
    [
        ({"environment": {"TZ": "UTC"}}, {"env": {"TZ": "CET"}}, "environment.TZ"),
        ({"labels": {"a.b": "c"}}, {"labels": {"a.b": "d"}}, "labels.a.b"),
        ({"command": "a"}, {"config": {"Cmd": ["b"]}}, "command"),
        ({"entrypoint": "a"}, {"config": {"Cmd": None, "Entrypoint": ["b"]}}, "entrypoint"),
        ({"user": "1"}, {"config": {"User": "2"}}, "user"),
        ({"healthcheck": {"test": "a"}}, {"config": {"Healthcheck": {"Test": ["CMD", "b"]}}}, "healthcheck.test"),
    ],
)  # fmt: skip
def test_what_differs_from_git_is_not_the_lost_image_s(git: Body, running: Body, path: str) -> None:
    assert [(one, change) for one, change, _ in items(git, running, own=None)] == [(path, "changed")]


def _gpu(*capabilities: str) -> Body:
    request = {"Driver": "nvidia", "Count": 1, "DeviceIDs": None, "Capabilities": [list(capabilities)], "Options": None}
    return {"host": {"DeviceRequests": [request]}}


@pytest.mark.parametrize(
    ("asked", "running", "differs"),
    [
        (None, _gpu("gpu"), False),
        (["gpu"], _gpu("gpu", "gpu"), False),
        (["utility"], _gpu("utility", "gpu"), False),
        (["utility"], _gpu("utility", "compute", "gpu"), True),
    ],
)
def test_compose_asks_for_a_gpu_beside_what_git_asks_of_it(asked: Any, running: Body, differs: bool) -> None:
    gpu = {"driver": "nvidia", "count": 1, **({"capabilities": asked} if asked else {})}
    assert items({"gpus": [gpu]}, running, own={}) == [("gpus", "changed", "breaking")] * differs


@pytest.mark.parametrize(
    ("running", "own", "path"),
    [
        ({"WorkingDir": "/"}, {"WorkingDir": "/srv"}, "working_dir"),
        ({"WorkingDir": "/"}, {}, None),
        ({"StopSignal": "SIGTERM"}, {"StopSignal": "SIGINT"}, "stop_signal"),
        ({"StopSignal": "SIGTERM"}, {}, None),
        ({"Env": ["FOO"]}, {"Env": ["FOO=image"]}, "environment.FOO"),
        ({"Env": ["FOO"]}, {}, None),
        ({"Entrypoint": None}, {"Entrypoint": ["/e"]}, "entrypoint"),
        ({"Entrypoint": [""]}, {"Entrypoint": ["/e"]}, "entrypoint"),
        ({"Entrypoint": []}, {}, None),
    ],
)
def test_a_default_in_the_place_of_what_the_image_sets_is_a_change(running: Body, own: Body, path: str | None) -> None:
    told = items({}, {"config": running}, own=own)
    assert [(one, change) for one, change, _ in told] == ([(path, "added")] if path else [])


def _mount(kind: str = "volume", **more: Any) -> Body:
    named = {"Name": "web_data", "Source": "/v"} if kind == "volume" else {"Source": "/opt", "Propagation": "rprivate"}
    return {"Type": kind, "Destination": "/d", "RW": True, **named, **more}


def _subpath(path: str) -> Body:
    requested = {"Type": "volume", "Source": "web_data", "Target": "/d", "VolumeOptions": {"Subpath": path}}
    return {"mounts": [_mount()], "host": {"Mounts": [requested]}}


def _spread(how: str, told: str = "", source: str = "/opt") -> Body:
    """A bind that spreads in some way, as Engine 20.10 and 28.5.2 show it: by itself, or told in one of two syntaxes."""
    wanted = {"Type": "bind", "Source": source, "Target": "/d", "BindOptions": {"Propagation": how}}
    asked = {"Binds": [f"{source}:/d:rw,{how}"], "Mounts": [wanted]}
    return {"mounts": [_mount("bind", Source=source, Propagation=how)], "host": {told: asked[told]} if told else {}}


@pytest.mark.parametrize(("running", "change"), [(10, "changed"), (45, "changed"), (None, "removed")])
def test_a_grace_period_that_somebody_set_to_what_engines_give_is_another_one(running: int | None, change: str) -> None:
    told = items({"stop_grace_period": "30s"}, {"config": {"StopTimeout": running}}, own={})
    assert told == [("stop_grace_period", change, "functional")]
    assert items({}, {"config": {"StopTimeout": 10}}, own={}) == []


@pytest.mark.parametrize("told", ["Binds", "Mounts"])
@pytest.mark.parametrize(
    ("git", "how", "source", "differs"),
    [
        ("/opt:/d", "rslave", "/opt", True),
        ("/opt:/d", "private", "/opt", True),
        ("/opt:/d", "rprivate", "/opt", False),
        ("/opt:/d:rslave", "rslave", "/opt", False),
        ("/:/d", "rslave", "/", False),
        ("/var/lib/docker/volumes:/d", "rslave", "/var/lib/docker/volumes", False),
    ],
)
def test_how_a_bind_was_told_to_spread(git: str, how: str, source: str, *, differs: bool, told: str) -> None:
    found = items({"volumes": [git]}, _spread(how, told, source), own={})
    assert found == [("volumes./d", "changed", "breaking")] * differs
    if differs:
        assert items({"volumes": [git]}, _spread(how, "", source), own={}) == []
        elsewhere = {**DOCKER, "info": {"DockerRootDir": "/opt/docker"}}
        assert items({"volumes": [git]}, _spread(how, told, source), own={}, engine=elsewhere) == []


@pytest.mark.parametrize("lender", ["web-db-1", "gone"])
@pytest.mark.parametrize("told", ["Binds", "Mounts", ""])
def test_a_bind_of_its_own_is_not_taken_for_one_that_was_lent(told: str, lender: str) -> None:
    running = _spread("rprivate", told)
    running["host"]["VolumesFrom"] = [lender]
    db = {**container("web", "db"), "Mounts": running["mounts"]}
    found = items({"volumes_from": ["db"]}, running, own={}, beside=[db])
    assert [item for item in found if item[0].startswith("volumes.")] == [("volumes./d", "added", "breaking")] * bool(
        told
    )


DATA: Body = {"volumes": {"data": None}}
IN_A: Body = {"type": "volume", "source": "data", "target": "/d", "volume": {"subpath": "a"}}


@pytest.mark.parametrize(
    ("git", "running", "differs"),
    [
        (IN_A, _subpath("a"), False),
        (IN_A, _subpath("b"), True),
        (IN_A, {"mounts": [_mount()]}, True),
        (IN_A, {"mounts": [_mount()], "version": "2.24.5"}, False),
        ("data:/d", _subpath("a"), True),
        ("/opt:/d", {"mounts": [_mount("bind", Propagation="rslave")]}, False),
        ("/opt:/d", {"mounts": [_mount("bind", Propagation="rshared")]}, True),
        ("/opt:/d:rshared", {"mounts": [_mount("bind")]}, True),
    ],
)
def test_a_part_of_a_volume_and_what_is_shared_of_a_bind(git: Any, running: Body, differs: bool) -> None:
    assert items({"volumes": [git]}, running, own={}, around=DATA) == [("volumes./d", "changed", "breaking")] * differs


RECREATED = {"com.docker.compose.replace": "web-app-1"}


@pytest.mark.parametrize(
    ("git", "running", "name", "differs"),
    [
        ("/d", {"mounts": [_mount()], "labels": RECREATED}, None, False),
        ("/d", {"mounts": [_mount("bind")], "labels": RECREATED}, None, False),
        ("/d", {"mounts": [_mount()]}, None, True),
        ("data:/d", {"mounts": [_mount(Name="web_other")], "labels": RECREATED}, None, True),
        ("data:/d", {"mounts": [_mount(Name="a" * 64)]}, "a" * 64, False),
        ("data:/d", {"mounts": [_mount(Name="b" * 64)]}, "a" * 64, True),
    ],
)  # fmt: skip
def test_what_an_anonymous_volume_becomes(git: str, running: Body, name: str | None, differs: bool) -> None:
    """Compose mounts whatever the predecessor had there; people go on with such a volume by its generated name."""
    around = {"volumes": {"data": {"external": True, "name": name}}} if name else DATA
    told = items({"volumes": [git]}, running, own={}, around=around)
    assert told == [("volumes./d", "changed", "breaking")] * differs


@pytest.mark.parametrize("asked", ["bridge", "default"])
@pytest.mark.parametrize(
    ("mode", "joined", "told"),
    [
        ("bridge", ["bridge"], []),
        ("default", ["bridge"], []),
        ("bridge", ["bridge", "ext"], [("networks.ext", "added", "functional")]),
        ("bridge", ["ext"], [("network_mode", "removed", "breaking"), ("networks.ext", "added", "functional")]),
        ("host", ["host"], [("network_mode", "changed", "breaking")]),
        ("ext", ["ext"], [("network_mode", "changed", "breaking")]),
    ],
)
def test_a_network_joined_by_hand_beside_the_bridge_is_that_network(
    asked: str, mode: str, joined: list[str], told: list[tuple[str, str, str]]
) -> None:
    running = {"host": {"NetworkMode": mode}, "networks": {name: {} for name in joined}}
    assert items({"network_mode": asked}, running, own={}) == told
    if mode in ("bridge", "default"):
        # Else that would be what the variable stands for.
        assert items({"network_mode": f"${{MODE:-{asked}}}"}, running, own={}) == told


@pytest.mark.parametrize("shared", [{"NetworkMode": "host"}, {"UTSMode": "host"}])
@pytest.mark.parametrize(
    ("asked", "runs", "told"),
    [
        ("nas", "nas", []),
        ("nas", "pve-1", ["removed"]),
        ("nas", "44cef42b5ba9", ["removed"]),
        ("nas", "store", ["changed"]),
        (None, "store", []),
    ],
)
def test_another_name_than_the_host_s_was_given_by_somebody(
    shared: dict[str, str], asked: str | None, runs: str, told: list[str]
) -> None:
    mode = {"network_mode": "host"} if "NetworkMode" in shared else {"uts": "host"}
    body = {"image": "plain:1", **mode, **({"hostname": asked} if asked else {})}
    networks: dict[str, Any] = {"networks": {"host": {}}} if "NetworkMode" in shared else {}
    one = container("web", "app", host=shared, config={"Hostname": runs}, **networks)
    engine = {"version": {"Version": "28.5.2", "ApiVersion": "1.51"}, "info": {"Name": "pve-1"}}
    document = audit(capture([one], engine=engine), [baseline("web", {"services": {"app": body}})])
    assert [(i.path, i.change) for v in document.services for i in v.items] == [("hostname", one) for one in told]


@pytest.mark.parametrize(("mode", "told"), [("none", []), ("host", [("network_mode", "added", "breaking")])])
def test_an_empty_mode_is_none(mode: str, told: list[Any]) -> None:
    running = {"host": {"NetworkMode": mode}, "networks": {mode: {}}}
    assert items({"network_mode": ""}, running, own={}) == told


@pytest.mark.parametrize("shared", [True, False])
def test_who_lives_in_another_one_s_network_has_its_names(shared: bool) -> None:
    names = {"Hostname": "db.lan", "Domainname": "lan"}
    other = container("web", "db", config=names)
    mode = f"container:{other['Id']}" if shared else "host"
    told = items(
        {"network_mode": "service:db" if shared else "host"},
        {"host": {"NetworkMode": mode}, "networks": {}, "config": names},
        own={},
        beside=[other],
    )
    assert told == [("domainname", "added", "functional")] * (not shared)


@pytest.mark.parametrize("asked", ["ext", "${MODE:-ext}", "${MODE}"])
@pytest.mark.parametrize(
    ("mode", "joined", "told"),
    [
        ("ext", ["ext"], []),
        ("ext", ["ext", "more"], [("networks.more", "added", "functional")]),
        ("ext", [], [("network_mode", "removed", "breaking")]),
        ("other", ["other"], [("network_mode", "changed", "breaking")]),
        ("none", ["none"], [("network_mode", "changed", "breaking")]),
    ],
)
def test_a_mode_can_be_a_network_by_its_name(
    asked: str, mode: str, joined: list[str], told: list[tuple[str, str, str]]
) -> None:
    running = {"host": {"NetworkMode": mode}, "networks": {name: {} for name in joined}}
    if "$" in asked and mode != "ext":
        told = [] if joined else told
    assert items({"network_mode": asked}, running, own={}) == told


@pytest.mark.parametrize(
    ("key", "asked", "linked", "differs"),
    [
        ("links", "db:store", "web-db-1", False),
        ("links", "db:store", "web-other-1", True),
        ("links", "db:store", "other-db-1", True),
        ("links", "db:store", "removed", False),
        ("external_links", "web-db-1:store", "web-db-1", False),
        ("external_links", "web-db-1:store", "web-other-1", True),
    ],
)
def test_a_link_leads_to_whom_git_says(key: str, asked: str, linked: str, differs: bool) -> None:
    links = [f"{linked}:store", f"{linked}:{linked}"]
    running = {"networks": {"web_default": {"Aliases": ["web-app-1", "app"], "Links": links}}}
    beside = [container("web", "db"), container("web", "other"), container("other", "db")]
    told = items({key: [asked]}, running, own={}, beside=beside)
    assert told == [(f"{key}.store", "changed", "functional")] * differs


@pytest.mark.parametrize(
    ("linked", "path"), [("web-db-1", "links.x"), ("other-db-1", "external_links.x"), ("gone", "links.x")]
)
def test_a_link_to_another_stack_s_container_is_an_external_one(linked: str, path: str) -> None:
    running = {"networks": {"web_default": {"Aliases": ["web-app-1", "app"], "Links": [f"{linked}:x"]}}}
    beside = [container("web", "db"), container("other", "db")]
    assert items({}, running, own={}, beside=beside) == [(path, "added", "functional")]


def test_a_link_leads_to_a_service_that_runs_without_labels() -> None:
    links = ["web-db-1:store", "web-db-1:db-1", "web-db-1:web-db-1"]
    running = {"networks": {"web_default": {"Aliases": ["web-app-1", "app"], "Links": links}}}
    by_hand = container(None, "db", name="web-db-1", networks={"web_default": {}})
    assert items({"links": ["db:store"]}, running, own={}, beside=[by_hand]) == []


@pytest.mark.parametrize(
    ("git", "running", "version", "differs"),
    [
        ("db", "web-db-1:ro", "2.40.3", True),
        ("db", "web-db-1:ro", "1.29.2", True),
        ("db:ro", "web-db-1:rw", "1.29.2", True),
        ("db:ro", "web-db-1", "2.40.3", False),
        ("db:ro", "web-db-1:ro", "1.29.2", False),
        ("db", "web-db-1:rw", "1.29.2", False),
        ("container:web-db-1:ro", "web-db-1:ro", "2.40.3", False),
    ],
)
def test_how_volumes_of_another_are_mounted(git: str, running: str, version: str, differs: bool) -> None:
    """Seen on Compose 1.29.2, which passes the mode on, and on 2.20.3 and 2.40.3, which do not pass on a service's."""
    seen = {"host": {"VolumesFrom": [running]}, "version": version}
    told = items({"volumes_from": [git]}, seen, own={}, beside=[container("web", "db")])
    assert [item for item in told if item[0].startswith("volumes_from")] == [
        ("volumes_from.db", "changed", "breaking")
    ] * differs


def test_volumes_of_a_stranger_are_written_as_compose_reads_them() -> None:
    lender = container(None, "db", name="db", networks={})
    borrower = container("web", "app", host={"VolumesFrom": ["db:ro"]})
    stack = {"services": {"app": {"image": "plain:1"}, "db": {"image": "plain:2"}}}
    seen = [borrower, lender, container("web", "db")]
    document = audit(capture(seen, images=[image("plain:1", Cmd=["run"])]), [baseline("web", stack)])
    (item,) = next(one for one in document.services if one.service == "app").items
    assert (item.path, item.running) == ("volumes_from.db", "container:db:ro")


@pytest.mark.parametrize("labels", [{}, {"com.docker.compose.project": "web", "com.docker.compose.service": "app"}])
def test_volumes_come_from_a_service_whoever_runs_without_labels(labels: Body) -> None:
    lender = container(None if labels else "web", "db", name="web-db-1", networks={"web_default": {}})
    borrower = container("web" if labels else None, "app", name="web-app-1", host={"VolumesFrom": ["web-db-1:ro"]})
    stack = {"services": {"app": {"image": "plain:1", "volumes_from": ["db:ro"]}, "db": {"image": "plain:1"}}}
    document = audit(capture([borrower, lender], images=[image("plain:1", Cmd=["run"])]), [baseline("web", stack)])
    assert [item.path for one in document.services for item in one.items if "volumes" in item.path] == []


@pytest.mark.parametrize(
    ("git", "joined", "told"),
    [
        ([], {"web_default": [], "other": ["x:y"]}, [("networks.other", "added", "functional")]),
        (["db"], {}, [("networks.default", "removed", "functional")]),
    ],
)
def test_links_come_and_go_with_their_network(git: list[str], joined: Body, told: list[Any]) -> None:
    running = {
        "host": {"NetworkMode": "web_default"},
        "networks": {name: {"Aliases": ["web-app-1", "app"], "Links": links} for name, links in joined.items()},
    }
    assert items({"links": git}, running, own={}, beside=[container("web", "db"), container("web", "x")]) == told


@pytest.mark.parametrize(("key", "field"), [("network_mode", "NetworkMode"), ("pid", "PidMode"), ("ipc", "IpcMode")])
@pytest.mark.parametrize(
    ("project", "name", "differs"),
    [("web", "web-vpn-1", False), (None, "vpn", False), ("other", "other-vpn-1", True), ("other", "vpn", True)],
)
def test_another_stack_s_service_of_the_same_name_is_another_one(
    key: str, field: str, project: str | None, name: str, differs: bool
) -> None:
    sharing = container(project, "vpn", name=name)
    running: Body = {"host": {field: f"container:{sharing['Id']}"}}
    if key == "network_mode":
        running["networks"] = {}
    stack = {"services": {"vpn": {"image": "plain:1"}}}
    told = items({key: "service:vpn"}, running, own={}, around=stack, beside=[sharing])
    assert told == [(key, "changed", "breaking")] * differs


@pytest.mark.parametrize(
    ("git", "running", "differs"),
    [
        (None, "private", False),
        (None, "shareable", False),
        ("private", "private", False),
        ("shareable", "private", True),
        ("private", "shareable", True),
    ],
)
def test_shared_memory_that_others_may_join(git: str | None, running: str, differs: bool) -> None:
    told = items({"ipc": git} if git else {}, {"host": {"IpcMode": running}}, own={})
    assert told == [("ipc", "removed", "breaking")] * differs


@pytest.mark.parametrize(("key", "target"), [("secrets", "/run/secrets/s"), ("configs", "/s")])
@pytest.mark.parametrize("writable", [False, True])
def test_a_secret_that_the_container_may_write_to_is_told(key: str, target: str, writable: bool) -> None:
    mount = {"Type": "bind", "Source": "/opt/apps/stacks/web/s.txt", "Destination": target, "RW": writable}
    told = items({key: ["s"]}, {"mounts": [mount]}, own={}, around={key: {"s": {"file": "./s.txt"}}})
    assert told == [(f"{key}.s", "changed", "breaking")] * writable


@pytest.mark.parametrize("target", ["/run/secrets/key.pem", "/x"])
def test_a_bind_of_the_short_syntax_is_no_secret_wherever_it_lies(target: str) -> None:
    """Compose asks for secrets as mounts, and for binds of the short syntax as what the engine calls binds."""
    source = f"{HERE}/s.txt"
    mount = {"Type": "bind", "Source": source, "Destination": target, "RW": False}
    stack = {"services": {"db": {"image": "plain:1", "secrets": ["s"]}}, "secrets": {"s": {"file": "./s.txt"}}}
    running = {"mounts": [mount], "host": {"Binds": [f"{source}:{target}:ro"]}}
    assert items({}, running, own={}, around=stack) == [(f"volumes.{target}", "added", "breaking")]


@pytest.mark.parametrize("writable", [False, True])
def test_a_file_of_another_service_s_secret_mounted_anywhere_is_told(writable: bool) -> None:
    mount = {"Type": "bind", "Source": "/opt/apps/stacks/web/s.txt", "Destination": "/x", "RW": writable}
    stack = {"services": {"db": {"image": "plain:1", "secrets": ["s"]}}, "secrets": {"s": {"file": "./s.txt"}}}
    assert items({}, {"mounts": [mount]}, own={}, around=stack) == [("secrets.s", "added", "breaking")]


@pytest.mark.parametrize(
    ("git", "file", "target", "told"),
    [
        (
            [{"source": "s", "target": "t"}],
            "b.txt",
            "t",
            ("s", {"source": "s", "target": T}, {"source": "b", "target": T}),
        ),
        ([{"source": "s", "target": "t"}], "x.txt", "t", ("s", {"source": "s", "target": T}, f"./x.txt:{T}:ro")),
        (["s"], "s.txt", "u", ("s", "s", {"source": "s", "target": "/run/secrets/u"})),
        (["same"], "s.txt", "u", ("same", "same", {"source": "same", "target": "/run/secrets/u"})),
    ],
)
def test_another_file_in_a_secret_s_place_is_told_by_its_name(git: Any, file: str, target: str, told: Any) -> None:
    mount = {"Type": "bind", "Source": f"{HERE}/{file}", "Destination": f"/run/secrets/{target}", "RW": False}
    secrets = {name: {"file": f"./{file}.txt"} for name, file in (("same", "s"), ("b", "b"), ("s", "s"))}
    stack = {"services": {"app": {"image": "plain:1", "secrets": git}}, "secrets": secrets}
    document = audit(capture([container("web", "app", mounts=[mount])]), [baseline("web", stack)])
    found = [(item.path, item.baseline, item.running) for item in document.services[0].items]
    assert found == [(f"secrets.{told[0]}", *told[1:])]


@pytest.mark.parametrize(
    ("git", "running", "told"),
    [
        (["apparmor=a"], ["apparmor:b"], [("apparmor", "changed")]),
        (["apparmor=a"], ["apparmor:a"], []),
        (["apparmor=${A}", "label=role:${R}"], ["apparmor=b", "label=role:b"], []),
        (["label=type:a", "label=level:x"], ["label=type:b", "label=level:x"], [("label:type", "changed")]),
        (["label=type:a"], ["label=level:a"], [("label:level", "added"), ("label:type", "removed")]),
        (["label=type:a"], ["label=disable"], [("label:disable", "added"), ("label:type", "removed")]),
        (["other=a"], ["other=b"], [("other:a", "removed"), ("other:b", "added")]),
        ([], ["apparmor=b"], [("apparmor", "added")]),
        (["apparmor=b"], [], [("apparmor", "removed")]),
    ],
)  # fmt: skip
def test_another_value_of_a_security_option_is_one_change(
    git: list[str], running: list[str], told: list[tuple[str, str]]
) -> None:
    items_told = items({"security_opt": git} if git else {}, {"host": {"SecurityOpt": running}}, own={})
    assert items_told == [(f"security_opt.{path}", change, "breaking") for path, change in told]


CONDITION, ATTEMPTS = "deploy.restart_policy.condition", "deploy.restart_policy.max_attempts"
THREE = {"condition": "on-failure", "max_attempts": 3}


@pytest.mark.parametrize(
    ("policy", "name", "retries", "told"),
    [
        (THREE, "on-failure", 3, []),
        (THREE, "on-failure", 5, [(ATTEMPTS, "changed")]),
        (THREE, "on-failure", 0, [(ATTEMPTS, "removed")]),
        (THREE, "always", 0, [(CONDITION, "changed")]),
        (THREE, "", 0, [(CONDITION, "removed")]),
        ({"condition": "on-failure"}, "on-failure", 5, [(ATTEMPTS, "added")]),
        ({"condition": "any", "max_attempts": 3}, "always", 0, []),
        ({"condition": "any", "max_attempts": 3}, "on-failure", 3, [(CONDITION, "changed")]),
        ({"condition": "any", "max_attempts": 3}, "on-failure", 5, [(CONDITION, "changed"), (ATTEMPTS, "changed")]),
        ({"condition": "${C}", "max_attempts": 3}, "on-failure", 3, []),
        ({"condition": "${C}", "max_attempts": 3}, "on-failure", 5, [(ATTEMPTS, "changed")]),
        ({"condition": "${C}", "max_attempts": "${N}"}, "on-failure", 5, []),
        ({"condition": "any"}, "on-failure", 5, [(CONDITION, "changed"), (ATTEMPTS, "added")]),
        ({}, "no", 0, []),
        ({}, "always", 0, [(CONDITION, "changed")]),
        ({"max_attempts": 5}, "on-failure", 5, [(CONDITION, "changed")]),
        ({"max_attempts": 5}, "", 0, []),
    ],
)
def test_a_restart_policy_of_deploy_has_its_attempts_beside_its_condition(
    policy: Body, name: str, retries: int, told: list[tuple[str, str]]
) -> None:
    running = {"host": {"RestartPolicy": {"Name": name, "MaximumRetryCount": retries}}}
    found = items({"deploy": {"restart_policy": policy}}, running, own={})
    assert [(path, change) for path, change, _ in found] == told


DOCKER: Body = {"version": {"Version": "28.5.2", "ApiVersion": "1.51"}, "info": {}}
PODMAN: Body = {**DOCKER, "version": {**DOCKER["version"], "Components": [{"Name": "Podman Engine"}]}}


@pytest.mark.parametrize(
    ("git", "running", "engine", "differs"),
    [
        ("a:1", "localhost/a:1", DOCKER, True),
        ("a:1", "localhost/a:1", PODMAN, False),
        ("localhost/a:1", "a:1", DOCKER, True),
        ("localhost/a:1", "localhost/a:1", PODMAN, False),
        ("a", "docker.io/library/a:latest", DOCKER, False),
        ("a", "docker.io/library/a:latest", PODMAN, False),
    ],
)
def test_the_registry_of_this_very_host_is_not_docker_hub(git: str, running: str, engine: Body, differs: bool) -> None:
    told = items({"image": git}, {"config": {"Image": running}}, own={}, engine=engine)
    assert told == [("image", "changed", "breaking")] * differs


@pytest.mark.parametrize(
    ("git", "running", "differs"),
    [
        (IMAGE_ID, IMAGE_ID, False),
        (IMAGE_ID[7:19], IMAGE_ID[7:19], False),
        (IMAGE_ID[:19], IMAGE_ID, False),
        ("plain:1", IMAGE_ID, False),
        ("sha256:" + "2" * 64, IMAGE_ID, True),
    ],
)
def test_an_image_can_be_named_by_its_id(git: str, running: str, differs: bool) -> None:
    told = items({"image": git}, {"config": {"Image": running}}, own={})
    assert told == [("image", "changed", "breaking")] * differs


@pytest.mark.parametrize(("engine", "uncompared"), [(PODMAN, ["ports.80/tcp"]), (DOCKER, [])])
def test_podman_keeps_no_ports_of_a_container_in_the_host_s_network(engine: Body, uncompared: list[str]) -> None:
    git = {"services": {"app": {"image": "plain:1", "network_mode": "host", "ports": ["80:80"]}}}
    published = {} if uncompared else {"80/tcp": [{"HostIp": "", "HostPort": "80"}]}
    running = container("web", "app", host={"NetworkMode": "host", "PortBindings": published})
    [service] = audit(capture([running], engine=engine), [baseline("web", git)]).services
    assert (service.status, list(service.uncompared)) == ("clean", uncompared)


@pytest.mark.parametrize(
    ("networks", "told"),
    [
        ({}, [("networks.default", "removed")]),
        ({"bridge": None}, [("networks.default", "removed")]),
        ({"podman": {}}, [("network_mode", "added")]),
        ({"web_default": {"Aliases": ["0123456789ab"]}}, [("networks.default.aliases", "changed")]),
        ({"web_default": {"Aliases": ["app"]}}, []),
    ],
)
def test_podman_calls_every_network_a_bridge(networks: Body, told: list[Any]) -> None:
    found = items({}, {"host": {"NetworkMode": "bridge"}, "networks": networks}, own={}, engine=PODMAN)
    assert [item[:2] for item in found] == told


def test_another_log_driver_than_that_of_all_others_was_set_on_podman_too() -> None:
    others = [container("web", name, host={"LogConfig": {"Type": "json-file", "Config": None}}) for name in ("a", "b")]
    own = {"host": {"LogConfig": {"Type": "journald", "Config": None}}}
    assert [item[:2] for item in items({}, own, own={}, beside=others, engine=PODMAN)] == [("logging.driver", "added")]
    alike = [container("web", name, **own) for name in ("a", "b")]
    assert items({}, own, own={}, beside=alike, engine=PODMAN) == []


@pytest.mark.parametrize(
    ("device", "engine", "told"),
    [("nvidia.com/gpu=all", PODMAN, 0), ("nvidia.com/gpu=all", DOCKER, 1), ("/dev/x", PODMAN, 1)],
)
def test_podman_shows_no_devices_of_cdi(device: str, engine: Body, told: int) -> None:
    assert len(items({"devices": [device]}, {}, own={}, engine=engine)) == told


@pytest.mark.parametrize("git", ["docker.io/plain:${V}", "plain:${V}", "docker.io/library/plain:${V:-1}"])
def test_a_variable_in_the_name_of_an_image_is_found_in_podman_s_spelling(git: str) -> None:
    assert items({"image": git}, {"config": {"Image": "docker.io/library/plain:17"}}, own={}, engine=PODMAN) == []


def test_an_image_built_here_is_podman_s_own() -> None:
    for name in ("web-app", "localhost/web_app:latest"):
        assert items({"build": "."}, {"config": {"Image": name}}, own={}, engine=PODMAN) == []


@pytest.mark.parametrize(("engine", "told"), [(PODMAN, 0), (DOCKER, 1)])
@pytest.mark.parametrize(
    "git",
    [
        {"gpus": "all"},
        {"deploy": {"resources": {"reservations": {"devices": [{"driver": "nvidia", "capabilities": ["gpu"]}]}}}},
        {"sysctls": {"net.ipv4.ip_forward": "1"}},
    ],
)
def test_what_podman_never_shows_is_not_told(git: Body, engine: Body, told: int) -> None:
    assert len(items(git, {}, own={}, engine=engine)) == told


@pytest.mark.parametrize(
    ("name", "engine", "told"),
    [("RLIMIT_NOFILE", PODMAN, 0), ("RLIMIT_NPROC", PODMAN, 0), ("RLIMIT_CORE", PODMAN, 1), ("core", DOCKER, 1)],
)
def test_podman_s_own_limits_are_two(name: str, engine: Body, told: int) -> None:
    running = {"host": {"Ulimits": [{"Name": name, "Soft": 77, "Hard": 77}]}}
    assert len(items({}, running, own={}, engine=engine)) == told


@pytest.mark.parametrize("git", [{"cpus": 0.5}, {"deploy": {"resources": {"limits": {"cpus": "0.5"}}}}])
def test_a_kernel_that_cannot_limit_processors_drops_no_limit(git: Body) -> None:
    assert items(git, {}, own={}, engine={**DOCKER, "info": {"CpuCfsQuota": False}}) == []
    assert len(items(git, {}, own={}, engine=DOCKER)) == 1


@pytest.mark.parametrize(
    ("memory", "swap", "told"),
    [
        (64, 128, []),
        (64, 512, [("memswap_limit", "changed")]),
        (64, -1, [("memswap_limit", "changed")]),
        (128, 512, [("mem_limit", "changed"), ("memswap_limit", "changed")]),
        (32, 32, [("mem_limit", "changed"), ("memswap_limit", "changed")]),
    ],
)
def test_a_swap_limit_of_git_s_that_was_changed_is_not_lost(memory: int, swap: int, told: list[Any]) -> None:
    running = {"host": {"Memory": memory * 2**20, "MemorySwap": swap * 2**20 if swap > 0 else swap}}
    found = items({"mem_limit": "64m", "memswap_limit": "128m"}, running, own={})
    assert [(path, change) for path, change, _ in found] == told


@pytest.mark.parametrize(
    ("git", "told"), [([], [("ports.80/tcp", "added", "breaking")]), (["80"], []), (["8080:80"], [])]
)
def test_all_ports_published_at_random_are_ports(git: list[str], told: list[Any]) -> None:
    bindings = {"80/tcp": [{"HostIp": "", "HostPort": "8080"}]} if git == ["8080:80"] else {}
    running = {"host": {"PublishAllPorts": True, "PortBindings": bindings}, "config": {"ExposedPorts": {"80/tcp": {}}}}
    assert items({"ports": git}, running, own={"ExposedPorts": {"80/tcp": {}}}) == told


@pytest.mark.parametrize(
    ("git", "running", "differs"),
    [
        ("0,1", "0-1", False),
        ("0-3", "0,1,2-3", False),
        ("0-1", "1", True),
        ("0-1", "0-2", True),
        ("${X}", "0-2", False),
        ("0-99999999999", "0", True),  # told at once, though nobody has the memory to count them
    ],
)
def test_a_set_of_processors_has_several_spellings(git: str, running: str, differs: bool) -> None:
    told = items({"cpuset": git}, {"host": {"CpusetCpus": running}}, own={})
    assert told == [("cpuset", "changed", "functional")] * differs


@pytest.mark.parametrize(
    ("more", "own"), [({"labels": RECREATED}, {"Volumes": {"/d": {}}}), ({"host": {"VolumesFrom": ["web-db-1"]}}, {})]
)
def test_another_volume_than_git_s_is_not_one_that_was_handed_on(more: Body, own: Body) -> None:
    """Compose hands nothing on to a path where git has a volume: taken for lost, git's would have been deleted."""
    lender = {**container("web", "db"), "Mounts": [_mount()]}
    git = {"volumes": ["/opt:/d"], **({"volumes_from": ["db"]} if "host" in more else {})}
    told = items(git, {"mounts": [_mount()], **more}, own=own, beside=[lender])
    assert told == [("volumes./d", "changed", "breaking")]


@pytest.mark.parametrize(
    ("git", "memory", "swap", "told"),
    [
        ({"mem_limit": "64m"}, 64, 128, []),
        ({"mem_limit": "64m"}, 64, 64, [("memswap_limit", "added")]),
        ({"mem_limit": "64m"}, 32, 32, [("mem_limit", "changed")]),
        ({"mem_limit": "64m"}, 64, -1, [("memswap_limit", "added")]),
        ({"mem_limit": "64m"}, 128, 128, [("mem_limit", "changed")]),
        ({"mem_limit": "64m"}, 128, 256, [("mem_limit", "changed")]),
        ({"mem_limit": "64m"}, 128, -1, [("mem_limit", "changed"), ("memswap_limit", "added")]),
        ({"mem_limit": "64m"}, 96, 200, [("mem_limit", "changed"), ("memswap_limit", "added")]),
        ({}, 64, 128, [("mem_limit", "added")]),
        ({}, 64, 0, [("mem_limit", "added")]),
        ({}, 64, 200, [("mem_limit", "added"), ("memswap_limit", "added")]),
        ({}, 0, -1, []),
    ],
)
def test_a_swap_limit_that_follows_from_no_limit_of_memory_is_told(
    git: Body, memory: int, swap: int, told: list[Any]
) -> None:
    running = {"host": {"Memory": memory * 2**20, "MemorySwap": swap * 2**20 if swap > 0 else swap}}
    assert [item[:2] for item in items(git, running, own={})] == told


@pytest.mark.parametrize(
    ("git", "entrypoint", "command", "told"),
    [
        ({"entrypoint": []}, [], ["run"], []),
        ({"entrypoint": ""}, [], ["run"], []),
        ({"entrypoint": [""]}, None, None, []),
        ({"entrypoint": ["/e"]}, ["/e"], None, []),
        ({"entrypoint": ["/e"]}, ["/e"], ["run"], [("command", "added")]),
        ({"entrypoint": []}, [], ["other"], [("command", "added")]),
        ({}, ["/i"], ["run"], []),
        ({}, ["/i"], None, [("entrypoint", "added")]),
        ({"command": "go"}, ["/i"], ["go"], []),
    ],
)
def test_an_emptied_entrypoint_leaves_the_image_s_command(
    git: Body, entrypoint: list[str] | None, command: list[str] | None, told: list[Any]
) -> None:
    running = {"config": {"Entrypoint": entrypoint, "Cmd": command}}
    assert [item[:2] for item in items(git, running, own={"Entrypoint": ["/i"]})] == told


def test_what_the_api_socket_brings_along_is_no_difference() -> None:
    git = {"use_api_socket": True}
    socket = {"Type": "bind", "Source": "/var/run/docker.sock", "Destination": "/var/run/docker.sock", "RW": True}
    running = {"env": {"DOCKER_CONFIG": "/run/secrets/docker"}, "mounts": [socket]}
    assert items(git, running, own={}) == []
    assert items(git, {}, own={}) == [("use_api_socket", "removed", "breaking")]
    assert [path for path, _, _ in items({}, running, own={})] == [
        "environment.DOCKER_CONFIG",
        "volumes./var/run/docker.sock",
    ]


@pytest.mark.parametrize("runs", ["02:42:ac:11:00:07", "02:42:ac:11:00:08"])
@pytest.mark.parametrize("git", ["02:42:AC:11:00:07", "02-42-ac-11-00-07", "0242.ac11.0007"])
@pytest.mark.parametrize("where", ["mac_address", "networks.n.mac_address"])
def test_a_hardware_address_has_several_spellings(where: str, git: str, runs: str) -> None:
    body = {"mac_address": git} if where == "mac_address" else {"networks": {"n": {"mac_address": git}}}
    network = "web_default" if where == "mac_address" else "web_n"
    running = {"networks": {network: {"Aliases": ["web-app-1", "app"], "MacAddress": runs}}}
    told = items(body, running, own={}, around={"networks": {"n": None}})
    assert [item[:2] for item in told] == [(where, "changed")] * runs.endswith("8")


@pytest.mark.parametrize("runs", ["bin", "lib", None])
@pytest.mark.parametrize("git", ["bin", None])
def test_a_folder_of_a_mounted_image(git: str | None, runs: str | None) -> None:
    """As Engine 28.5.2 shows it."""
    body = {"type": "image", "source": "tools:1", "target": "/t"} | ({"image": {"subpath": git}} if git else {})
    wanted = {"Type": "image", "Source": "tools:1", "Target": "/t"} | (
        {"ImageOptions": {"Subpath": runs}} if runs else {}
    )
    seen = {"Type": "image", "Name": "tools:1", "Source": "/var/lib/x", "Destination": "/t", "Mode": "", "RW": False}
    told = items(
        {"volumes": [body]}, {"host": {"Mounts": [wanted]}, "mounts": [{**seen, "Propagation": "rprivate"}]}, own={}
    )
    assert [item[:2] for item in told] == [("volumes./t", "changed")] * (git != runs)


@pytest.mark.parametrize(
    ("git", "runs", "told"),
    [
        ({"dns_search": ""}, {"DnsSearch": [""]}, []),
        ({}, {"DnsSearch": [""]}, [("dns_search", "added")]),
        ({"dns_search": ""}, {"DnsSearch": None}, [("dns_search", "removed")]),
        ({"dns_search": "x"}, {"DnsSearch": [""]}, [("dns_search", "changed")]),
        ({"dns": ""}, {"Dns": []}, []),
        ({"dns": ""}, {"Dns": None}, []),
    ],
)
def test_an_empty_domain_to_search_is_one(git: Body, runs: Body, told: list[Any]) -> None:
    """It keeps away those of the host."""
    assert [item[:2] for item in items(git, {"host": runs}, own={})] == told


LONG, SHORT = "fd00:0098:0:0::0005", "fd00:98::5"


@pytest.mark.parametrize(("git", "runs"), [(LONG, SHORT), (SHORT, LONG), (SHORT, "fd00:98::6")])
@pytest.mark.parametrize("where", ["ports.80/tcp", "networks.n.ipv6_address", "dns", "extra_hosts.a"])
def test_an_address_has_several_spellings(where: str, git: str, runs: str) -> None:
    body, running = {
        "ports.80/tcp": (
            {"ports": [f"[{git}]:80:80"]},
            {"host": {"PortBindings": {"80/tcp": [{"HostIp": runs, "HostPort": "80"}]}}},
        ),
        "networks.n.ipv6_address": (
            {"networks": {"n": {"ipv6_address": git}}},
            {"networks": {"web_n": {"Aliases": ["web-app-1", "app"], "IPAMConfig": {"IPv6Address": runs}}}},
        ),
        "dns": ({"dns": [git]}, {"host": {"Dns": [runs]}}),
        "extra_hosts.a": ({"extra_hosts": [f"a={git}"]}, {"host": {"ExtraHosts": [f"a:{runs}"]}}),
    }[where]
    told = items(body, running, own={}, around={"networks": {"n": None}})
    assert [item[:2] for item in told] == [(where, "changed")] * runs.endswith("6")


MODELS: Body = {"models": {"small-one": {"model": "ai/small"}}}
DATABASE: Body = {"services": {"my-db": {"provider": {"type": "cloud"}}}}


@pytest.mark.parametrize(
    ("git", "around", "version", "env", "names"),
    [
        ({"models": ["small-one"]}, MODELS, "2.40.3", ["SMALL_ONE_MODEL", "SMALL_ONE_URL", "NEW"], ["NEW"]),
        (
            {"models": {"small-one": {"model_var": "M", "endpoint_var": "E"}}},
            MODELS,
            "2.40.3",
            ["M", "E", "SMALL_ONE_URL"],
            ["SMALL_ONE_URL"],
        ),
        ({"depends_on": ["my-db"]}, DATABASE, "2.40.3", ["MY-DB_URL", "NEW"], ["NEW"]),
        ({"depends_on": ["my-db"]}, DATABASE, "5.2.0", ["MY-DB_URL", "NEW"], []),
        ({}, DATABASE, "5.2.0", ["MY-DB_URL"], ["MY-DB_URL"]),
    ],
    ids=["models", "names of its own", "provider", "provider that may choose names", "nobody's"],
)
def test_variables_that_compose_fills_in(
    git: Body, around: Body, version: str, env: list[str], names: list[str]
) -> None:
    """Seen on Compose 2.40.3, and in the source of 5."""
    told = items(git, {"env": dict.fromkeys(env, "x"), "version": version}, own={}, around=around)
    assert told == [(f"environment.{name}", "added", "functional") for name in names]


@pytest.mark.parametrize(
    ("there", "version", "differs"),
    [
        (["web-db-1:store", "web-db-1:web-db-1"], "2.40.3", False),
        (["web-db-1:store"], "1.29.2", False),
        ([], "2.40.3", True),
        (["web-db-1:web-db-1"], "1.29.2", True),
        ([], "2.10.2", False),
    ],
)
def test_a_link_that_is_lost_in_one_of_several_networks(there: list[str], version: str, differs: bool) -> None:
    """Compose 1.29.2 and 2.20.3 to 2.40.3 give every link to every network; nobody has seen the earlier ones do so."""
    names = {"Aliases": ["web-app-1", "web_app_1", "app"]}
    links = ["web-db-1:store", "web-db-1:web-db-1"]
    seen = container("web", "app", version=version,
                     networks={"web_x": {**names, "Links": links}, "web_y": {**names, "Links": there}})  # fmt: skip
    services = {"app": {"links": ["db:store"], "networks": ["x", "y"]}, "db": {"networks": ["x", "y"]}}
    stack = {"services": {name: {"image": "plain:1", **body} for name, body in services.items()},
             "networks": {"x": None, "y": None}}  # fmt: skip
    other = container("web", "db", networks={"web_x": names, "web_y": names})
    document = audit(capture([seen, other], images=[image("plain:1", Cmd=["run"])]), [baseline("web", stack)])
    (app,) = (one for one in document.services if one.service == "app")
    assert found(app) == [("links.store", "changed", "functional")] * differs
    assert all(item.beyond_files for item in app.items)
    assert app.remedy == ("deploy" if differs else "none")


@pytest.mark.parametrize(("running", "differs"), [("size=67108864", False), ("size=65536k", False), ("size=32m", True)])
def test_the_size_of_a_tmpfs_has_several_spellings(running: str, differs: bool) -> None:
    told = items({"tmpfs": ["/t:size=64m,mode=1777"]}, {"host": {"Tmpfs": {"/t": f"mode=1777,{running}"}}}, own={})
    assert told == [("tmpfs./t", "changed", "breaking")] * differs


@pytest.mark.parametrize(("labels", "source"), [({}, "/opt"), (RECREATED, "/opt"), (RECREATED, "kept")])
def test_an_anonymous_volume_where_git_has_another_one_is_the_image_s(labels: Body, source: str) -> None:
    """Git's was lost, whether Compose or a hand that copied its labels made the container."""
    lost = _mount(Name="f" * 64)
    told = items({"volumes": [f"{source}:/d"]}, {"mounts": [lost], "labels": labels}, own={"Volumes": {"/d": {}}},
                 around={"volumes": {"kept": None}})  # fmt: skip
    assert told == [("volumes./d", "removed", "breaking")]


@pytest.mark.parametrize(
    ("driver", "name", "git", "running", "differs"),
    [
        ("json-file", "max-size", "10m", "10M", False),
        ("json-file", "max-size", "10m", "10MB", False),
        ("json-file", "max-size", "10m", "10k", True),
        ("json-file", "max-size", "10m", "11M", True),
        ("local", "max-size", "1.5g", "1.5GiB", False),
        ("local", "max-size", "1024k", "1m", True),
        ("fluentd", "fluentd-buffer-limit", "1m", "1M", False),
        ("gelf", "max-buffer-size", "4m", "4M", False),
        ("gelf", "max-size", "10m", "10M", True),
        ("json-file", "tag", "10m", "10M", True),
    ],
)
def test_the_size_of_a_log_has_several_spellings(driver: str, name: str, git: str, running: str, differs: bool) -> None:
    """`units.FromHumanSize` and `units.RAMInBytes` of the engine; no other option of these drivers is a size."""
    config = {"LogConfig": {"Type": driver, "Config": {name: running}}}
    told = items({"logging": {"driver": driver, "options": {name: git}}}, {"host": config}, own={})
    assert told == [(f"logging.options.{name}", "changed", "functional")] * differs


@pytest.mark.parametrize(
    ("git", "running", "version", "differs"),
    [
        ("disabled", {"NonRecursive": True}, "2.40.3", False),
        (None, {"NonRecursive": True}, "2.40.3", True),
        ("disabled", {}, "2.40.3", True),
        ("writable", {"ReadOnlyForceRecursive": True}, "2.40.3", True),
        ("readonly", {"ReadOnlyForceRecursive": True}, "2.40.3", False),
        ("enabled", {}, "2.40.3", False),
        ("disabled", {}, "2.26.1", False),
        (None, {"NonRecursive": True}, "2.26.1", True),
        (None, {"ReadOnlyNonRecursive": True}, "2.20.3", False),
        ("disabled", {"ReadOnlyNonRecursive": True}, "2.40.3", True),
    ],
)
def test_what_becomes_of_the_mounts_below_a_bind(
    git: str | None, running: dict[str, bool], version: str, differs: bool
) -> None:
    """Compose 2.26.1 reads it and passes it on to nobody."""
    mount = {"Type": "bind", "Source": "/opt", "Destination": "/d", "RW": False, "Propagation": "rprivate"}
    asked = {"Type": "bind", "Source": "/opt", "Target": "/d", "ReadOnly": True, "BindOptions": running}
    seen = {"mounts": [mount], "host": {"Mounts": [asked]}, "version": version}
    bind = {
        "type": "bind",
        "source": "/opt",
        "target": "/d",
        "read_only": True,
        "bind": {"recursive": git} if git else {},
    }
    assert items({"volumes": [bind]}, seen, own={}) == [("volumes./d", "changed", "breaking")] * differs
