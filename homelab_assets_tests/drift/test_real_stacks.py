"""What the stacks of other people have taught: each case is one that real engines showed to be judged wrongly."""

import posixpath

import pytest
from msgspec.structs import replace

from homelab_assets.compose.confighash import config_hashes
from homelab_assets.drift.deployed import not_deployed
from homelab_assets.drift.document import ServiceDrift
from homelab_assets.drift.stacks import Stack
from homelab_assets.secrecy import Vault
from homelab_assets_tests.drift.containers import container, image
from homelab_assets_tests.drift.world import KEY, Files, audit, baseline, capture, found

IMAGE = image("plain:1", Cmd=["run"])


def _one(text: str, seen: dict[str, object], *, variables: dict[str, str] | None = None) -> ServiceDrift:
    vault = Vault(KEY)
    known = {name: vault.seal(name, value) for name, value in (variables or {}).items()}
    captured = capture([seen], images=[IMAGE], vault=vault)
    document = audit(captured, [baseline("web", text, variables=known)], vault=vault)
    assert not document.problems
    return document.services[0]


COMMAND = "services: {app: {image: 'plain:1', command: 'serve --requirepass ${REDIS_PASSWORD} --port 1'}}"


def test_a_secret_is_a_word_of_a_command_and_redirects_nothing() -> None:
    seen = container("web", "app", config={"Cmd": ["serve", "--requirepass", "kX8w2pQz71", "--port", "1"]})
    for known in ({}, {"REDIS_PASSWORD": "kX8w2pQz71"}):
        assert found(_one(COMMAND, seen, variables=known)) == []


@pytest.mark.parametrize(
    ("password", "words"),
    [
        ("<YOUR_PASSWORD>", []),
        ("kX8w2&pQz71", ["kX8w2"]),
        ("kX8 w2pQz71", ["kX8", "w2pQz71", "--port", "1"]),
        ("kX8'w2 p'Qz71", ["kX8w2 pQz71", "--port", "1"]),
    ],
)
def test_a_secret_in_a_command_is_split_as_compose_splits_it(password: str, words: list[str]) -> None:
    """Compose puts the value in before it splits, and ends a command at `<` or `&`."""
    seen = container("web", "app", config={"Cmd": ["serve", "--requirepass", *words]})
    assert found(_one(COMMAND, seen, variables={"REDIS_PASSWORD": password})) == []
    other = container("web", "app", config={"Cmd": ["serve", "--requirepass", *words, "--more"]})
    assert found(_one(COMMAND, other, variables={"REDIS_PASSWORD": password})) == [("command", "changed", "functional")]


def test_a_secret_that_ends_a_command_need_not_look_like_one() -> None:
    """Its name in git tells that it is one; what runs has no such name."""
    text = "services: {app: {image: 'plain:1', command: 'serve --store=${DB_PASSWORD} --port 1'}}"
    seen = container("web", "app", config={"Cmd": ["serve", "--store=harbour"]})
    assert found(_one(text, seen, variables={"DB_PASSWORD": "harbour&boat"})) == []
    assert found(_one(text, seen, variables={"DB_PASSWORD": "another&boat"})) == [("command", "changed", "functional")]


def test_another_secret_in_a_command_is_seen() -> None:
    seen = container("web", "app", config={"Cmd": ["serve", "--requirepass", "kX8w2pQz71", "--port", "1"]})
    verdict = _one(COMMAND, seen, variables={"REDIS_PASSWORD": "another8Xk2"})
    assert found(verdict) == [("command", "changed", "functional")]


def test_an_image_as_a_volume_is_read_only_by_nature() -> None:
    text = "services: {app: {image: 'plain:1', volumes: [{type: image, source: 'web:1', target: /mnt}]}}"
    mount = {"Type": "image", "Source": "/var/lib/docker/overlay2/a/merged", "Destination": "/mnt", "RW": False}
    host = {"Mounts": [{"Type": "image", "Source": "web:1", "Target": "/mnt"}]}
    assert found(_one(text, container("web", "app", mounts=[mount], host=host))) == []


@pytest.mark.parametrize(
    ("written", "old"), [("${PREFIX}.app", "harbor.app"), ("$NAME", "harbor"), ("${ONE}${TWO}.app", "harbor.app")]
)
def test_a_rename_is_one_difference_even_if_the_name_holds_a_variable(written: str, old: str) -> None:
    text = f"services: {{app: {{image: 'plain:1', container_name: '{written}'}}}}"
    endpoint = {"Aliases": [old, "app"], "IPAMConfig": None, "Links": None}
    seen = container("web", "app", name="renamed", networks={"web_default": endpoint})
    assert found(_one(text, seen)) == [("container_name", "changed", "functional")]


def test_the_hash_is_reproduced_below_the_home_of_whoever_deployed() -> None:
    text = "services: {app: {image: 'plain:1', volumes: ['~/data:/data']}}"
    directory = "/opt/apps/stacks/web"
    mount = {"Type": "bind", "Source": "/home/larry/data", "Destination": "/data", "RW": True}
    model = Stack(baseline("web", text), not_deployed(baseline("web", text))).load({})
    definition = dict(model.services["app"])
    definition["volumes"] = [{**definition["volumes"][0], "source": "/home/larry/data"}]  # type: ignore[index,call-overload]
    label = next(config_hashes(definition, "2.40.3"))
    assert label
    labels = {"com.docker.compose.config-hash": label}
    verdict = _one(text, container("web", "app", mounts=[mount], labels=labels, directory=directory))
    assert found(verdict) == []
    assert verdict.evidence == "verified"


@pytest.mark.parametrize(
    ("running", "differences"),
    [
        ("/opt/apps/stacks/web/~/data", []),
        ("/root/data", []),
        ("/opt/apps/stacks/web/data", [("volumes./data", "changed", "breaking")]),
    ],
)
def test_a_folder_with_the_name_of_a_home_agrees_with_itself(
    running: str, differences: list[tuple[str, str, str]]
) -> None:
    text = "services: {app: {image: 'plain:1', volumes: ['./~/data:/data']}}"
    mount = {"Type": "bind", "Source": running, "Destination": "/data", "RW": True}
    assert found(_one(text, container("web", "app", mounts=[mount], directory="/opt/apps/stacks/web"))) == differences


@pytest.mark.parametrize(
    "git",
    [
        "services: {app: {extends: {file: ../../common/app.yml, service: app}}}",
        "{include: [../../common/app.yml], services: {}}",
    ],
)
@pytest.mark.parametrize(
    ("running", "differences"),
    [("/home/larry/data", []), ("/srv/data", [("volumes./data", "changed", "breaking")])],
)
def test_a_home_is_nobodys_folder_in_a_file_of_another_folder_either(
    git: str, running: str, differences: list[tuple[str, str, str]]
) -> None:
    """What it is to whoever deploys has nothing to do with where the file lies that says `~`."""
    directory = "/opt/apps/stacks/web"
    lent = "services: {app: {image: 'plain:1', volumes: ['~/data:/data']}}"
    stack = baseline("web", git, extra={"../../common/app.yml": lent})
    tree = Files({posixpath.normpath(path): text for path, text in stack.tree.files.items()})  # type: ignore[attr-defined]
    stack = replace(stack, tree=tree)
    definition = dict(Stack(stack, not_deployed(stack)).load({}).services["app"])
    definition["volumes"] = [{**definition["volumes"][0], "source": "/home/larry/data"}]  # type: ignore[index,call-overload]
    labels = {"com.docker.compose.config-hash": str(next(config_hashes(definition, "2.40.3")))}
    mount = {"Type": "bind", "Source": running, "Destination": "/data", "RW": True}
    captured = capture([container("web", "app", mounts=[mount], labels=labels, directory=directory)], images=[IMAGE])
    document = audit(captured, [stack])
    assert not document.problems
    assert found(document.services[0]) == differences
    assert (document.services[0].evidence == "verified") == (not differences)


@pytest.mark.parametrize(("running", "told"), [("/root/key.txt", []), ("/srv/key.txt", ["secrets.key"])])
def test_a_secret_may_lie_below_whoevers_home(running: str, told: list[str]) -> None:
    text = "{services: {app: {image: 'plain:1', secrets: [key]}}, secrets: {key: {file: '~/key.txt'}}}"
    mount = {"Type": "bind", "Source": running, "Destination": "/run/secrets/key", "RW": False}
    assert [path for path, *_ in found(_one(text, container("web", "app", mounts=[mount])))] == told


def test_a_variable_of_the_build_leaves_the_hash_as_it_is() -> None:
    plain = "services: {app: {image: 'plain:1'}}"
    model = Stack(baseline("web", plain), not_deployed(baseline("web", plain))).load({})
    label = next(config_hashes(model.services["app"], "2.40.3"))
    text = "services: {app: {image: 'plain:1', build: {context: ., args: {VERSION: '${VERSION}'}}}}"
    verdict = _one(text, container("web", "app", labels={"com.docker.compose.config-hash": str(label)}))
    assert (found(verdict), verdict.evidence) == ([], "verified")


def test_another_command_says_nothing_about_variables() -> None:
    text = """
    services:
      app:
        image: plain:1
        command: --model ${MODEL} ${MORE}
        environment: {MODEL_NAME: "${MODEL}", ARGUMENTS: "${MORE}"}
    """
    env = {"MODEL_NAME": "small", "ARGUMENTS": "fast"}
    same = container("web", "app", env=env, config={"Cmd": ["--model", "small", "fast"]})
    assert found(_one(text, same)) == []
    other = container("web", "app", env=env, config={"Cmd": ["serve", "something", "else"]})
    assert found(_one(text, other)) == [("command", "changed", "functional")]


def test_a_configured_env_file_stands_for_the_one_that_git_lacks() -> None:
    text = "services: {app: {image: 'plain:1', env_file: .env}}\n"
    known = {"TZ": "UTC", "MODE": "quiet"}
    assert found(_one(text, container("web", "app", env=known), variables=known)) == []
    changed = container("web", "app", env={**known, "MODE": "loud", "EXTRA": "1"})
    items = [(path, change) for path, change, _ in found(_one(text, changed, variables=known))]
    assert items == [("environment.EXTRA", "added"), ("environment.MODE", "changed")]


@pytest.mark.parametrize("published", ["${RANGE:-2200-2202}", "${FIRST}-2202"])
def test_a_range_of_ports_may_be_named_by_a_variable(published: str) -> None:
    text = f"services: {{app: {{image: 'plain:1', ports: ['{published}:2200-2202']}}}}"
    bindings = {f"{port}/tcp": [{"HostIp": "", "HostPort": str(port)}] for port in range(2200, 2203)}
    seen = container("web", "app", host={"PortBindings": bindings})
    assert found(_one(text, seen)) == []
    known = {"RANGE": "2200-2202", "FIRST": "2200"}
    assert found(_one(text, seen, variables=known)) == []
    bindings["2201/tcp"] = [{"HostIp": "", "HostPort": "3300"}]
    assert found(_one(text, seen, variables=known)) == [("ports.2201/tcp", "changed", "breaking")]


def test_an_address_may_stand_before_a_range_of_ports() -> None:
    text = "services: {app: {image: 'plain:1', ports: ['${IP:-127.0.0.1}:90-91:80-81']}}"
    bindings = {f"8{n}/tcp": [{"HostIp": "10.0.0.5", "HostPort": f"9{n}"}] for n in range(2)}
    assert found(_one(text, container("web", "app", host={"PortBindings": bindings}))) == []
    bindings["81/tcp"] = [{"HostIp": "10.0.0.5", "HostPort": "99"}]
    seen = container("web", "app", host={"PortBindings": bindings})
    assert found(_one(text, seen)) == [("ports.81/tcp", "changed", "breaking")]


def test_what_lies_above_an_unknown_folder_is_not_guessed() -> None:
    text = "services: {app: {image: 'plain:1', volumes: ['${PWD}/../../etc:/etc/app']}}"
    mount = {"Type": "bind", "Source": "/opt/etc", "Destination": "/etc/app", "RW": True}
    verdict = _one(text, container("web", "app", mounts=[mount]))
    assert (found(verdict), list(verdict.uncompared)) == ([], ["volumes./etc/app"])
    for known, items in (("/opt/apps/web", []), ("/srv/web/x", [("volumes./etc/app", "changed", "breaking")])):
        assert found(_one(text, container("web", "app", mounts=[mount]), variables={"PWD": known})) == items


def test_a_container_name_is_not_taken_for_a_token() -> None:
    name = "pypi-0049-mirror-and-cache-for-the-office-clickhouse-1"
    text = f"services: {{app: {{image: 'plain:1', container_name: {name}}}}}"
    verdict = _one(text, container("web", "app", name=name))
    assert (found(verdict), verdict.container) == ([], name)


@pytest.mark.parametrize("name", ["acme/iris-community", "my-auth", "quay.io/acme/vault-token"])
def test_a_tag_is_not_the_secret_of_its_image(name: str) -> None:
    text = "services: {app: {image: '%s:%s'}}"
    seen = container("web", "app", config={"Image": f"{name}:latest"})
    assert found(_one(text % (name, "latest"), seen)) == []
    assert found(_one(f"services: {{app: {{image: {name}}}}}", seen)) == []
    (item,) = _one(text % (name, "2.1"), seen).items
    assert (item.baseline, item.running) == (f"{name}:2.1", f"{name}:latest")


def test_a_secret_may_be_part_of_what_is_sealed_as_a_whole() -> None:
    def script(password: str) -> str:
        return f"REDISCLI_AUTH={password} valkey-cli -p 6379 ping"

    text = f"""
    services:
      app: {{image: 'plain:1', healthcheck: {{test: [CMD, sh, -c, "{script("${PASSWORD:-}")}"]}}}}
    """
    seen = container("web", "app", config={"Healthcheck": {"Test": ["CMD", "sh", "-c", script("777cc0c4w")]}})
    assert found(_one(text, seen, variables={"PASSWORD": "777cc0c4w"})) == []
    assert found(_one(text, seen, variables={"PASSWORD": "another"})) == [("healthcheck.test", "changed", "functional")]


@pytest.mark.parametrize("mode", ["host", "none", "bridge"])
def test_a_network_of_the_engine_is_a_mode(mode: str) -> None:
    text = f"services: {{app: {{image: 'plain:1', networks: [n]}}}}\nnetworks: {{n: {{external: true, name: {mode}}}}}"
    seen = container("web", "app", host={"NetworkMode": mode}, networks={mode: {"Aliases": None, "IPAMConfig": None}})
    assert found(_one(text, seen)) == []
    moved = container("web", "app", networks={"web_default": {"Aliases": ["app"], "IPAMConfig": None}})
    assert [path for path, *_ in found(_one(text, moved))] == ["network_mode"]


def test_two_stacks_of_one_project_name_are_told_apart_by_their_folders() -> None:
    text = "name: shop\nservices: {app: {image: 'plain:1'}, db: {image: 'plain:1'}}"
    stacks = [baseline(name, text) for name in ("shop-dev", "shop-live")]
    seen = [
        container("shop", service, directory=f"/opt/apps/stacks/{folder}")
        for service, folder in (("app", "shop-live"), ("db", "shop-dev"))
    ]
    services = audit(capture(seen, images=[IMAGE]), stacks).services
    assert {(one.stack, one.service): one.status for one in services} == {
        ("shop-dev", "app"): "missing", ("shop-dev", "db"): "clean",
        ("shop-live", "app"): "clean", ("shop-live", "db"): "missing",
    }  # fmt: skip


def test_a_folder_that_git_no_longer_has_was_renamed() -> None:
    text = "name: shop\nservices: {app: {image: 'plain:1'}, db: {image: 'plain:1'}}"
    seen = [
        container("shop", service, directory=f"/opt/apps/stacks/{folder}")
        for service, folder in (("app", "shop-live"), ("db", "shop-of-old"))
    ]
    services = audit(capture(seen, images=[IMAGE]), [baseline("shop-live", text)]).services
    assert [(one.service, one.status) for one in services] == [("app", "clean"), ("db", "clean")]


@pytest.mark.parametrize(("known", "label"), [({"PART": "gpu"}, "gpu"), ({"TZ": "UTC"}, "cpu")])
@pytest.mark.parametrize(
    "text",
    [
        "services: {app: {image: 'plain:1', extends: {file: parts.yml, service: '${PART:-cpu}'}}}",
        "services: {app: {image: 'plain:1', extends: {file: '${PART:-cpu}.yml', service: app}}}",
        "include: ['${PART:-cpu}.yml']",
    ],
)
def test_a_variable_may_choose_what_is_extended_or_included(text: str, known: dict[str, str], label: str) -> None:
    """A `.env` that does not set it leaves the default."""
    extra = {
        "parts.yml": "services: {cpu: {labels: {on: cpu}}, gpu: {labels: {on: gpu}}}",
        **{f"{on}.yml": f"services: {{app: {{image: 'plain:1', labels: {{on: {on}}}}}}}" for on in ("cpu", "gpu")},
    }
    seen = container("web", "app", labels={"on": label})
    document = audit(capture([seen], images=[IMAGE]), [baseline("web", text, extra=extra, variables=known)])
    assert (document.problems, found(document.services[0])) == ((), [])
    (unknown,) = audit(capture([seen], images=[IMAGE]), [baseline("web", text, extra=extra)]).services
    assert unknown.status == "unknown"


@pytest.mark.parametrize("written", ["hosts/$HOST/main.yml", "hosts/${HOST}/main.yml", "hosts/on-$HOST.yml"])
@pytest.mark.parametrize(
    ("service", "told"),
    [("dns", [("dns", "clean")]), ("proxy", [("proxy", "clean")]), ("other", [("other", "unknown")])],
)
def test_what_runs_tells_which_file_was_included(written: str, service: str, told: list[tuple[str, str]]) -> None:
    """One repository for several machines, each of which includes its own folder by a variable of its `.env`."""
    extra = {
        path.format(host): f"services: {{{name}: {{image: 'plain:1', labels: {{on: '$HOST'}}}}}}"
        for host, name in (("pi", "dns"), ("nas", "proxy"))
        for path in ("hosts/{}/main.yml", "hosts/on-{}.yml")
    }
    host = {"dns": "pi"}.get(service, "nas")
    seen = container("web", service, labels={"on": host})
    document = audit(capture([seen], images=[IMAGE]), [baseline("web", f"include: ['{written}']", extra=extra)])
    assert [(one.service, one.status) for one in document.services] == told


@pytest.mark.parametrize("written", ["hosts/$HOST/main.yml", ".hosts/$HOST.yml"])
@pytest.mark.parametrize("directory", ["", "stacks/web"])
def test_the_only_file_that_a_variable_can_name_is_the_one(directory: str, written: str) -> None:
    text = f"include: [{written}]"
    files = {"compose.yml": text, written.replace("$HOST", "pi"): "services: {dns: {image: 'plain:1'}}"}
    inside = {posixpath.join(directory, name): body for name, body in files.items()}
    main = posixpath.join(directory, "compose.yml")
    stack = replace(baseline("web", text), directory=directory, files=(main,), tree=Files(inside))
    document = audit(capture([]), [stack])
    assert [(one.service, one.status) for one in document.services] == [("dns", "missing")]


@pytest.mark.parametrize("file", ["more.env", "${MORE:-more.env}"])
@pytest.mark.parametrize(
    ("running", "items", "silent"),
    [
        ({"A": "1", "B": "1"}, [], []),
        ({"A": "2", "B": "1"}, [], ["environment.A"]),
        ({"A": "1", "B": "2"}, [("environment.B", "changed", "functional")], []),
        ({"B": "1"}, [("environment.A", "removed", "functional")], []),
        ({"A": "1", "B": "1", "C": "1"}, [], ["environment.C"]),
    ],
)
def test_a_file_that_git_lacks_may_set_anew_what_files_before_it_set(
    file: str, running: dict[str, str], items: list[tuple[str, str, str]], silent: list[str]
) -> None:
    text = f"services: {{app: {{image: 'plain:1', env_file: [a.env, {{path: '{file}', required: false}}, b.env]}}}}"
    stack = baseline("web", text, extra={"a.env": "A=1\n", "b.env": "B=1\n"})
    (verdict,) = audit(capture([container("web", "app", env=running)], images=[IMAGE]), [stack]).services
    assert (found(verdict), list(verdict.uncompared)) == (items, silent)
    assert all(file in reason for reason in verdict.uncompared.values())


def test_a_label_file_that_git_lacks_may_set_labels_anew() -> None:
    text = "services: {app: {image: 'plain:1', label_file: [a.labels, gone.labels], labels: {b: '1'}}}"
    stack = baseline("web", text, extra={"a.labels": "a=1\nb=2\n"})
    for labels, items in (({"a": "2", "b": "1"}, []), ({"a": "1", "b": "2"}, [("labels.b", "changed", "cosmetic")])):
        (verdict,) = audit(capture([container("web", "app", labels=labels)], images=[IMAGE]), [stack]).services
        assert found(verdict) == items


@pytest.mark.parametrize(("name", "items"), [("USER", []), ("OWNER", [("user", "changed", "functional")])])
@pytest.mark.parametrize("default", ["", ":-nobody"])
def test_what_a_login_exports_beats_the_env_file(name: str, items: list[tuple[str, str, str]], default: str) -> None:
    text = f"services: {{app: {{image: 'plain:1', user: '${{{name}{default}}}'}}}}"
    for user, differences in (("root", items), ("larry", [])):
        captured = capture(
            [container("web", "app", config={"User": user})], images=[IMAGE],
            dotenv={"/opt/apps/stacks/web/.env": {name: "larry"}},
        )  # fmt: skip
        assert found(audit(captured, [baseline("web", text)]).services[0]) == differences


@pytest.mark.parametrize(
    ("running", "items"),
    [
        (["-n", "--secret=x y", "--min=1"], []),
        (["-n", "--secret=x", "--realm=a", "--min=1"], [("command", "changed", "functional")]),
        (["-n", "--min=1"], [("command", "changed", "functional")]),
    ],
)
def test_a_variable_in_a_list_of_words_is_part_of_one_word(
    running: list[str], items: list[tuple[str, str, str]]
) -> None:
    seen = container("web", "app", config={"Cmd": running})
    listed = "services: {app: {image: 'plain:1', command: [-n, '--secret=${SECRET}', --min=1]}}"
    assert found(_one(listed, seen)) == items
    in_one_text = "services: {app: {image: 'plain:1', command: '-n --secret=${SECRET} --min=1'}}"
    assert found(_one(in_one_text, container("web", "app", config={"Cmd": ["-n", "--secret=x", "y", "--min=1"]}))) == []


def test_what_no_service_uses_any_more_has_its_key_all_the_same() -> None:
    text = """
    services: {app: {image: 'plain:1', networks: [front]}}
    networks: {front: {}, back: {}, lan: {name: the-lan}}
    volumes: {data: {}}
    """
    endpoint = {"Aliases": ["app"], "IPAMConfig": None}
    seen = container(
        "web", "app", networks=dict.fromkeys(("web_front", "web_back", "the-lan"), endpoint),
        mounts=[{"Type": "volume", "Name": "web_data", "Source": "/x", "Destination": "/d", "RW": True}],
    )  # fmt: skip
    items = {item.path: item.running for item in _one(text, seen).items}
    assert items == {"networks.back": "back", "networks.lan": "lan", "volumes./d": "data:/d"}


def test_a_stack_in_the_root_of_its_repository_is_known_by_its_folder_whatever_its_project_is_called() -> None:
    """`COMPOSE_PROJECT_NAME` stands in a `.env` that git doesn't have."""
    text = "services: {app: {image: 'plain:1', volumes: ['./data:/data']}}"
    stack = replace(baseline("apps", text), directory="", files=("compose.yml",), tree=Files({"compose.yml": text}))
    mount = {"Type": "bind", "Source": "/opt/apps/data", "Destination": "/data", "RW": True}
    seen = container("media", "app", directory="/opt/apps", mounts=[mount])
    document = audit(capture([seen], images=[IMAGE]), [stack])
    assert [(one.service, one.status, one.items) for one in document.services] == [("app", "clean", ())]
    document = audit(capture([]), [stack])
    assert [(one.service, one.status) for one in document.services] == [("app", "missing")]
    assert not document.problems


@pytest.mark.parametrize(
    ("joined", "items"),
    [
        (["lan"], []),
        (["lan", "more"], [("networks.more", "added", "functional")]),
        (["other"], [("networks.lan", "removed", "functional"), ("networks.other", "added", "functional")]),
    ],
)
def test_a_service_can_name_its_networks_by_variables(joined: list[str], items: list[tuple[str, str, str]]) -> None:
    text = "{services: {app: {image: 'plain:1', networks: [$NET]}}, networks: {lan: {name: $NET, external: true}}}"
    networks = {name: {"Aliases": ["web-app-1", "app"], "IPAMConfig": None} for name in joined}
    for known in ({}, {"NET": "lan"}):
        assert found(_one(text, container("web", "app", networks=networks), variables=known)) == items


@pytest.mark.parametrize(("version", "told"), [("1.29.2", False), ("2.40.3", True)])
def test_what_may_be_the_daemons_is_not_told_of_the_only_container_that_v1_made(version: str, told: bool) -> None:
    """Its hash is one that nobody can compute here."""
    own = container("web", "app", version=version, host={"ShmSize": 100663296}, created="2026-11-02T00:00:00Z")
    verdict = _one("services: {app: {image: 'plain:1'}}", own)
    assert [path for path, *_ in found(verdict)] == ["shm_size"] * told
    assert list(verdict.uncompared) == ["shm_size"] * (not told)
