"""Compose's hash as a witness: what it proves about variables, about who changed what, and when it says nothing."""

from typing import Any

import pytest
import yaml

from homelab_assets import compose
from homelab_assets.compose.confighash import config_hashes
from homelab_assets.drift.document import ServiceDrift
from homelab_assets.secrecy import Vault
from homelab_assets_tests.drift.containers import container, image
from homelab_assets_tests.drift.world import KEY, audit, baseline, capture, found

PLAIN = image("plain:1", "plain:2", Cmd=["run"])
CREATED = "2026-11-10T00:00:00Z"


def hashed(body: dict[str, Any], variables: dict[str, str] | None = None, version: str = "2.40.3") -> dict[str, str]:
    """The label that Compose would have put on a container of this service."""
    text = yaml.safe_dump({"services": {"app": {"image": "plain:1", **body}}}).encode()
    project = compose.load(
        ["/opt/apps/stacks/web/compose.yml"], read=lambda path: text if path.endswith("compose.yml") else None,
        project_directory="/opt/apps/stacks/web", environment=variables or {}, project_name="web",
    )  # fmt: skip
    return {"com.docker.compose.config-hash": str(next(config_hashes(project.services["app"], version)))}


def judge(
    body: dict[str, Any],
    label: dict[str, str],
    *,
    dotenv: Any = None,
    used: Any = None,
    committed: str | None = None,
    **running: Any,
) -> ServiceDrift:
    running["labels"] = {**label, **running.get("labels", {})}
    seen = container("web", "app", created=CREATED, **running)
    stack = baseline("web", {"services": {"app": {"image": "plain:1", **body}}}, committed_at=committed)
    vault = Vault(KEY)
    files = {"dotenv": dotenv or {}, "compose_variables": used or {}}
    document = audit(capture([seen], images=[PLAIN], vault=vault, **files), [stack], vault=vault)
    assert not document.problems
    return document.services[0]


def test_a_service_is_verified_when_the_hash_is_reproduced() -> None:
    body = {"environment": {"A": "1"}}
    one = judge(body, hashed(body), env={"A": "1"})
    assert (one.status, one.evidence) == ("clean", "verified")


def test_it_is_verified_through_bound_variables_and_secrets() -> None:
    body = {"environment": {"DB_PASSWORD": "${PW}", "TZ": "${TZ:-UTC}"}}
    label = hashed(body, {"PW": "hunter2hunter2", "TZ": "Asia/Tokyo"})
    one = judge(body, label, env={"DB_PASSWORD": "hunter2hunter2", "TZ": "Asia/Tokyo"})
    assert (one.status, one.evidence, one.bound) == ("clean", "verified", ("PW", "TZ"))


@pytest.mark.parametrize(
    ("made_from", "items"),
    [
        ({"hostname": "store"}, [("hostname", "added", "functional")]),
        ({}, []),
        ({"hostname": "other"}, []),
        ({"hostname": "store", "user": "5"}, []),
    ],
)
def test_a_hostname_that_could_be_the_host_s_is_told_where_the_hash_proves_that_it_was_given(
    made_from: dict[str, Any], items: list[Any]
) -> None:
    body = {"network_mode": "host"}
    running = {"host": {"NetworkMode": "host"}, "networks": {"host": {}}, "config": {"Hostname": "store"}}
    assert found(judge(body, hashed({**body, **made_from}), **running)) == items


@pytest.mark.parametrize(("own", "env", "items"), [
    ("compose.yml,more.yml", {"E": "1"}, []),
    ("compose.yml,more.yml", {"E": "2"}, [("environment.E", "changed", "functional")]),
    ("compose.yml,gone.yml", {"E": "1"}, [("environment.E", "added", "functional")]),
])  # fmt: skip
@pytest.mark.parametrize("given", ["1", "${E}"])
def test_a_service_may_be_brought_up_from_other_files_of_git_than_the_next(
    own: str, env: dict[str, str], items: list[Any], given: str
) -> None:
    files = "com.docker.compose.project.config_files"
    git = {"services": {name: {"image": "plain:1"} for name in ("app", "b")}}
    more = {"services": {"app": {"environment": {"E": given}}, "c": {"image": "plain:1", "environment": {"E": given}}}}
    seen = [
        container("web", "app", env=env, labels={**hashed({"environment": {"E": "1"}}), files: own}, created=CREATED),
        container("web", "b", labels={**hashed({}), files: "compose.yml"}, created="2026-11-11T00:00:00Z"),
    ]
    vault = Vault(KEY)
    captured = capture(seen, images=[PLAIN], vault=vault, dotenv={"/opt/apps/stacks/web/.env": {"E": "1"}})
    stack = baseline("web", git, extra={"more.yml": yaml.safe_dump(more)})
    app, b = audit(captured, [stack], vault=vault).services
    assert (found(app), found(b), b.evidence) == (items, [], "verified")
    assert (app.evidence == "verified") is (own == "compose.yml,more.yml")


@pytest.mark.parametrize(("kept", "items"), [(None, []), ({"x": "y"}, [("annotations.a", "removed", "cosmetic")])])
def test_an_engine_that_was_upgraded_since_may_have_kept_no_annotations(kept: Any, items: list[Any]) -> None:
    body = {"annotations": {"a": "b"}}
    one = judge(body, hashed(body), host={"Annotations": kept})
    assert ([item for item in found(one) if item[1] == "removed"], "annotations.a" in one.uncompared) == (
        items,
        not items,
    )
    assert found(judge(body, hashed({}), host={"Annotations": kept}))


def test_what_no_container_shows_is_verified_with_its_default() -> None:
    body = {"deploy": {"resources": {"reservations": {"cpus": "${CPUS:-0.1}"}}}, "environment": {"TZ": "${TZ}"}}
    one = judge(body, hashed(body, {"TZ": "UTC"}), env={"TZ": "UTC"})
    assert (one.status, one.evidence) == ("clean", "verified")
    one = judge(body, hashed(body, {"TZ": "UTC", "CPUS": "0.2"}), env={"TZ": "UTC"})
    assert (one.status, one.evidence) == ("clean", "consistent")


def test_the_hash_says_nothing_of_replicas() -> None:
    body = {"image": "plain:1", "deploy": {"replicas": "${REPLICAS:-1}"}, "environment": {"TZ": "${TZ:-UTC}"}}
    label = hashed({"environment": {"TZ": "UTC"}, "deploy": {}})
    seen = [container("web", "app", number=n, labels=label, env={"TZ": "UTC"}) for n in (1, 2)]
    (one,) = audit(capture(seen, images=[PLAIN]), [baseline("web", {"services": {"app": body}})]).services
    assert (found(one), one.evidence) == ([], "verified")


def test_a_range_of_ports_that_the_hash_proves_is_compared() -> None:
    body = {"ports": ["${RANGE:-90-91}:80-81"]}
    bindings = {f"8{number}/tcp": [{"HostIp": "", "HostPort": f"9{number}"}] for number in range(2)}
    one = judge(body, hashed(body), host={"PortBindings": bindings})
    assert (found(one), one.evidence, one.uncompared) == ([], "verified", {})
    del bindings["81/tcp"]
    one = judge(body, hashed(body), host={"PortBindings": bindings})
    assert found(one) == [("ports.81/tcp", "removed", "breaking")]


@pytest.mark.parametrize("swapped", [False, True])
def test_the_hash_proves_which_of_two_open_keys_is_which(swapped: bool) -> None:
    body = {"ports": ["${A}:${B}", "${C}:${D}"]}
    values = {"A": "81", "B": "80", "C": "444", "D": "443"}
    if swapped:
        values = {"A": "444", "B": "443", "C": "81", "D": "80"}
    bindings = {
        f"{inside}/tcp": [{"HostIp": "", "HostPort": str(outside)}] for outside, inside in ((81, 80), (444, 443))
    }
    one = judge(body, hashed(body, values), host={"PortBindings": bindings})
    assert (found(one), one.evidence) == ([], "verified")


def test_without_a_reproduced_hash_it_is_consistent() -> None:
    body = {"environment": {"A": "1"}}
    assert judge(body, {"com.docker.compose.config-hash": "0" * 64}, env={"A": "1"}).evidence == "consistent"


@pytest.mark.parametrize(
    ("body", "running", "path"),
    [
        ({"restart": "${R:-always}"}, {"host": {"RestartPolicy": {"Name": "unless-stopped"}}}, "restart"),
        ({"mem_limit": "${M:-64m}"}, {"host": {"Memory": 128 * 1024**2}}, "mem_limit"),
        ({"image": "plain:${TAG:-1}"}, {"config": {"Image": "plain:2"}}, "image"),
    ],
)
def test_a_default_that_the_hash_proves_was_changed_on_the_host(body: dict[str, Any], running: Any, path: str) -> None:
    one = judge(body, hashed(body), **running)
    assert [item[0] for item in found(one)] == [path]
    assert (one.evidence, one.cause, one.remedy) == ("verified", "host_changed", "backport")
    assert one.items[0].baseline is not None


def test_a_mutual_change_behind_one_variable_is_not_hidden_by_the_majority() -> None:
    body = {"environment": {"A": "${V}", "B": "${V}"}}
    one = judge(body, hashed(body, {"V": "right"}), env={"A": "right", "B": "wrong"})
    assert [(item.path, item.note) for item in one.items] == [("environment.B", "one variable, two values")]


def test_a_variable_with_two_values_is_told_even_if_the_hash_proves_both() -> None:
    body = {"environment": {"PASSWORD": "${PW}"}}
    values = {"app": "kX8w2pQz71", "web": "another8Xk2", "api": "kX8w2pQz71"}
    label = "com.docker.compose.config-hash"
    seen = []
    for day, (name, value) in enumerate(values.items(), start=1):
        project = compose.load(
            ["/opt/apps/stacks/web/compose.yml"],
            read=lambda path: b"services: {one: {image: 'plain:1', environment: {PASSWORD: '${PW}'}}}",
            project_directory="/opt/apps/stacks/web", environment={"PW": value}, project_name="web",
        )  # fmt: skip
        hashes = {label: str(next(config_hashes(project.services["one"], "2.40.3")))}
        created = f"2026-11-{day:02}T00:00:00Z"
        seen.append(container("web", name, labels=hashes, env={"PASSWORD": value}, created=created))
    stack = baseline("web", {"services": {name: {"image": "plain:1", **body} for name in values}})
    vault = Vault(KEY)
    services = audit(capture(seen, images=[PLAIN], vault=vault), [stack], vault=vault).services
    told = {service.service: [(item.path, item.note) for item in service.items] for service in services}
    assert told == {"api": [], "app": [], "web": [("environment.PASSWORD", "one variable, two values")]}


@pytest.mark.parametrize(
    ("committed", "label", "cause", "remedy"),
    [
        ("2026-11-01T00:00:00Z", "same", "host_changed", "backport"),
        ("2026-11-20T00:00:00Z", "same", "host_changed", "backport"),
        ("2026-11-20T00:00:00Z", "other", "git_ahead", "deploy"),
        ("2026-11-01T00:00:00Z", "other", "host_changed", "backport"),
        (None, "other", "unknown", "backport"),
        ("2026-11-20T00:00:00Z", "none", "unknown", "backport"),
        ("2026-11-01T00:00:00Z", "none", "host_changed", "backport"),
    ],
)
def test_cause(committed: str | None, label: str, cause: str, remedy: str) -> None:
    body = {"environment": {"A": "1"}}
    labels = {"same": hashed(body), "other": hashed({"environment": {"A": "0"}}), "none": {}}[label]
    one = judge(body, labels, committed=committed, env={"A": "2"})
    assert (one.cause, one.remedy) == (cause, remedy)


@pytest.mark.parametrize(
    ("committed", "label", "cause", "remedy"),
    [
        ("2026-11-20T00:00:00Z", "same", "host_changed", "backport"),
        ("2026-11-20T00:00:00Z", "other", "git_ahead", "deploy"),
        ("2026-11-20T00:00:00Z", "none", "unknown", "backport"),
        ("2026-11-01T00:00:00Z", "none", "host_changed", "backport"),
        (None, "none", "host_changed", "backport"),
    ],
)
@pytest.mark.parametrize(
    ("git", "before", "host"),
    [
        ({"mem_limit": "128m"}, {"mem_limit": "64m"}, {"Memory": 64 * 1024**2}),
        ({}, {"restart": "always"}, {"RestartPolicy": {"Name": "always"}}),
    ],
)
def test_git_can_move_on_from_what_can_be_changed_on_a_living_container(
    git: Any, before: Any, host: Any, committed: str | None, label: str, cause: str, remedy: str
) -> None:
    labels = {"same": hashed(git), "other": hashed(before), "none": {}}[label]
    one = judge(git, labels, committed=committed, host=host)
    assert (len(one.items), one.cause, one.remedy) == (1, cause, remedy)


def test_an_env_file_that_changed_after_the_deploy_is_a_deploy_that_is_due() -> None:
    body = {"environment": {"TZ": "${TZ}"}}
    dotenv = {"/opt/apps/stacks/web/.env": {"TZ": "UTC"}}
    one = judge(
        body,
        hashed(body, {"TZ": "Asia/Tokyo"}),
        dotenv=dotenv,
        env={"TZ": "Asia/Tokyo"},
        committed="2026-11-01T00:00:00Z",
    )
    assert [item[0] for item in found(one)] == ["environment.TZ"]
    assert (one.cause, one.remedy) == ("git_ahead", "deploy")
    assert one.note == "it was created with other values of the variables than its .env has now"


@pytest.mark.parametrize("default", [None, "moe"])
def test_a_variable_that_the_host_s_own_file_does_not_use_or_has_a_default_of_its_own_has_not_changed(
    default: str | None,
) -> None:
    body = {"environment": {"WHO": "${WHO:-larry}"}}
    file = "/opt/apps/stacks/web/compose.yml"
    one = judge(
        body,
        {**hashed(body, {"WHO": "moe"}), "com.docker.compose.project.config_files": file},
        dotenv={"/opt/apps/stacks/web/.env": {"TZ": "UTC"}},
        used={file: {"app": {"WHO": Vault(KEY).fingerprint(default)} if default else {}}},
        env={"WHO": "moe"},
        committed="2026-11-01T00:00:00Z",
    )
    assert [item[0] for item in found(one)] == ["environment.WHO"]
    assert (one.cause, one.note) == ("host_changed", None)


def test_one_of_two_defaults_is_not_taken_for_a_value_when_the_host_s_own_file_has_it_as_the_default_of_both() -> None:
    body = {"environment": {"WHO": "${WHO:-larry}", "BY": "${WHO:-moe}"}}
    file = "/opt/apps/stacks/web/compose.yml"
    one = judge(
        body,
        {**hashed(body, {"WHO": "moe"}), "com.docker.compose.project.config_files": file},
        used={file: {"app": {"WHO": Vault(KEY).fingerprint("moe")}}},
        env={"WHO": "moe", "BY": "moe"},
    )
    assert [item[0] for item in found(one)] == ["environment.WHO"]


@pytest.mark.parametrize("hash_of", ["same", "other"])
def test_a_volume_that_compose_carried_over_is_drift_only_if_the_hash_says_so(hash_of: str) -> None:
    body: dict[str, Any] = {"environment": {"A": "1"}}
    mount = {"Type": "volume", "Name": "web_old", "Destination": "/data", "RW": True}
    labels = hashed(body) if hash_of == "same" else {"com.docker.compose.config-hash": "0" * 64}
    seen = container(
        "web", "app", env={"A": "1"}, mounts=[mount], labels={**labels, "com.docker.compose.replace": "web-app-1"}
    )
    holder = image("plain:1", Cmd=["run"], Volumes={"/data": {}})
    stack = baseline("web", {"services": {"app": {"image": "plain:1", **body}}})
    one = audit(capture([seen], images=[holder]), [stack]).services[0]
    assert [item.path for item in one.items] == ([] if hash_of == "same" else ["volumes./data"])


@pytest.mark.parametrize(("version", "paths"), [("2.26.1", []), ("2.40.3", ["mac_address"])])
def test_an_address_that_compose_itself_lost_is_nobody_s_change(version: str, paths: list[str]) -> None:
    body = {"mac_address": "02:42:ac:11:00:07"}
    endpoint = {"Aliases": ["web-app-1", "app"], "MacAddress": "62:be:13:e1:ab:7c"}
    one = judge(body, hashed(body, version=version), version=version, networks={"web_default": endpoint})
    assert [item[0] for item in found(one)] == paths
    assert ("mac_address" in one.uncompared) is not bool(paths)


def test_two_containers_of_which_the_hash_says_so_tell_the_daemons_defaults() -> None:
    """The daemon gives `max-size` to whatever has no options; somebody else made the third container with its own."""
    label = hashed({})

    def running(name: str, size: str, labels: dict[str, str]) -> dict[str, Any]:
        log = {"Type": "json-file", "Config": {"max-size": size}}
        return container("web", name, host={"LogConfig": log}, labels=labels)

    other = {"com.docker.compose.config-hash": "0" * 64}
    seen = [running("app", "20m", label), running("web", "20m", label), running("odd", "5m", other)]
    stack = baseline("web", {"services": {name: {"image": "plain:1"} for name in ("app", "web", "odd")}})
    document = audit(capture(seen, images=[PLAIN]), [stack])
    told = {service.service: found(service) for service in document.services}
    assert told == {"app": [], "odd": [("logging.options.max-size", "added", "functional")], "web": []}


@pytest.mark.parametrize("version", ["1.29.2", "2.40.3"])
@pytest.mark.parametrize("created", [1, 9])
def test_what_no_other_container_has_is_a_difference_however_young_the_one_is_that_has_it(
    created: int, version: str
) -> None:
    """Whoever edits a container by hand makes the youngest of all, and may leave it Compose's label."""
    log = {"Type": "json-file", "Config": {"max-size": "20m"}}
    limit = {"Name": "nofile", "Soft": 1024, "Hard": 1024}
    host = {"LogConfig": log, "IpcMode": "host", "ShmSize": 128 * 1024**2, "Ulimits": [limit]}
    options = {"labels": hashed({}), "version": version}
    seen = [
        container("web", "app", host=host, created=f"2026-11-0{created}T00:00:00Z", **options),
        container("web", "web", created="2026-11-05T00:00:00Z", **options),
    ]
    stack = baseline("web", {"services": {name: {"image": "plain:1"} for name in ("app", "web")}})
    app, web = audit(capture(seen, images=[PLAIN]), [stack]).services
    assert [item.path for item in app.items] == ["ipc", "logging.options.max-size", "shm_size", "ulimits.nofile"]
    assert not web.items


@pytest.mark.parametrize(
    ("value", "host"), [("ipc", {"IpcMode": "host"}), ("logging.driver", {"LogConfig": {"Type": "none"}})]
)
def test_what_no_daemon_gives_is_a_difference_of_the_only_container(value: str, host: dict[str, Any]) -> None:
    one = judge({}, hashed({}), host=host)
    assert ([item[0] for item in found(one)], one.uncompared) == ([value], {})


@pytest.mark.parametrize(
    ("version", "others", "told"),
    [
        ("2.40.3", ["private", "private"], {"app": ["ipc"]}),
        ("2.40.3", ["shareable", "shareable"], {}),
        ("2.40.3", [], {}),
        ("1.25.0", ["private", "private"], {}),
    ],
)
def test_memory_that_others_may_join_is_the_daemon_s_where_most_have_it(
    version: str, others: list[str], told: dict[str, list[str]]
) -> None:
    """And the engine's own where a client is old."""
    modes = {"app": "shareable", **{f"other{number}": mode for number, mode in enumerate(others)}}
    seen = [
        container("web", name, host={"IpcMode": mode}, created=f"2026-11-0{number}T00:00:00Z", version=version)
        for number, (name, mode) in enumerate(modes.items(), start=1)
    ]
    stack = baseline("web", {"services": {name: {"image": "plain:1"} for name in modes}})
    document = audit(capture(seen, images=[PLAIN]), [stack])
    assert {one.service: [item.path for item in one.items] for one in document.services if one.items} == told


def test_memory_of_the_host_is_what_no_daemon_gives_to_all() -> None:
    names = ("app", "db", "web")
    seen = [container("web", name, host={"IpcMode": "host"}) for name in names]
    stack = baseline("web", {"services": {name: {"image": "plain:1"} for name in names}})
    services = audit(capture(seen, images=[PLAIN]), [stack]).services
    assert [found(one) for one in services] == [[("ipc", "added", "breaking")]] * 3


@pytest.mark.parametrize(
    ("odd", "differences"),
    [
        ((2, 5, 8), ["svc2", "svc5", "svc8"]),
        ((3, 4, 5), []),
        ((8, 9), ["svc8", "svc9"]),
        ((7, 8, 9), []),
        ((4, 5, 6, 7, 8, 9), []),
    ],
)
def test_a_daemon_gives_its_default_to_every_container_of_its_time(
    odd: tuple[int, ...], differences: list[str]
) -> None:
    """Several containers may have been changed alike by hand; those that were created in between tell."""
    names = [f"svc{number}" for number in range(10)]
    seen = [
        container(
            "web", name, created=f"2026-11-{number + 1:02}T00:00:00Z",
            host={"ShmSize": (333 if number in odd else 64) * 1024**2},
        )
        for number, name in enumerate(names)
    ]  # fmt: skip
    stack = baseline("web", {"services": {name: {"image": "plain:1"} for name in names}})
    document = audit(capture(seen, images=[PLAIN]), [stack])
    assert [service.service for service in document.services if service.items] == differences


@pytest.mark.parametrize("same", [True, False])
def test_the_containers_of_one_service_are_no_witnesses_of_what_all_of_them_have(same: bool) -> None:
    """Whoever starts a scaled service with a file of his own gives the same to all of its containers."""
    seen = [
        container("web", "app", number=number, host={"ShmSize": (333 if same or number == 1 else 64) * 1024**2})
        for number in (1, 2, 3)
    ]
    stack = baseline("web", {"services": {name: {"image": "plain:1", "scale": 3} for name in ("app", "web")}})
    app, _ = audit(capture([*seen, container("web", "web")], images=[PLAIN]), [stack]).services
    assert {item.path for item in app.items} == {"shm_size"}


def test_a_dependency_that_may_be_missing_counts_only_where_it_was_on() -> None:
    """Versions before 2.29.3 hash dependencies, without those that they leave out."""
    text = """
    services:
      app: {image: 'plain:1', depends_on: {gpu: {condition: service_started, required: false}}}
      gpu: {image: 'plain:1', profiles: [gpu]}
    """
    depends_on = {"depends_on": {"gpu": {"condition": "service_started", "required": False}}}
    for body, others in (({}, []), (depends_on, [container("web", "gpu")])):
        definition = {"command": None, **body, "entrypoint": None, "image": "plain:1", "networks": {"default": None}}
        label = {"com.docker.compose.config-hash": str(next(config_hashes(definition, "2.26.1")))}
        seen = [container("web", "app", labels=label, version="2.26.1"), *others]
        app, *_ = audit(capture(seen, images=[PLAIN]), [baseline("web", text)]).services
        assert (app.service, app.evidence) == ("app", "verified")


@pytest.mark.parametrize("younger", ["app", "odd"])
def test_of_two_values_of_a_variable_the_hashes_tell_which_one_a_hand_put_there(younger: str) -> None:
    body = {"volumes": ["${ROOT}/x:/x"]}
    label = hashed(body, {"ROOT": "/srv/data"})
    seen = [
        container(
            "web", name, labels=label, created=f"2026-11-{20 if name == younger else 10}T00:00:00Z",
            mounts=[{"Type": "bind", "Source": f"{root}/x", "Destination": "/x", "RW": True}],
        )
        for name, root in (("app", "/srv/data"), ("odd", "/mnt/other"))
    ]  # fmt: skip
    stack = baseline("web", {"services": {name: {"image": "plain:1", **body} for name in ("app", "odd")}})
    app, odd = audit(capture(seen, images=[PLAIN]), [stack]).services
    assert (found(app), found(odd)) == ([], [("volumes./x", "changed", "breaking")])
    assert (app.evidence, odd.evidence, odd.cause) == ("verified", "verified", "host_changed")


@pytest.mark.parametrize(("default", "told"), [("16", []), ("17", ["environment.V"])])
def test_of_two_services_with_defaults_of_their_own_git_changed_one(default: str, told: list[str]) -> None:
    """Their hashes prove a value for one and the default for the other: one value for both was never set."""
    services = {
        "app": {"image": "plain:1", "environment": {"URL": "db?v=${V:-15}&charset=${CHARSET:-utf8}"}},
        "db": {"image": "plain:1", "environment": {"V": f"${{V:-{default}}}"}},
    }
    runs = {"app": {"URL": "db?v=15&charset=utf8"}, "db": {"V": "16"}}
    seen = [container("web", name, env=env, labels=hashed({"environment": env})) for name, env in runs.items()]
    app, db = audit(capture(seen, images=[PLAIN]), [baseline("web", {"services": services})]).services
    assert (found(app), app.evidence, [path for path, *_ in found(db)]) == ([], "verified", told)


@pytest.mark.parametrize(
    ("written", "words"),
    [
        ("${PASSWORD}", ["kX8w2"]),
        ('"${PASSWORD}"', ["kX8w2&pQz71", "--more"]),
        ("'${PASSWORD}'x", ["kX8w2&pQz71x", "--more"]),
    ],
)
def test_a_secret_in_a_command_is_part_of_the_hash_as_compose_split_it(written: str, words: list[str]) -> None:
    """It ends the command where it stands without quotes."""
    body = {"command": f"serve --password {written} --more"}
    label, vault = hashed(body, {"PASSWORD": "kX8w2&pQz71"}), Vault(KEY)
    known = {"PASSWORD": vault.seal("PASSWORD", "kX8w2&pQz71")}
    stack = baseline("web", {"services": {"app": {"image": "plain:1", **body}}}, variables=known)
    for user, items in (("", []), ("5", [("user", "added", "functional")])):
        config = {"Cmd": ["serve", "--password", *words], "User": user}
        seen = container("web", "app", labels=label, config=config)
        (one,) = audit(capture([seen], images=[PLAIN], vault=vault), [stack], vault=vault).services
        assert (found(one), one.evidence, one.cause) == (items, "verified", "host_changed" if items else None)


@pytest.mark.parametrize(
    ("given", "items", "silent"),
    [
        ({}, [("environment.A", "changed", "functional"), ("environment.NEW", "added", "functional")], []),
        ({"FILE": "1"}, [], ["environment.A", "environment.NEW"]),
    ],
)
def test_the_hash_proves_that_a_file_which_may_be_missing_is(
    given: dict[str, str], items: list[tuple[str, str, str]], silent: list[str]
) -> None:
    label = hashed({"environment": {"A": "1", **given}})
    text = "services: {app: {image: 'plain:1', env_file: [a.env, {path: gone.env, required: false}]}}"
    seen = container("web", "app", labels=label, env={"A": "2", "NEW": "x"})
    (one,) = audit(capture([seen], images=[PLAIN]), [baseline("web", text, extra={"a.env": "A=1\n"})]).services
    assert (found(one), list(one.uncompared)) == (items, silent)


def test_a_secret_within_quotes_stays_in_its_word() -> None:
    body = {"command": 'sh -c "wait \\"for it\\" http://app/${CRON_TOKEN} | tee log"', "restart": "always"}
    secret, vault = "abcdefghijklmnopqrstuvwxyz012345", Vault(KEY)
    command = ["sh", "-c", f'wait "for it" http://app/{secret} | tee log']
    seen = container(
        "web", "app", labels=hashed(body, {"CRON_TOKEN": secret}), config={"Cmd": command}, created=CREATED,
        host={"RestartPolicy": {"Name": "unless-stopped"}},
    )  # fmt: skip
    stack = baseline("web", {"services": {"app": {"image": "plain:1", **body}}})
    dotenv = {"/opt/apps/stacks/web/.env": {"CRON_TOKEN": vault.token(secret)}}
    (one,) = audit(capture([seen], images=[PLAIN], vault=vault, dotenv=dotenv), [stack], vault=vault).services
    assert found(one) == [("restart", "changed", "functional")]
    assert (one.evidence, one.cause, one.remedy) == ("verified", "host_changed", "backport")


@pytest.mark.parametrize(("known", "told"), [(True, ["a"]), (False, [])])
def test_a_default_that_was_changed_for_one_service_is_not_explained_by_the_others(
    known: bool, told: list[str]
) -> None:
    """With a `.env` that nobody knows, the variable may have been set, and the hash says that it may."""
    label = hashed({"environment": {"PGID": "1000"}})
    seen = [container("web", name, env={"PGID": "1000"}, labels=label) for name in "abc"]
    defaults = {"a": "1001", "b": "1000", "c": "1000"}
    services = {n: {"image": "plain:1", "environment": {"PGID": f"${{PGID:-{d}}}"}} for n, d in defaults.items()}
    files = {"dotenv": {"/opt/apps/stacks/web/.env": {"TZ": "UTC"}}} if known else {}
    document = audit(capture(seen, images=[PLAIN], **files), [baseline("web", {"services": services})])
    assert [service.service for service in document.services if service.items] == told


@pytest.mark.parametrize("device", [":/dev/x", ":/dev/x:r", "", ":"])
def test_a_device_of_which_a_part_is_empty_differs_by_any_version_s_hash(device: str) -> None:
    """It is what a variable without a value leaves; an earlier Compose hashed the text in the file."""
    label = hashed({"devices": ["/dev/y:/dev/x"]}, version="2.26.1")
    there = {"PathOnHost": "/dev/y", "PathInContainer": "/dev/x", "CgroupPermissions": "rwm"}
    one = judge({"devices": [device]}, label, host={"Devices": [there]}, version="2.26.1")
    assert "devices./dev/x" in {item.path for item in one.items}


@pytest.mark.parametrize("key", ["command", "entrypoint"])
@pytest.mark.parametrize(
    ("line", "variables", "words"),
    [
        ("serve --password ${PW} --port 80", {"PW": "zebra42&yak"}, "serve --password zebra42"),
        ("serve --name ${N} --password ${PW} --port 80", {"N": "moe", "PW": "zebra42;yak"},
         "serve --name moe --password zebra42"),
        ("serve --name ${N} --password ${PW} --port ${P}", {"N": "moe|", "PW": "zebra42", "P": "80"}, "serve --name moe"),
        ("serve --name=${N}/x ${PW:-a b}", {"N": "larry", "PW": "&zebra42"}, "serve --name=larry/x"),
        ("serve --dsn a://moe:${PW}@db/x z", {"PW": "zebra42&yak"}, "serve --dsn a://moe:zebra42"),
    ],
)  # fmt: skip
def test_a_variable_may_cut_a_command_short(key: str, line: str, variables: dict[str, str], words: str) -> None:
    """Compose drops what follows an `&` in its value. Without a hash that proves it somebody may have cut it by hand."""
    body = {key: line}
    config = {"Cmd": None, {"command": "Cmd", "entrypoint": "Entrypoint"}[key]: words.split()}
    one = judge(body, hashed(body, variables), config=config)
    assert (found(one), one.evidence) == ([], "verified")
    one = judge(body, hashed(body, dict.fromkeys(variables, "any")), config=config)
    assert [item.path for item in one.items] == [key]
    assert "zebra42" not in str(one)
