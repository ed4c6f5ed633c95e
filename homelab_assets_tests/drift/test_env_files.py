"""Files on the host that services take variables from, and that git doesn't have."""

from typing import Any

import pytest
import yaml
from msgspec.structs import replace

from homelab_assets.compose.confighash import config_hashes
from homelab_assets.drift.document import DriftDocument, ServiceDrift
from homelab_assets.model import Baseline, Captured
from homelab_assets.secrecy import Vault
from homelab_assets_tests.drift.containers import container, image
from homelab_assets_tests.drift.world import KEY, at_rest, audit, audit_stored, baseline, capture, found

IMAGE = image("plain:1", Cmd=["run"])
ENV_FILE = "com.docker.compose.project.environment_file"
FOLDER = "/opt/apps/stacks/web"
VALUES = {
    "OWNER": "larry",
    "DB_PASSWORD": "hunter2xx",
    "N": "1",
    "NONE": "",
    "QUOTED": 'it\'s "x" \\ $HOME',
    "TWO": "a\nb",
}


def _world(file: str, running: dict[str, str], **more: Any) -> tuple[Captured, Baseline, Vault]:
    vault = Vault(KEY)
    seen = container("web", "app", env=running, **more)
    files = {f"{FOLDER}/{file}": {name: vault.seal(name, value) for name, value in VALUES.items()}}
    dotenv = files if file == ".env" else {}
    captured = capture([seen], images=[IMAGE], vault=vault, dotenv=dotenv, env_files=files)
    stack = baseline("web", f"services: {{app: {{image: 'plain:1', env_file: {file}}}}}")
    return captured, stack, vault


def _service(document: DriftDocument) -> ServiceDrift:
    assert not document.problems
    return document.services[0]


@pytest.mark.parametrize(("known", "items"), [(True, ["environment.MORE"]), (False, [])])
def test_a_file_that_the_host_does_not_have_sets_nothing(known: bool, items: list[str]) -> None:
    stack = baseline("web", "services: {app: {image: 'plain:1', env_file: [{path: gone.env, required: false}]}}")
    files: dict[str, Any] = {f"{FOLDER}/gone.env": {}} if known else {}
    captured = capture([container("web", "app", env={"MORE": "x"})], images=[IMAGE], env_files=files)
    one = _service(audit(captured, [stack]))
    assert [item.path for item in one.items] == items
    assert list(one.uncompared) == ([] if known else ["environment.MORE"])


@pytest.mark.parametrize("file", [".env", "app.env"])
@pytest.mark.parametrize("process", ["the same", "another"])
@pytest.mark.parametrize(
    ("running", "items"),
    [
        ({}, []),
        ({"OWNER": "moe"}, [("environment.OWNER", "changed", "functional")]),
        ({"N": "2"}, [("environment.N", "changed", "functional")]),
        ({"DB_PASSWORD": "hunter3xx"}, [("environment.DB_PASSWORD", "changed", "functional")]),
        ({"MORE": "x"}, [("environment.MORE", "added", "functional")]),
    ],
)
def test_variables_of_a_file_that_git_lacks_are_compared(
    file: str, process: str, running: dict[str, str], items: list[tuple[str, str, str]]
) -> None:
    """Another process knows only tokens of them: equal ones are equal values."""
    captured, stack, vault = _world(file, VALUES | running)
    assert found(_service(audit(captured, [stack], vault=vault))) == items
    stored = at_rest(captured, [stack], vault)
    later = vault if process == "the same" else Vault(KEY)
    assert found(_service(audit_stored(stored, [stack], later))) == items


def test_what_was_sealed_whole_and_in_parts_is_not_called_different() -> None:
    """Whoever captured knew the password for one, in the container as in the file."""
    vault = Vault(KEY)
    values = {"SOURCE": "tango-42x://mm:hunter2xx@zebra-42x/mm", "WORD": "zebra-42x", "OTHER": "tango-42x"}
    seen = container("web", "app", env=values)
    files = {f"{FOLDER}/app.env": {name: vault.seal(name, value) for name, value in values.items()}}
    captured = capture([seen], images=[IMAGE], vault=vault, env_files=files)
    stack = baseline("web", "services: {app: {image: 'plain:1', env_file: app.env}}")
    stored = at_rest(captured, [stack], vault)
    assert found(_service(audit_stored(stored, [stack]))) == []


def test_without_the_file_nobody_knows() -> None:
    captured, stack, vault = _world("app.env", VALUES | {"MORE": "x"})
    one = _service(audit(replace(captured, env_files={}), [stack], vault=vault))
    assert found(one) == []
    assert "environment.MORE" in one.uncompared


def _leaving_one_to_the_shell(file: str, running: dict[str, str]) -> ServiceDrift:
    captured, stack, vault = _world(file, VALUES | running)
    leaving = {path: {**found, "SHELLS": None} for path, found in (captured.env_files or captured.dotenv).items()}
    dotenv = leaving if file == ".env" else {}
    return _service(audit(replace(captured, dotenv=dotenv, env_files=leaving), [stack], vault=vault))


@pytest.mark.parametrize(
    ("running", "items"),
    [
        ({"SHELLS": "whatever"}, []),
        ({"OWNER": "moe"}, [("environment.OWNER", "changed", "functional")]),
        ({"SHELLS": "whatever", "MORE": "x"}, [("environment.MORE", "added", "functional")]),
    ],
)
@pytest.mark.parametrize("file", [".env", "app.env"])
def test_a_file_that_leaves_a_value_to_the_shell_tells_the_others(
    file: str, running: dict[str, str], items: list[tuple[str, str, str]]
) -> None:
    one = _leaving_one_to_the_shell(file, running)
    assert (found(one), one.uncompared) == (items, {})


@pytest.mark.parametrize(("first", "then"), [("1", "9"), ("9", "9")])
def test_what_a_file_leaves_to_the_shell_is_not_what_an_earlier_one_says(first: str, then: str) -> None:
    body = {"image": "plain:1", "env_file": ["a.env", "b.env"], "environment": {"N": "1"}}
    stack = baseline("web", {"services": {"app": body}}, extra={"a.env": f"HOME_OF={first}\n"})
    seen = container("web", "app", env={"HOME_OF": then, "N": "1", "B": "2"})
    captured = capture([seen], images=[IMAGE], env_files={f"{FOLDER}/b.env": {"HOME_OF": None, "B": "2"}})
    assert found(_service(audit(captured, [stack]))) == []


def test_a_dotenv_that_a_service_reads_in_another_format_says_nothing_of_it() -> None:
    """`A="1"` is `1` to the project, and `"1"` in format `raw`."""
    body = {"image": "plain:1", "env_file": [{"path": ".env", "format": "raw"}]}
    seen = container("web", "app", env={"A": '"1"'})
    captured = capture([seen], images=[IMAGE], dotenv={f"{FOLDER}/.env": {"A": "1"}})
    one = _service(audit(captured, [baseline("web", {"services": {"app": body}})]))
    assert (found(one), list(one.uncompared)) == ([], ["environment.A"])


def test_what_a_dotenv_leaves_to_the_shell_is_no_less_open_in_an_included_file() -> None:
    body = {"image": "plain:1", "environment": {"A": "${SHELLS}/a", "N": "${N}"}, "env_file": ".env"}
    stack = baseline("web", "include: [b.yml]", extra={"b.yml": yaml.safe_dump({"services": {"app": body}})})
    started = {"com.docker.compose.project.config_files": f"{FOLDER}/compose.yml"}
    seen = container("web", "app", env={"A": "/root/a", "N": "1", "SHELLS": "/root"}, labels=started)
    used = {f"{FOLDER}/compose.yml": {"app": {"SHELLS": None, "N": None}}}
    files = {f"{FOLDER}/.env": {"N": "1", "SHELLS": None}}
    captured = capture([seen], images=[IMAGE], dotenv=files, env_files=files, compose_variables=used)
    assert found(_service(audit(captured, [stack]))) == []


@pytest.mark.parametrize("listed", [True, False])
def test_what_is_a_secret_elsewhere_is_covered_beside_a_value_of_the_host(listed: bool) -> None:
    """Git's own value is, whatever hides the running one."""
    vault, secret = Vault(KEY), "Zk3vR8x0Token1qW"
    seen = container("web", "app", env={"NOTE": "larry-42x", "APP_TOKEN": secret})
    files = {f"{FOLDER}/app.env": {"NOTE": "larry-42x"}} if listed else {}
    text = f"services: {{app: {{image: 'plain:1', environment: {{NOTE: 'use {secret} twice', APP_TOKEN: {secret}}}}}}}"
    captured = capture([seen], images=[IMAGE], vault=vault, env_files=files)
    (item,) = _service(audit(captured, [baseline("web", text)], vault=vault)).items
    assert (item.path, item.baseline) == ("environment.NOTE", "use <secret> twice")
    assert item.running == ("<secret changed>" if listed else "larry-42x")


def test_git_s_own_file_outranks_the_one_on_the_host() -> None:
    captured, stack, vault = _world("app.env", VALUES)
    ours = replace(stack, tree=baseline("web", "", extra={"app.env": "OWNER=curly\n"}).tree)
    ours.tree.files[stack.files[0]] = stack.tree.files[stack.files[0]]  # type: ignore[attr-defined]
    one = _service(audit(captured, [ours], vault=vault))
    assert ("environment.OWNER", "changed", "functional") in found(one)


@pytest.mark.parametrize("own", [True, False])
@pytest.mark.parametrize("running", ["hunter22xx", "hunter33xx"])
def test_a_default_may_be_a_secret_of_the_project(own: bool, running: str) -> None:
    """The include has a file of its own that nobody has read."""
    included = "services: {app: {image: 'plain:1', labels: {a: '${U:-${DB_PASSWORD}}', b: '${U:-${PLACE}}'}}}"
    text = "include: [{path: sub/inc.yml, env_file: sub/.env}]\nservices: {}" if own else included
    vault = Vault(KEY)
    seen = container("web", "app", labels={"a": running, "b": "larry-1x"})
    dotenv = {f"{FOLDER}/.env": vault.seal_mapping({"DB_PASSWORD": "hunter22xx", "PLACE": "larry-1x"})}
    captured = capture([seen], images=[IMAGE], vault=vault, dotenv=dotenv)
    one = _service(audit(captured, [baseline("web", text, extra={"sub/inc.yml": included})], vault=vault))
    assert len(found(one)) == (running != "hunter22xx")


def test_its_values_are_private() -> None:
    captured, stack, vault = _world("app.env", VALUES | {"OWNER": "moe"})
    (item,) = _service(audit(captured, [stack], vault=vault)).items
    assert (item.baseline, item.running, item.secret) == ("<secret>", "<secret changed>", True)
    assert (item.file, item.line) == ("stacks/web/app.env", None)


@pytest.mark.parametrize(
    ("git", "path", "shown"),
    [
        ("{}", "environment.OWNER", "<secret>"),
        ("{environment: {OTHER: larry}}", "environment.OWNER", "<secret>"),
        ("{environment: {N: '2'}}", "environment.N", "<secret changed>"),
    ],
)
def test_they_stay_private_if_git_names_the_file_no_more(git: str, path: str, shown: str) -> None:
    captured, _, vault = _world("app.env", VALUES | {"OTHER": "larry"})
    other = baseline("web", f"services: {{app: {{image: 'plain:1', <<: {git}}}}}")
    items = {item.path: item for item in _service(audit(captured, [other], vault=vault)).items}
    assert (items[path].running, items[path].secret) == (shown, True)
    assert "larry" not in str([item.running for item in items.values()])


def test_a_file_that_was_changed_since_is_told_from_a_change_by_hand() -> None:
    then = VALUES | {"OWNER": "moe"}
    body = {"command": None, "entrypoint": None, "image": "plain:1", "networks": {"default": None}}

    def told(environment: dict[str, str]) -> tuple[list[str], str | None, str]:
        label = next(config_hashes({**body, "environment": dict(sorted(environment.items()))}, "2.40.3"))
        captured, stack, vault = _world("app.env", then, labels={"com.docker.compose.config-hash": str(label)})
        one = _service(audit(captured, [stack], vault=vault))
        return [item.path for item in one.items], one.cause, one.remedy

    assert told(then) == (["environment.OWNER"], "git_ahead", "deploy")
    assert told(VALUES) == (["environment.OWNER"], "host_changed", "backport")


@pytest.mark.parametrize(("body", "told"), [("env_file: app.env", False), ("environment: {MODE: data}", True)])
def test_compose_v1_leaves_a_dollar_alone_in_env_files_only(body: str, told: bool) -> None:
    seen = container("web", "app", env={"MODE": "$abc"}, version="1.29.2")
    stack = baseline("web", f"services: {{app: {{image: 'plain:1', {body}}}}}", extra={"app.env": "MODE=$abc\n"})
    one = _service(audit(capture([seen], images=[IMAGE]), [stack]))
    assert found(one) == ([("environment.MODE", "changed", "functional")] if told else [])


@pytest.mark.parametrize("labels", [{}, {"io.podman.compose.version": "1.6.0"}])
@pytest.mark.parametrize(
    ("url", "differs"),
    [
        ("db://me:@$HOST/x", False),
        ("db://me:pw@h/x", False),
        ("db://me:no@h/x", True),
        ("db://${USER:-me}:${PASS}@$HOST/x", False),
    ],
)
def test_compose_v1_knows_no_variables_in_env_files_but_the_file_s_own(
    url: str, differs: bool, labels: dict[str, str]
) -> None:
    file = "HOST=h\nURL=db://${USER:-me}:${PASS}@$HOST/x\nTWICE=${URL}/${HOST}\n"
    version = "" if labels else "1.29.2"
    seen = container(
        "web", "app", env={"HOST": "h", "URL": url, "TWICE": "db://me:@$HOST/x/h"}, version=version, labels=labels
    )
    stack = baseline(
        "web",
        "services: {app: {image: 'plain:1', env_file: app.env, environment: {A: '${PASS:-}'}}}",
        extra={"app.env": file},
    )
    seen["Config"]["Env"].append("A=pw")
    vault = Vault(KEY)
    dotenv = {f"{FOLDER}/.env": vault.seal_mapping({"PASS": "pw"})}
    document = audit(capture([seen], images=[IMAGE], vault=vault, dotenv=dotenv), [stack], vault=vault)
    assert [path for path, *_ in found(_service(document))] == ["environment.URL"] * differs


@pytest.mark.parametrize(
    ("written", "by_v1", "by_v2"), [("pa$$w0rd99xx", "pa$$w0rd99xx", "pa$w0rd99xx"), ("q$wz9988", "q$wz9988", "q")]
)
@pytest.mark.parametrize("name", ["DB_PASSWORD", "MODE"])
def test_services_of_both_versions_may_read_one_file(written: str, by_v1: str, by_v2: str, name: str) -> None:
    body = {"image": "plain:1", "env_file": "app.env"}
    stack = baseline(
        "web", yaml.safe_dump({"services": {"app": body, "new": body}}), extra={"app.env": f"{name}={written}\n"}
    )
    vault = Vault(KEY)

    def statuses(value: str, other: str) -> list[str]:
        old = container("web", "app", env={name: value}, version="1.29.2")
        captured = capture([old, container("web", "new", env={name: other})], images=[IMAGE], vault=vault)
        return [one.status for one in audit(captured, [stack], vault=vault).services]

    assert statuses(by_v1, by_v2) == ["clean", "clean"]
    assert statuses("else" + by_v1, by_v2) == ["drifted", "clean"]


@pytest.mark.parametrize("name", ["DB_PASSWORD", "MODE"])
def test_services_of_both_versions_may_read_one_dotenv(name: str) -> None:
    """Compose v2, for whom it was read, makes one dollar of two; v1 does not."""
    body = {"image": "plain:1", "environment": {name: "x${IT}"}}
    stack = baseline("web", yaml.safe_dump({"services": {"app": body, "new": body}}))
    vault = Vault(KEY)
    dotenv = {"/opt/apps/stacks/web/.env": vault.seal_mapping({"IT": "pa$w0rd99xx"})}

    def statuses(value: str, other: str) -> list[str]:
        old = container("web", "app", env={name: value}, version="1.29.2")
        new = container("web", "new", env={name: other})
        captured = capture([old, new], images=[IMAGE], vault=vault, dotenv=dotenv)
        return [one.status for one in audit(captured, [stack], vault=vault).services]

    assert statuses("xpa$$w0rd99xx", "xpa$w0rd99xx") == ["clean", "clean"]
    assert statuses("xpa$$w0rd99", "xpa$$w0rd99xx") == ["drifted", "drifted"]


@pytest.mark.parametrize(
    ("deployer", "running"),
    [
        ({"PASSED": "x"}, {"A": "1", "PASSED": "x"}),
        ({}, {"A": "1"}),
        ({}, {"A": "1", "PASSED": "of the image"}),
        ({"PASSED": "of the image"}, {"A": "1", "PASSED": "of the image"}),
    ],
)
def test_what_an_env_file_only_names_is_whatever_its_deployer_has(
    deployer: dict[str, str], running: dict[str, str]
) -> None:
    own = {"PASSED": "of the image"} if "of the image" in running.values() else {}
    made = {"A": "1", **deployer}
    (label, *_) = config_hashes(
        {"image": "plain:1", "environment": made, "networks": {"default": None}, "command": None, "entrypoint": None},
        "2.40.3",
    )
    seen = container("web", "app", env=running, labels={"com.docker.compose.config-hash": str(label)})
    pictures = [image("plain:1", Cmd=["run"], Env=[f"{name}={value}" for name, value in own.items()])]
    stack = baseline("web", "services: {app: {image: 'plain:1', env_file: a.env}}", extra={"a.env": "A=1\nPASSED\n"})
    one = _service(audit(capture([seen], images=pictures), [stack]))
    assert found(one) == []
    assert (one.evidence == "verified") is (deployer != own or not own)


@pytest.mark.parametrize(("held", "told"), [({"TAG": "2"}, []), ({"TAG": "3"}, ["image"]), ({}, ["image"])])
def test_the_dotenv_beside_an_included_file_gives_its_variables_values(held: dict[str, str], told: list[str]) -> None:
    included = "services: {app: {image: 'plain:${TAG:-1}'}}"
    stack = baseline("web", "include: [sub/app.yml]", extra={"sub/app.yml": included})
    captured = capture(
        [container("web", "app", config={"Image": "plain:2"})], images=[image("plain:2", Cmd=["run"])],
        dotenv={f"{FOLDER}/.env": {"OTHER": "x"}}, env_files={f"{FOLDER}/sub/.env": held},
    )  # fmt: skip
    assert [path for path, *_ in found(_service(audit(captured, [stack])))] == told


@pytest.mark.parametrize(
    ("files", "running", "told"),
    [
        ("[shared.env, of-host.env]", {"TZ": "UTC"}, []),
        ("[of-host.env, shared.env]", {"TZ": "UTC"}, ["environment.TZ"]),
        ("[shared.env, of-host.env]", {}, ["environment.TZ"]),
    ],
)
def test_a_file_that_git_lacks_may_set_a_variable_to_what_the_image_has(
    files: str, running: dict[str, str], told: list[str]
) -> None:
    git = f"services: {{app: {{image: 'plain:1', env_file: {files}}}}}"
    stack = baseline("web", git, extra={"shared.env": "TZ=Europe/Vienna\n"})
    picture = image("plain:1", Cmd=["run"], Env=["TZ=UTC"])
    one = _service(audit(capture([container("web", "app", env=running)], images=[picture]), [stack]))
    assert [path for path, *_ in found(one)] == told
    assert bool(one.uncompared) is not bool(told)


INCLUDED: dict[str, tuple[dict[str, Any], dict[str, Any], dict[str, str]]] = {
    "port": (
        {"ports": ["${DB_PASSWORD}:80"]},
        {"host": {"PortBindings": {"80/tcp": [{"HostIp": "", "HostPort": "8080"}]}}},
        {"DB_PASSWORD": "8080"},
    ),
    "size": ({"mem_limit": "$M"}, {"host": {"Memory": 512 * 1024**2}}, {"M": "512m"}),
    "bind": (
        {"volumes": ["$D:/data"]},
        {"mounts": [{"Type": "bind", "Source": f"{FOLDER}/sub/data", "Destination": "/data", "RW": True}]},
        {"D": "./data"},
    ),
    "label": ({"labels": ["a.$API_KEY=1"]}, {"labels": {"a.zebra42yak": "1"}}, {"API_KEY": "zebra42yak"}),
    "variable": ({"environment": {"X": "$API_KEY", "Y": "a"}}, {"env": {"X": "zebra42yak", "Y": "a"}},
                 {"API_KEY": "zebra42yak"}),
}  # fmt: skip


def _of_include(
    body: dict[str, Any], running: dict[str, Any], held: dict[str, str], *, later: bool, stack: Baseline | None = None
) -> DriftDocument:
    included = yaml.safe_dump({"services": {"app": {"image": "plain:1", **body}}})
    stack = stack or baseline("web", "include: [sub/app.yml]", extra={"sub/app.yml": included})
    vault = Vault(KEY)
    captured = capture(
        [container("web", "app", **running)], images=[IMAGE], vault=vault, dotenv={f"{FOLDER}/.env": {"OTHER": "x"}},
        env_files={f"{FOLDER}/sub/.env": vault.seal_mapping(held)},
    )  # fmt: skip
    if later:
        return audit_stored(at_rest(captured, [stack], vault), [stack])
    return audit(captured, [stack], vault=vault)


@pytest.mark.parametrize("where", INCLUDED)
@pytest.mark.parametrize("later", [False, True])
def test_a_variable_of_an_include_may_stand_anywhere(where: str, later: bool) -> None:
    """Another process knows no more of it than its token, which is no port, size or path."""
    assert found(_service(_of_include(*INCLUDED[where], later=later))) == []


@pytest.mark.parametrize("later", [False, True])
def test_what_a_variable_of_an_include_is_stays_behind_it(later: bool) -> None:
    body = {"environment": {"X": "$OWNER", "Y": "x-$OWNER", "Z": "$API_KEY"}}
    running = {"X": "moe42moe", "Y": "x-larry42larry", "Z": "giraffe77gnu"}
    held = {"OWNER": "larry42larry", "API_KEY": "zebra42yak"}
    document = _of_include(body, {"env": running}, held, later=later)
    shown = [(item.path, item.baseline, item.running) for item in _service(document).items]
    assert shown[0] == ("environment.X", "${OWNER}", "<secret changed>")
    assert shown[-1] == ("environment.Z", "${API_KEY}", "<secret changed>")
    text = str(document.to_json())
    assert not any(value in text for value in ("moe42moe", "larry42larry", "giraffe77gnu", "zebra42yak"))


@pytest.mark.parametrize(("two", "told"), [("b", []), ("a", ["environment.X"])])
def test_each_include_has_the_variables_of_its_own_env_files(two: str, told: list[str]) -> None:
    git = {"include": [{"path": f"{name}.yml", "env_file": f"{name}.env"} for name in ("one", "two")]}
    services = {name: {"image": "plain:1", "environment": {"X": "$KIND"}} for name in ("one", "two")}
    files = {f"{name}.yml": yaml.safe_dump({"services": {name: body}}) for name, body in services.items()}
    captured = capture(
        [container("web", "one", env={"X": "a"}), container("web", "two", env={"X": two})], images=[IMAGE],
        env_files={f"{FOLDER}/one.env": {"KIND": "a"}, f"{FOLDER}/two.env": {"KIND": "b"}},
    )  # fmt: skip
    document = audit(captured, [baseline("web", git, extra=files)])
    assert [item.path for service in document.services for item in service.items] == told


@pytest.mark.parametrize("named", [".env", "prod.env"])
@pytest.mark.parametrize(("running", "told"), [("here", []), ("there", ["environment.X"])])
def test_an_include_beside_the_project_has_its_dotenv_whatever_compose_was_told(
    named: str, running: str, told: list[str]
) -> None:
    """`--env-file` names another one for the project alone."""
    body = {"services": {"app": {"image": "plain:1", "environment": {"X": "$KIND"}}}}
    stack = baseline("web", "include: [app.yml]", extra={"app.yml": yaml.safe_dump(body)})
    here = {"KIND": "here"}
    seen = container("web", "app", env={"X": running}, labels={ENV_FILE: f"{FOLDER}/{named}"})
    captured = capture(
        [seen], images=[IMAGE], env_files={f"{FOLDER}/.env": here},
        dotenv={f"{FOLDER}/{named}": here if named == ".env" else {"OTHER": "x"}},
    )  # fmt: skip
    assert [path for path, *_ in found(_service(audit(captured, [stack])))] == told


@pytest.mark.parametrize("others", [["sub/.env", "gone.env"], ["gone.env", "sub/.env"]])
def test_beside_an_env_file_that_nobody_knows_a_variable_of_an_include_may_be_anything(others: list[str]) -> None:
    git = {"include": [{"path": "sub/app.yml", "env_file": others}]}
    body = {"image": "plain:1", "environment": {"X": "${KIND:-none}"}}
    stack = baseline("web", git, extra={"sub/app.yml": yaml.safe_dump({"services": {"app": body}})})
    assert found(_service(_of_include({}, {"env": {"X": "some"}}, {"OTHER": "x"}, later=False, stack=stack))) == []


@pytest.mark.parametrize("later", [False, True])
def test_a_variable_of_an_include_may_choose_a_further_file(later: bool) -> None:
    files = {
        "sub/app.yml": "include: ['${KIND}/more.yml']",
        "sub/one/more.yml": "services: {db: {image: 'plain:1'}}",
        "sub/two/more.yml": "services: {app: {image: 'plain:1'}}",
    }
    stack = baseline("web", "include: [sub/app.yml]", extra=files)
    assert found(_service(_of_include({}, {}, {"KIND": "two"}, later=later, stack=stack))) == []


def _hidden_outside(
    body: dict[str, Any], running: dict[str, Any], own: str, *, hash_of: dict[str, Any] | None = None,
    dotenv: dict[str, str | None] | None = None, files: dict[str, str] | None = None,
) -> DriftDocument:  # fmt: skip
    """Git has the include's own `.env`; of the project's on the host is known what `dotenv` says, if anything."""
    labels = running.pop("labels", {})
    if hash_of is not None:
        definition = {"image": "plain:1", "networks": {"default": None}, "command": None, "entrypoint": None, **hash_of}
        labels = {**labels, "com.docker.compose.config-hash": str(next(iter(config_hashes(definition, "2.40.3"))))}
    included = {"sub/app.yml": yaml.safe_dump({"services": {"app": {"image": "plain:1", **body}}})}
    stack = baseline("web", "include: [sub/app.yml]", extra={**included, "sub/.env": own, **(files or {})})
    vault = Vault(KEY)
    known = {} if dotenv is None else {f"{FOLDER}/.env": vault.seal_mapping(dotenv)}
    seen = container("web", "app", labels=labels, **running)
    return audit(capture([seen], images=[IMAGE], vault=vault, dotenv=known), [stack], vault=vault)


@pytest.mark.parametrize(
    ("body", "running"),
    [
        ({"environment": {"A": "$V", "B": "x-${V:-d}"}}, {"env": {"A": "2", "B": "x-2"}}),
        ({"environment": {"A": "$V", "B": "x-${V:-d}"}}, {"env": {"A": "", "B": "x-d"}}),
        ({"environment": ["V", "B=${V:?}"]}, {"env": {"V": "2", "B": "2"}}),
        ({"environment": {"A": "${V+set}", "B": "${V:+full}"}}, {"env": {"A": "set", "B": ""}}),
        ({"ports": ["${V}:80"]}, {"host": {"PortBindings": {"80/tcp": [{"HostIp": "", "HostPort": "2"}]}}}),
        ({"mem_limit": "${V}m", "command": "serve ${V}"},
         {"host": {"Memory": 512 * 1024**2}, "config": {"Cmd": ["serve", "512"]}}),
    ],
)  # fmt: skip
@pytest.mark.parametrize("dotenv", [None, {"V": None}])
def test_a_dotenv_that_nobody_can_read_may_beat_what_git_has_for_an_include(
    body: dict[str, Any], running: dict[str, Any], dotenv: dict[str, str | None] | None
) -> None:
    assert found(_service(_hidden_outside(body, dict(running), "V=1", dotenv=dotenv))) == []


def test_an_include_in_an_include_has_the_outer_one_s_variables() -> None:
    files = {"sub/app.yml": "include: [deep/more.yml]", "sub/deep/.env": "V=deep\nW=deep\n"}
    files["sub/deep/more.yml"] = "services: {app: {image: 'plain:1', environment: {A: '$V', B: '$W'}}}"
    running = {"A": "1", "B": "deep"}
    for dotenv, hash_of in ((None, running), ({"OTHER": "x"}, None)):
        seen = {"env": {"A": "1", "B": "other"}}
        document = _hidden_outside(
            {}, seen, "V=1", files=files, dotenv=dotenv, hash_of=hash_of and {"environment": running}
        )
        assert [path for path, *_ in found(_service(document))] == ["environment.B"]


def test_the_hash_proves_that_an_include_had_what_git_says() -> None:
    body = {"environment": {"A": "$V"}, "ports": ["${W}:80"]}
    ports = [{"mode": "ingress", "target": 80, "published": "80", "protocol": "tcp"}]
    running = {"env": {"A": "2"}, "host": {"PortBindings": {"80/tcp": [{"HostIp": "", "HostPort": "80"}]}}}
    document = _hidden_outside(body, running, "V=1\nW=80\n", hash_of={"environment": {"A": "1"}, "ports": ports})
    one = _service(document)
    assert ([item.path for item in one.items], one.evidence, one.cause) == (
        ["environment.A"],
        "verified",
        "host_changed",
    )


@pytest.mark.parametrize(
    ("dotenv", "running", "told"),
    [
        ({"V": "zebra42yak"}, "zebra42yak", []),
        ({"V": "zebra42yak"}, "1", ["environment.A"]),
        ({"OTHER": "x"}, "1", []),
        ({"OTHER": "x"}, "zebra42yak", ["environment.A"]),
    ],
)
def test_a_dotenv_that_is_known_beats_what_git_has_for_an_include(
    dotenv: dict[str, str | None], running: str, told: list[str]
) -> None:
    document = _hidden_outside({"environment": {"A": "$V"}}, {"env": {"A": running}}, "V=1", dotenv=dotenv)
    items = _service(document).items
    assert [item.path for item in items] == told
    if "V" in dotenv and items:
        assert (items[0].baseline, items[0].running) == ("${V}", "<secret changed>")
        assert "zebra42yak" not in str(document.to_json())


@pytest.mark.parametrize("runs", ["one", "two"])
def test_what_git_has_for_an_include_chooses_a_file_where_nothing_runs_that_tells(runs: str) -> None:
    files = {
        "sub/app.yml": "include: ['${KIND}/more.yml']",
        "sub/one/more.yml": "services: {one: {image: 'plain:1'}}",
        "sub/two/more.yml": "services: {two: {image: 'plain:1'}}",
    }
    stack = baseline("web", "include: [sub/app.yml]", extra={**files, "sub/.env": "KIND=one"})
    document = audit(capture([container("web", runs)], images=[IMAGE]), [stack])
    assert {s.service: s.status for s in document.services} == {runs: "clean"}
    document = audit(capture([container("web", "other")], images=[IMAGE]), [stack])
    assert {s.service: s.status for s in document.services} == {"one": "missing", "other": "orphan"}


@pytest.mark.parametrize(
    ("running", "told"),
    [
        ({"OWN": "one", "V": "1", "A": "1-x"}, []),
        ({"OWN": "two", "V": "1", "A": "2-x"}, ["environment.OWN"]),
        ({"OWN": "2", "V": "1", "A": "2-x"}, []),
        ({"OWN": "2", "V": "1", "A": "1-x"}, ["environment.OWN"]),
        ({"OWN": "2", "V": "2", "A": "2-x"}, ["environment.V"]),
        ({"OWN": "2", "V": "1", "A": "2-y"}, ["environment.A"]),
    ],
)
def test_a_dotenv_that_nobody_can_read_may_beat_what_an_env_file_has_for_itself(
    running: dict[str, str], told: list[str]
) -> None:
    """`V` is used by the compose file, too: whoever deploys may have another one than the file."""
    git = {"services": {"app": {"image": "plain:1", "env_file": "app.env", "environment": {"OWN": "${V:-one}"}}}}
    stack = baseline("web", git, extra={"app.env": "V=1\nA=${V}-x\n"})
    captured = capture([container("web", "app", env=running)], images=[IMAGE])
    assert [path for path, *_ in found(_service(audit(captured, [stack])))] == told


def test_a_variable_of_an_env_file_that_no_compose_file_uses_is_its_own() -> None:
    git = {"services": {"app": {"image": "plain:1", "env_file": "app.env"}}}
    stack = baseline("web", git, extra={"app.env": "V=1\nA=${V}-x\n"})
    captured = capture([container("web", "app", env={"V": "1", "A": "2-x"})], images=[IMAGE])
    assert [path for path, *_ in found(_service(audit(captured, [stack])))] == ["environment.A"]


@pytest.mark.parametrize(("running", "told"), [({}, []), ({"N": "2"}, ["environment.N"])])
def test_a_dotenv_that_chooses_what_is_extended_may_be_an_env_file_too(
    running: dict[str, str], told: list[str]
) -> None:
    vault = Vault(KEY)
    files = {f"{FOLDER}/.env": vault.seal_mapping({"PART": "gpu", "N": "1"})}
    labels = {"on": "gpu", "com.docker.compose.config-hash": "e" * 64}
    seen = container("web", "app", env={"PART": "gpu", "N": "1", **running}, labels=labels)
    parts = "services: {cpu: {labels: {on: cpu}}, gpu: {labels: {on: gpu}}}"
    text = "services: {app: {image: 'plain:1', env_file: .env, extends: {file: parts.yml, service: '${PART:-cpu}'}}}"
    captured = capture([seen], images=[IMAGE], vault=vault, dotenv=files, env_files=files)
    document = audit(captured, [baseline("web", text, extra={"parts.yml": parts})], vault=vault)
    assert [path for path, *_ in found(_service(document))] == told
