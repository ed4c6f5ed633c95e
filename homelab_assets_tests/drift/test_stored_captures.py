"""A stored capture has tokens of a `.env`'s values alone: what runs with others is told all the same."""

from collections.abc import Mapping
from typing import Any

import pytest
import yaml
from msgspec.structs import replace

from homelab_assets.drift.document import DriftDocument
from homelab_assets.secrecy import Vault
from homelab_assets_tests.drift.containers import container, image
from homelab_assets_tests.drift.test_evidence import hashed
from homelab_assets_tests.drift.world import KEY, at_rest, audit, audit_stored, baseline, capture

FOLDER = "/opt/apps/stacks/web"
PLAIN = image("plain:1", Cmd=["run"])


def _port(number: str) -> dict[str, Any]:
    return {"host": {"PortBindings": {"80/tcp": [{"HostIp": "", "HostPort": number}]}}}


def _bind(source: str, target: str = "/data") -> dict[str, Any]:
    return {"mounts": [{"Type": "bind", "Source": source, "Destination": target, "RW": True}]}


SHOWN: dict[str, tuple[dict[str, Any], dict[str, Any], tuple[str, ...], str, list[str]]] = {
    "port": ({"ports": ["${V}:80"]}, _port("8080"), ("8080", "08080", "0.0.0.0:8080"), "8081", ["ports.80/tcp"]),
    "container's port": ({"ports": ["8080:${V}"]}, _port("8080"), ("80", "80/tcp"), "81",
                         ["ports.${V}/tcp", "ports.80/tcp"]),
    "size": ({"mem_limit": "${V}"}, {"host": {"Memory": 512 * 1024**2}}, ("512m", "0.5g", "536870912", "512 MiB"), "256m",
             ["mem_limit"]),
    "part of a size": ({"mem_limit": "${V}m"}, {"host": {"Memory": 512 * 1024**2}}, ("512", "512.0"), "256",
                       ["mem_limit"]),
    "bind": ({"volumes": ["${V}:/data"]}, _bind(f"{FOLDER}/data"), ("./data", f"{FOLDER}/data", "./a/../data/"), "./more",
             ["volumes./data"]),
    "target": ({"volumes": ["/srv:${V}"]}, _bind("/srv"), ("/data", "/data/"), "/more", ["volumes.${V}", "volumes./data"]),
    "duration": ({"stop_grace_period": "${V}"}, {"config": {"StopTimeout": 90}}, ("90s", "1m30s", "1.5m"), "60s",
                 ["stop_grace_period"]),
    "interval": ({"healthcheck": {"test": ["CMD", "x"], "interval": "${V}"}},
                 {"config": {"Healthcheck": {"Test": ["CMD", "x"], "Interval": 90 * 10**9}}}, ("90s", "1m30s"), "60s",
                 ["healthcheck.interval"]),
    "boolean": ({"tty": "${V}"}, {"config": {"Tty": True}}, ("true", "yes", "on"), "no", ["tty"]),
    "policy": ({"restart": "${V}"}, {"host": {"RestartPolicy": {"Name": "always"}}}, ("always",), "no", ["restart"]),
    "capability": ({"cap_add": ["${V}"]}, {"host": {"CapAdd": ["CAP_NET_ADMIN"]}}, ("net_admin", "CAP_NET_ADMIN"),
                   "SYS_TIME", ["cap_add.${V}", "cap_add.NET_ADMIN"]),
    "name": ({"hostname": "${V}"}, {"config": {"Hostname": "one"}}, ("one",), "two", ["hostname"]),
    "words": ({"command": "serve ${V}"}, {"config": {"Cmd": ["serve", "1000"]}}, ("1000",), "2000", ["command"]),
}  # fmt: skip


def _audit(
    git: Mapping[str, Any], seen: list[dict[str, Any]], held: Mapping[str, str], *, spellings: bool = True, **more: Any
) -> DriftDocument:
    """Audit what another process has captured and stored. `more`: further sections of git's file."""
    stack, vault = baseline("web", {"services": dict(git), **more}), Vault(KEY)
    captured = capture(seen, images=[PLAIN], vault=vault, dotenv={f"{FOLDER}/.env": vault.seal_mapping(held)})
    stored = at_rest(captured, [stack], vault)
    assert not any(value in str(stored.dotenv) + str(stored.spellings) for value in held.values() if len(value) > 3)
    if not spellings:
        stored = replace(stored, spellings=None)
    document = audit_stored(stored, [stack])
    assert not document.problems
    return document


def _paths(document: DriftDocument) -> list[str]:
    return [item.path for service in document.services for item in service.items]


# A secret among words is sealed together with them.
@pytest.mark.parametrize(
    ("case", "name"),
    [(case, name) for case in SHOWN for name in ("V", "DB_PASSWORD") if (case, name) != ("words", "DB_PASSWORD")],
)
def test_another_value_in_the_dotenv_is_told_whatever_the_spelling(case: str, name: str) -> None:
    body, running, same, other, told = SHOWN[case]
    git = {"app": yaml.safe_load(yaml.safe_dump({"image": "plain:1", **body}).replace("${V}", f"${{{name}}}"))}
    seen = [container("web", "app", **running)]
    for value in same:
        assert _paths(_audit(git, seen, {name: value})) == [], value
    document = _audit(git, seen, {name: other})
    assert _paths(document) == [path.replace("${V}", f"${{{name}}}") for path in told]
    assert other not in str([item.running for service in document.services for item in service.items])


@pytest.mark.parametrize("text", ["${V}-${URL}", "--db=${URL}", "${URL}"])
def test_another_password_in_a_url_is_not_told_clean(text: str) -> None:
    url, other = ("postgres://app:hunter2abc@db/app", "postgres://app:hunter3abc@db/app")
    git = {"app": {"image": "plain:1", "labels": {"l": text}, "environment": {"A": "${V}"}}}
    seen = [container("web", "app", labels={"l": text.replace("${V}", "80").replace("${URL}", url)}, env={"A": "80"})]
    for held, uncompared in ((url, []), (other, ["labels.l"])):
        (one,) = _audit(git, seen, {"V": "80", "URL": held}).services
        assert ([item.path for item in one.items], list(one.uncompared)) == ([], uncompared)


def test_users_with_their_hashes_are_told_from_others_whatever_their_variable_is_called() -> None:
    one, other = (f"larry:$apr1${salt}$ABCDEFGHIJKLMNOPQRSTUV" for salt in ("abcdefgh", "hgfedcba"))
    label = "traefik.http.middlewares.a.basicauth.users"
    git = {"app": {"image": "plain:1", "labels": {label: "${V}"}}}
    seen = [container("web", "app", labels={label: one})]
    assert _paths(_audit(git, seen, {"V": one})) == []
    assert _paths(_audit(git, seen, {"V": other})) == [f"labels.{label}"]


def test_a_default_is_told_from_a_value_by_what_is_sealed_elsewhere() -> None:
    body = {"volumes": ["/opt/${DB_PASSWORD:-x}:/data"], "command": ["serve", "--pass", "u:${DB_PASSWORD}"]}
    seen = [container("web", "app", config={"Cmd": ["serve", "--pass", "u:"]}, **_bind("/opt/x"))]
    assert _paths(_audit({"app": {"image": "plain:1", **body}}, seen, {})) == []
    seen = [container("web", "app", config={"Cmd": ["serve", "--pass", "w:"]}, **_bind("/opt/x"))]
    assert _paths(_audit({"app": {"image": "plain:1", **body}}, seen, {})) == ["command"]


@pytest.mark.parametrize("name", ["V", "DB_PASSWORD"])
@pytest.mark.parametrize("written", ["${V}", "lan-${V}"])
def test_another_network_than_the_one_that_a_variable_names_is_told(written: str, name: str) -> None:
    git = {"app": {"image": "plain:1", "networks": ["n"]}}
    more = {"networks": {"n": {"name": written.replace("V", name), "external": True}}}
    joined = {written.replace("${V}", "blue"): {"Aliases": ["web-app-1", "app"], "IPAMConfig": None, "Links": None}}
    seen = [container("web", "app", networks=joined)]
    assert _paths(_audit(git, seen, {name: "blue"}, **more)) == []
    told = _paths(_audit(git, seen, {name: "green"}, **more))
    assert told == [f"networks.{next(iter(joined))}", "networks.n"]


@pytest.mark.parametrize("key", ["secrets", "configs"])
@pytest.mark.parametrize("target", ["/opt/zebra", "/run/secrets/zebra", "/zebra"])
def test_another_target_of_a_file_than_a_variable_says_is_told(key: str, target: str) -> None:
    git = {"app": {"image": "plain:1", key: [{"source": "tok", "target": "${V:-/opt/tok}"}]}}
    mount = {"Type": "bind", "Source": f"{FOLDER}/tok.txt", "Destination": target, "RW": False}
    seen, more = [container("web", "app", mounts=[mount])], {key: {"tok": {"file": "./tok.txt"}}}
    assert _paths(_audit(git, seen, {"V": target}, **more)) == []
    for held in ({"V": "/opt/yak"}, {"W": "/opt/yak"}):
        assert _paths(_audit(git, seen, held, **more)) == [f"{key}.tok"]
    assert _paths(audit(capture(seen), [baseline("web", {"services": git, **more})])) == []


def test_a_capture_of_which_nobody_has_looked_at_spellings_is_taken_as_it_runs() -> None:
    body, running, *_ = SHOWN["port"]
    seen = [container("web", "app", **running)]
    assert _paths(_audit({"app": {"image": "plain:1", **body}}, seen, {"V": "8081"}, spellings=False)) == []


def test_of_two_services_the_one_that_still_has_the_old_value_is_told() -> None:
    git = {name: {"image": "plain:1", "mem_limit": "${V}"} for name in ("new", "old")}
    seen = [container("web", name, host={"Memory": size * 1024**2}) for name, size in (("new", 256), ("old", 512))]
    document = _audit(git, seen, {"V": "0.25g"})
    assert {service.service: service.status for service in document.services} == {"new": "clean", "old": "drifted"}


def test_what_was_created_before_the_dotenv_changed_is_to_be_deployed() -> None:
    body, running, *_ = SHOWN["port"]
    seen = [container("web", "app", labels=hashed(body, {"V": "8080"}), **running)]
    (one,) = _audit({"app": {"image": "plain:1", **body}}, seen, {"V": "8081"}).services
    assert ([item.path for item in one.items], one.cause, one.remedy) == (["ports.80/tcp"], "git_ahead", "deploy")


def test_further_variables_in_a_text_leave_open_which_has_which_part() -> None:
    """Alone each has the value that it has; together they may share a text out in more than one way."""
    git = {"app": {"image": "plain:1", "hostname": "${A}-${B}"}}
    for held in ({"A": "one-two", "B": "three"}, {"A": "one", "B": "two-three"}):
        assert _paths(_audit(git, [container("web", "app", config={"Hostname": "one-two-three"})], held)) == []


SEVERAL: dict[str, tuple[dict[str, Any], dict[str, Any], list[str]]] = {
    "a name and an address": (
        {"hostname": "${V}", "environment": {"A": "http://${V}:80/x"}},
        {"config": {"Hostname": "zebra42yak"}, "env": {"A": "http://zebra42yak:80/x"}},
        ["environment.A", "hostname"],
    ),
    "a path and a variable's name": (
        {"volumes": ["/srv:/data/${V}"], "environment": ["X_${V}=1"]},
        {**_bind("/srv", "/data/zebra42yak"), "env": {"X_zebra42yak": "1"}},
        ["environment.X_${V}", "environment.X_zebra42yak", "volumes./data/${V}", "volumes./data/zebra42yak"],
    ),
    "a path, an alias and a label": (
        {"volumes": ["/srv:/data/${V}"], "networks": {"n": {"aliases": ["${V}"]}}, "labels": ["a=Host(`${V}.lan`)"]},
        {**_bind("/srv", "/data/zebra42yak"), "labels": {"a": "Host(`zebra42yak.lan`)"},
         "networks": {"web_n": {"Aliases": ["web-app-1", "app", "zebra42yak"], "IPAMConfig": None, "Links": None}}},
        ["labels.a", "networks.n.aliases", "volumes./data/${V}", "volumes./data/zebra42yak"],
    ),
}  # fmt: skip


@pytest.mark.parametrize("case", SEVERAL)
@pytest.mark.parametrize("held", ["zebra42yak", "giraffe77gnu", None])
def test_a_variable_in_several_places_is_sealed_in_some_of_them_alone(case: str, held: str | None) -> None:
    body, running, told = SEVERAL[case]
    stack = baseline("web", {"services": {"app": {"image": "plain:1", **body}}, "networks": {"n": {}}})
    vault = Vault(KEY)
    dotenv = {} if held is None else {f"{FOLDER}/.env": vault.seal_mapping({"V": held})}
    captured = capture([container("web", "app", **running)], images=[PLAIN], vault=vault, dotenv=dotenv)
    stored = at_rest(captured, [stack], vault)
    found = [item.path for item in audit_stored(stored, [stack]).services[0].items]
    shown = [path.replace("<secret>", "zebra42yak") for path in found]
    assert shown == (told if held == "giraffe77gnu" else [])


def test_a_secret_that_is_no_secret_in_a_path_is_the_same_there() -> None:
    """In a URL it is sealed, which tells its value; a path shows it in clear."""
    body = {"tmpfs": ["/t/${V}"], "environment": {"A": "postgres://u:${V}@db/x"}, "labels": ["a=Host(`${V}.lan`)"]}
    config = {"labels": {"a": "Host(`one.lan`)"}, "env": {"A": "postgres://u:one@db/x"}}
    seen = container("web", "app", host={"Tmpfs": {"/t/one": ""}}, **config)
    stack = baseline("web", {"services": {"app": {"image": "plain:1", **body}}})
    vault = Vault(KEY)
    assert _paths(audit(capture([seen], images=[PLAIN], vault=vault), [stack], vault=vault)) == []
