"""What git can't know: variables are bound from what runs, and never guessed."""

import re
import shlex
from typing import Any

import pytest
import yaml

from homelab_assets.compose.interpolation import expressions_in
from homelab_assets.drift.document import DriftDocument
from homelab_assets.drift.fields import TABLE
from homelab_assets.drift.leaf import Leaf
from homelab_assets.drift.rows.mount import Mount
from homelab_assets.drift.sights import Sight, pairs_of
from homelab_assets.drift.templates import UNSET, Reference, inverse, match_pieces, pieces
from homelab_assets.engine.compose_files import Started, load_started, used_variables
from homelab_assets.secrecy import Vault
from homelab_assets_tests.drift.containers import container, image
from homelab_assets_tests.drift.world import KEY, at_rest, audit, audit_stored, baseline, capture, found

FILES = "com.docker.compose.project.config_files"
FILE = "/opt/apps/stacks/web/compose.yml"
PLAIN = image("plain:1", "plain:2", Cmd=["run"])


def unify(git: dict[str, Any], *containers: dict[str, Any], **more: Any) -> DriftDocument:
    services = git.get("services") or {"app": {"image": "plain:1", **git}}
    captured = {key: more.pop(key) for key in ("dotenv", "compose_variables", "vault") if key in more}
    stack = baseline("web", {**git, "services": services} if "services" in git else {"services": services}, **more)
    vault = captured.pop("vault", None)
    return audit(capture(containers, images=[PLAIN], vault=vault, **captured), [stack], vault=vault)


def items(document: DriftDocument) -> list[tuple[str, str]]:
    assert not document.problems
    return [(item.path, item.change) for service in document.services for item in service.items]


@pytest.mark.parametrize(
    ("operator", "word", "captured", "alternatives"),
    [
        ("", "", "x", ("x",)),
        ("", "", "", ("", UNSET)),
        (":-", "d", "d", ("d", UNSET, "")),
        (":-", "d", "z", ("z",)),
        (":-", "d", "", None),
        ("-", "d", "d", ("d", UNSET)),
        ("-", "d", "", ("",)),
        (":+", "a", "", ("", UNSET)),
        (":+", "a", "a", ()),
        (":?", "m", "x", ("x",)),
        (":?", "m", "", None),
        ("?", "m", "", ("",)),
    ],
)
def test_what_a_reference_tells(operator: str, word: str, captured: str, alternatives: Any) -> None:
    assert inverse(Reference("A", operator, word), captured, {}) == alternatives


@pytest.mark.parametrize(
    ("template", "references", "text", "known", "bound"),
    [
        ("Host(`\ue0000\ue001`)", ["${H}"], "Host(`a.b`)", {}, {"H": ("a.b",)}),
        ("Host(`\ue0000\ue001`)", ["${H}"], "PathPrefix(`/`)", {}, None),
        ("\ue0000\ue001:\ue0001\ue001", ["${A}", "${B:-x}"], "p:x", {}, {"A": ("p",), "B": ("x", UNSET, "")}),
        ("\ue0000\ue001\ue0001\ue001", ["${A}", "${B}"], "xy", {}, {}),
        ("\ue0000\ue001-\ue0001\ue001", ["${A}", "${A}"], "x-x", {}, {"A": ("x",)}),
        ("\ue0000\ue001-\ue0001\ue001", ["${A}", "${A}"], "x-y", {}, None),
        ("\ue0000\ue001-\ue0001\ue001", ["${A}", "${B}"], "x-y", {"A": "x"}, {"B": ("y",)}),
        ("\ue0000\ue001", ["${A:-${B:-c}}"], "c", {"B": UNSET}, {"A": ("c", UNSET, "")}),
        ("\ue0000\ue001-\ue0001\ue001", ["${A:+a-b}", "${B}"], "a-b-c", {}, {"B": ("c",)}),
        ("\ue0000\ue001-\ue0001\ue001", ["${A:+a-b}", "${B}"], "-c", {}, {"A": ("", UNSET), "B": ("c",)}),
        ("\ue0000\ue001-\ue0001\ue001", ["${A:+a-b}", "${B}"], "x-c", {}, None),
        ("\ue0000\ue001-\ue0001\ue001", ["${A:-d}", "${A}"], "x-y-x-y", {}, {"A": ("x-y",)}),
        ("\ue0000\ue001-\ue0001\ue001", ["${A:-d-e}", "${A}"], "d-e-", {}, {"A": (UNSET, "")}),
        ("\ue0000\ue001-\ue0001\ue001", ["${A}", "${A:-d}"], "-d", {}, {"A": ("", UNSET)}),
        ("\ue0000\ue001-\ue0001\ue001", ["${A:-d}", "${A-e}"], "d-", {}, {"A": ("",)}),
    ],
)
def test_templates(template: str, references: list[str], text: str, known: Any, bound: Any) -> None:
    parsed = [Reference(*found) for one in references for _, _, found in expressions_in(one) if found]
    assert match_pieces(pieces(template, parsed, known), text, known) == bound


@pytest.mark.parametrize(
    ("git", "running"),
    [
        ({"environment": {"TZ": "${TZ}"}}, {"env": {"TZ": "UTC"}}),
        ({"environment": {"TZ": "${TZ:-UTC}"}}, {"env": {"TZ": "Asia/Tokyo"}}),
        ({"environment": {"A": "${A:-d}", "B": "${A-e}"}}, {"env": {"A": "d", "B": ""}}),
        ({"environment": {"A": "${A:-d}${A-e}"}}, {"env": {"A": "d"}}),
        ({"environment": {"A": "${A:-d}/${A-e}"}}, {"env": {"A": "d/"}}),
        ({"environment": {"A": "${A:+yes}"}}, {"env": {"A": ""}}),
        ({"environment": {"A": "${A:+yes}"}}, {"env": {"A": "yes"}}),
        ({"environment": {"A": "${A:?m}"}}, {"env": {"A": "1"}}),
        ({"environment": {"A": "${X}-${Y}", "B": "${X}", "C": "${Y}"}}, {"env": {"A": "1-2-3", "B": "1-2", "C": "3"}}),
        ({"environment": ["PASSED"]}, {"env": {"PASSED": "on"}}),
        ({"environment": {"K": "a${X}${Y}b"}}, {"env": {"K": "axyzb"}}),
        ({"environment": {"N": "${A:-${B:-c}}"}}, {"env": {"N": "c"}}),
        ({"environment": {"ML": "x${A}"}}, {"env": {"ML": "xtwo\nlines"}}),
        ({"image": "plain:${TAG}"}, {"config": {"Image": "plain:2"}}),
        (
            {"labels": ["a=Host(`${D}.${T}`)", "b=^https://${D}\\.${T}/", "c=https://www.${D}.${T}/", "d=${D}.${T}"]},
            {"labels": {"a": "Host(`x.y.z`)", "b": "^https://x.y\\.z/", "c": "https://www.x.y.z/", "d": "x.y.z"}},
        ),
        (
            {"networks": {"default": {"ipv4_address": "${IP}"}}},
            {"networks": {"web_default": {"Aliases": ["web-app-1", "app"], "IPAMConfig": {}}}},
        ),
        ({"image": "${IMAGE}"}, {"config": {"Image": "plain:2"}}),
        ({"user": "${UID}:${GID}"}, {"config": {"User": "1:2"}}),
        ({"mem_limit": "${M}"}, {"host": {"Memory": 512 * 1024**2}}),
        ({"mem_limit": "${M}m"}, {"host": {"Memory": 512 * 1024**2}}),
        ({"mem_limit": "${M:-512m}", "environment": {"M": "${M:-512m}"}}, {"host": {"Memory": 1024**3}, "env": {"M": "1G"}}),
        ({"cpus": "${C}"}, {"host": {"NanoCpus": 1500000000}}),
        ({"privileged": "${P:-false}"}, {"host": {"Privileged": True}}),
        ({"tty": "${T}"}, {"config": {"Tty": False}}),
        ({"restart": "${R}"}, {"host": {"RestartPolicy": {"Name": "on-failure", "MaximumRetryCount": 3}}}),
        ({"restart": "${R:-no}"}, {"host": {"RestartPolicy": {"Name": "", "MaximumRetryCount": 0}}}),
        ({"stop_grace_period": "${G}"}, {"config": {"StopTimeout": 90}}),
        ({"healthcheck": {"test": ["CMD", "${T}"], "interval": "${I}"}},
         {"config": {"Healthcheck": {"Test": ["CMD", "true"], "Interval": 90 * 10**9}}}),
        ({"ports": ["${P}:80"]}, {"host": {"PortBindings": {"80/tcp": [{"HostIp": "", "HostPort": "8080"}]}}}),
        ({"ports": ["${P}:80"]}, {"host": {"PortBindings": {"80/tcp": [{"HostIp": "127.0.0.1", "HostPort": "8080"}]}}}),
        ({"ports": ["${P}:80"]}, {"host": {"PortBindings": {"80/tcp": [{"HostIp": "", "HostPort": ""}]}}}),
        (
            {"ports": [{"target": 80, "published": "${P:-0}", "host_ip": "127.0.0.1"}]},
            {"host": {"PortBindings": {"80/tcp": [{"HostIp": "127.0.0.1", "HostPort": "0"}]}}},
        ),
        ({"ports": ["${P:-0}:80"]}, {"host": {"PortBindings": {"80/tcp": [{"HostIp": "", "HostPort": "0"}]}}}),
        ({"ports": ["${P}:${P}/udp"]}, {"host": {"PortBindings": {"53/udp": [{"HostIp": "", "HostPort": "53"}]}}}),
        ({"ports": ["${ALL}"]}, {"host": {"PortBindings": {"53/udp": [{"HostIp": "", "HostPort": "5353"}]}}}),
        ({"ports": ["${ALL}/udp"]}, {"host": {"PortBindings": {"53/udp": [{"HostIp": "", "HostPort": "5353"}]}}}),
        ({"ports": ["${HOST}80"]}, {"host": {"PortBindings": {"80/tcp": [{"HostIp": "127.0.0.1", "HostPort": "8080"}]}}}),
        ({"ports": ["${HOST}80", "${OTHER}81"]}, {"host": {"PortBindings": {
            f"{port}/tcp": [{"HostIp": "", "HostPort": f"80{port}"}] for port in (80, 81)}}}),
        ({"command": "serve ${OPTIONS}"}, {"config": {"Cmd": ["serve", "--a", "b c"]}}),
        ({"command": "serve ${OPTIONS}"}, {"config": {"Cmd": ["serve"]}}),
        ({"command": "${COMMAND}"}, {"config": {"Cmd": None}}),
        ({"command": "${COMMAND}"}, {"config": {"Cmd": ["serve", "--a"]}}),
        ({"user": "${U}", "domainname": "${D:-}", "cpuset": "${C}", "cgroup_parent": "${P:-}", "userns_mode": "${N}"}, {}),
        ({"container_name": "${N}"}, {"name": "radarr"}),
        ({"extra_hosts": ["db:${IP}"]}, {"host": {"ExtraHosts": ["db:10.0.0.1"]}}),
        ({"devices": ["${D}:/dev/x"]}, {"host": {"Devices": [
            {"PathOnHost": "/dev/sda", "PathInContainer": "/dev/x", "CgroupPermissions": "rwm"}]}}),
        ({"cap_add": ["${CAP}"]}, {"host": {"CapAdd": ["CAP_NET_ADMIN"]}}),
        ({"dns": ["${DNS}"]}, {"host": {"Dns": ["1.1.1.1"]}}),
        ({"labels": ["traefik.http.routers.${R}.rule=Host(`${H}`)"]},
         {"labels": {"traefik.http.routers.web.rule": "Host(`a.b`)"}}),
        ({"volumes": ["${DATA}:/data"]}, {"mounts": [
            {"Type": "bind", "Source": "/srv/data", "Destination": "/data", "RW": True, "Propagation": "rprivate"}]}),
        ({"volumes": ["${DATA:-./data}:/data"]}, {"mounts": [
            {"Type": "bind", "Source": "/opt/apps/stacks/web/data", "Destination": "/data", "RW": True, "Propagation": ""}]}),
        ({"volumes": ["${MEDIA}/tv:/tv:ro"]}, {"mounts": [
            {"Type": "bind", "Source": "/media/tv", "Destination": "/tv", "RW": False, "Propagation": "rprivate"}]}),
        *(({"volumes": [f"{source}:/x:${{MODE}}"]},
           {"mounts": [{"Type": "bind", "Source": "/srv/x", "Destination": "/x", "RW": False, "Propagation": propagation}]})
          for source, propagation in (("/srv/x", "rprivate"), ("/srv/x", "rshared"), ("/srv/${X}", "rprivate"))),
        ({"services": {"app": {"image": "plain:1", "volumes": ["data:/x:${MODE}"]}}, "volumes": {"data": None}},
         {"mounts": [{"Type": "volume", "Name": "web_data", "Destination": "/x", "RW": False, "Mode": "ro,nocopy"}]}),
        ({"volumes": ["/srv/x:/x:${MODE:-ro}"]}, {"mounts": [
            {"Type": "bind", "Source": "/srv/x", "Destination": "/x", "RW": True, "Propagation": "rprivate"}]}),
        *(({"volumes": [{"type": "bind", "source": "/srv/x", "target": "/x", "read_only": "${RO}"}]},
           {"mounts": [{"Type": "bind", "Source": "/srv/x", "Destination": "/x", "RW": rw, "Propagation": "rprivate"}]})
          for rw in (True, False)),
        ({"hostname": "${H}", "volumes": [
            {"type": "bind", "source": "/srv/x", "target": "/x", "bind": {"selinux": "${Z}"}}], "deploy": {"mode": "${U}"}},
         {"config": {"Hostname": "h"}, "mounts": [
             {"Type": "bind", "Source": "/srv/x", "Destination": "/x", "RW": True, "Propagation": "rprivate"}]}),
        *(({"ports": [text, "9:9"]}, {"host": {"PortBindings": {
            f"{port}/tcp": [{"HostIp": "", "HostPort": str(port)}] for port in (9, *range(80, 84))}}})
          for text in ("${ALL}", "${FIRST}-${LAST}:${FIRST}-${LAST}", "80-${LAST}:80-${LAST}")),
        ({"cpus": "${C:-0}", "pids_limit": "${P:-0}", "mem_limit": "${M:-0}"}, {"host": {"NanoCpus": 0, "Memory": 0}}),
        ({"cpus": "${C}", "pids_limit": "${P}"}, {"host": {"NanoCpus": 0, "PidsLimit": None}}),
        *(({"security_opt": [f"seccomp:{text}"]}, {"host": {"SecurityOpt": [f"seccomp={runs}"]}})
          for text, runs in (("${FOLDER}/x.json", "{}"), ("${FILE}", "{}"), ("${MODE}", "unconfined"))),
        ({"ports": ["[::1]:${P}"]}, {"host": {"PortBindings": {"80/tcp": [{"HostIp": "::1", "HostPort": "81"}]}}}),
        ({"ports": ["${ONE}", "${OTHER}"]}, {"host": {"PortBindings": {
            "80/tcp": [{"HostIp": "", "HostPort": "80"}], "53/udp": [{"HostIp": "127.0.0.1", "HostPort": "53"}]}}}),
        ({"ports": ["80:${P}"]}, {"host": {"PortBindings": {"53/udp": [{"HostIp": "", "HostPort": "80"}]}}}),
        ({"services": {"app": {"image": "plain:1", "secrets": [{"source": "s", "target": "${T}"}]}},
          "secrets": {"s": {"file": "./${F}.txt"}}},
         {"mounts": [{"Type": "bind", "Source": "/opt/apps/stacks/web/f.txt", "Destination": "/run/secrets/t", "RW": False}]}),
        ({"deploy": {"replicas": "${N:-1}"}}, {}),
        ({"ulimits": {"nofile": {"soft": "${S}", "hard": 20}}}, {"host": {"Ulimits": [{"Name": "nofile", "Soft": 10, "Hard": 20}]}}),
        ({"logging": {"driver": "json-file", "options": {"max-size": "${L:-10m}"}}},
         {"host": {"LogConfig": {"Type": "json-file", "Config": {"max-size": "5m"}}}}),
    ],
)  # fmt: skip
def test_any_value_that_a_variable_can_give_is_no_drift(git: dict[str, Any], running: dict[str, Any]) -> None:
    assert items(unify(git, container("web", "app", **running))) == []


def test_an_alternate_tells_an_empty_variable_from_none() -> None:
    git = {"environment": {"A": "x${V}", "B": "${V+set}"}}
    for there in ("set", ""):
        assert items(unify(git, container("web", "app", env={"A": "x", "B": there}))) == []


@pytest.mark.parametrize("options", ["""1 2 "3 4\"""", """1 '2 3'"""])
def test_a_variable_that_is_several_words_of_one_command_is_one_of_another(options: str) -> None:
    git = {
        "a": {"image": "plain:1", "command": "go ${OPTIONS}"},
        "b": {"image": "plain:1", "command": ["go", "${OPTIONS}"]},
    }
    commands = {"a": ["go", *shlex.split(options)], "b": ["go", options]}
    running = [container("web", name, config={"Cmd": command}) for name, command in commands.items()]
    assert items(unify({"services": git}, *running)) == []


@pytest.mark.parametrize(
    ("one", "other", "running"),
    [
        ({"hostname": "${M:-}"}, {"environment": ["M"]}, ({}, {})),
        ({"hostname": "${M:-}"}, {"environment": ["M"]}, ({"config": {"Hostname": "x"}}, {"env": {"M": "x"}})),
        ({"hostname": "${M:-}"}, {"environment": {"M": "${M}"}}, ({}, {"env": {"M": ""}})),
        ({"hostname": "${M:-}"}, {"environment": {"M": "${M:-d}"}}, ({}, {"env": {"M": "d"}})),
        ({"hostname": "${M:-}"}, {"environment": {"M": "${M:-d}"}}, ({"config": {"Hostname": "e"}}, {"env": {"M": "e"}})),
        ({"container_name": "${N:-}"}, {"environment": ["N"]}, ({}, {})),
        ({"command": ["run", "${D:-90}"]}, {"environment": ["D"]}, ({"config": {"Cmd": ["run", "90"]}}, {})),
        ({"command": ["run", "${D:-90}"]}, {"environment": ["D"]}, ({"config": {"Cmd": ["run", "90"]}}, {"env": {"D": "90"}})),
        ({"command": ["run", "${D-90}"]}, {"environment": ["D"]}, ({"config": {"Cmd": ["run", "90"]}}, {})),
        ({"command": ["run", "${D:+on}"]}, {"environment": ["D"]}, ({"config": {"Cmd": ["run", "on"]}}, {"env": {"D": "1"}})),
    ],
)  # fmt: skip
def test_what_shows_where_git_says_nothing_is_no_variables_value(
    one: dict[str, Any], other: dict[str, Any], running: tuple[dict[str, Any], dict[str, Any]]
) -> None:
    git = {"services": {"one": {"image": "plain:1", **one}, "other": {"image": "plain:1", **other}}}
    for version in ("2.40.3", "1.29.2"):
        seen = [
            container("web", name, version=version, **body) for name, body in zip(git["services"], running, strict=True)
        ]
        assert items(unify(git, *seen)) == []


@pytest.mark.parametrize("body", [{"user": "${U}"}, {"command": "${U}"}, {"working_dir": "${U}"}])
def test_what_the_image_says_is_no_variables_value(body: dict[str, Any]) -> None:
    body = {"image": "plain:1", **body, "environment": ["U", "V=${U:-0}"]}
    said = {"User": "abc", "Cmd": ["run"], "Entrypoint": ["enter"], "WorkingDir": "/srv"}
    seen = container("web", "app", config=said, env={"V": "0"})
    captured = capture([seen], images=[image("plain:1", **said)])
    assert items(audit(captured, [baseline("web", {"services": {"app": body}})])) == []


def test_a_variable_that_is_passed_on_and_used_has_one_value() -> None:
    git = {
        "services": {
            "one": {"image": "plain:1", "hostname": "${M:-}"},
            "two": {"image": "plain:1", "environment": ["M"]},
        }
    }
    document = unify(git, container("web", "one", config={"Hostname": "x"}), container("web", "two", env={"M": "y"}))
    assert items(document) == [("hostname", "changed")]


@pytest.mark.parametrize(
    ("git", "running", "path"),
    [
        ({"labels": {"r": "Host(`${H}`)"}}, {"labels": {"r": "PathPrefix(`/`)"}}, "labels.r"),
        ({"environment": {"U": "https://${H}/"}}, {"env": {"U": "http://a.b/"}}, "environment.U"),
        (
            {"environment": {"U": "https://${H}/", "H": "${H}"}},
            {"env": {"U": "https://a.b/x", "H": "a.b"}},
            "environment.U",
        ),
        ({"environment": {"A": "${A:+yes}"}}, {"env": {"A": "other"}}, "environment.A"),
        (
            {"ports": ["${P}:80"]},
            {"host": {"PortBindings": {"81/tcp": [{"HostIp": "", "HostPort": "8080"}]}}},
            "ports.80/tcp",
        ),
        ({"image": "plain:${TAG}"}, {"config": {"Image": "other:2"}}, "image"),
    ],
)
def test_what_no_value_can_explain_is_drift(git: dict[str, Any], running: dict[str, Any], path: str) -> None:
    assert path in [item for item, _ in items(unify(git, container("web", "app", **running)))]


def test_what_differs_is_told_in_gits_own_terms() -> None:
    git = {"environment": {"U": "https://${H}/", "H": "${H}", "P": "x${SECRET}"}}
    running = container(
        "web", "app", env={"U": "https://home.example.org/x", "H": "home.example.org", "P": "hush-hush"}
    )
    shown = {item.path: (item.baseline, item.running, item.secret) for item in unify(git, running).services[0].items}
    assert shown == {
        "environment.U": ("https://${H}/", "https://${H}/x", True),
        "environment.P": ("x${SECRET}", "<secret changed>", True),
    }


def test_one_variable_with_two_values_is_a_finding_of_its_own() -> None:
    git = {"services": {name: {"image": "plain:1", "environment": {"TZ": "${TZ}"}} for name in "abc"}}
    running = [container("web", name, env={"TZ": "UTC" if name != "b" else "Asia/Tokyo"}) for name in "abc"]
    document = unify(git, *running)
    assert [(s.service, found(s)) for s in document.services if s.items] == [
        ("b", [("environment.TZ", "changed", "functional")])
    ]
    item = document.services[1].items[0]
    assert (item.note, item.baseline, item.running) == ("one variable, two values", "${TZ}", "<secret changed>")


def test_of_two_the_younger_container_is_the_odd_one() -> None:
    git = {"services": {name: {"image": "plain:1", "environment": {"TZ": "${TZ}"}} for name in "ab"}}
    young = container("web", "a", env={"TZ": "UTC"}, created="2026-11-02T00:00:00Z")
    old = container("web", "b", env={"TZ": "Asia/Tokyo"}, created="2026-11-01T00:00:00Z")
    assert [s.service for s in unify(git, young, old).services if s.items] == ["a"]


def test_what_an_include_s_env_file_says_is_not_hidden_by_a_service_s_that_has_it_empty() -> None:
    files = {
        "sub/a.yml": "services: {app: {image: 'plain:1', environment: {A: '${V}'}, labels: {l: a}, env_file: [s.env]}}",
        "sub/s.env": 'S="two ${V}"\n',
        "sub/inc.env": "V=one\n",
    }
    stack = baseline("web", "include: [{path: sub/a.yml, env_file: sub/inc.env}]\n", extra=files)
    running = container("web", "app", env={"A": "one", "S": "two "}, labels={"l": "b"})
    assert items(audit(capture([running], images=[PLAIN]), [stack])) == [("labels.l", "changed")]


@pytest.mark.parametrize(("outside", "running"), [("x-${V:-outer}", "x-outer"), ("${V:-outer}/${W:+more}", "outer/")])
def test_what_an_include_s_dotenv_says_is_not_hidden_by_a_default_outside(outside: str, running: str) -> None:
    """Nobody sets a variable for all: it has its default where the including file uses it, and a value below."""
    app = "services: {app: {image: 'plain:1', environment: {A: '${V:-inner}'}, command: 'serve ${V:-inner}'}}"
    web = {"image": "plain:1", "environment": {"B": outside, "C": "${W:-q}"}}
    git = {"include": ["sub/app.yml"], "services": {"web": web}}
    seen = [
        container("web", "app", env={"A": "debug"}, config={"Cmd": ["serve", "debug"]}),
        container("web", "web", env={"B": running, "C": "q"}),
    ]
    document = audit(capture(seen, images=[PLAIN]), [baseline("web", git, extra={"sub/app.yml": app})])
    assert items(document) == []


def test_the_env_file_beside_the_running_stack_settles_it() -> None:
    dotenv = {"/opt/apps/stacks/web/.env": {"TZ": "UTC"}}
    git = {"environment": {"TZ": "${TZ}"}}
    assert items(unify(git, container("web", "app", env={"TZ": "UTC"}), dotenv=dotenv)) == []
    changed = unify(git, container("web", "app", env={"TZ": "Asia/Tokyo"}), dotenv=dotenv)
    assert items(changed) == [("environment.TZ", "changed")]


def test_variables_that_git_knows_settle_it_too() -> None:
    git = {"environment": {"TZ": "${TZ}"}}
    document = unify(git, container("web", "app", env={"TZ": "Asia/Tokyo"}), variables={"TZ": "UTC"})
    assert items(document) == [("environment.TZ", "changed")]


def test_a_missing_env_file_leaves_the_set_of_variables_open() -> None:
    git = {"env_file": [".env"], "environment": {"A": "1"}}
    document = unify(git, container("web", "app", env={"A": "2", "B": "3"}))
    assert items(document) == [("environment.A", "changed")]
    assert list(document.services[0].uncompared) == ["environment.B"]


def test_an_env_file_that_the_host_holds_closes_it() -> None:
    dotenv = {"/opt/apps/stacks/web/.env": {"B": "3"}}
    git = {"env_file": [".env"], "environment": {"A": "1"}}
    document = unify(git, container("web", "app", env={"A": "1", "B": "3", "C": "4"}), dotenv=dotenv)
    assert items(document) == [("environment.C", "added")]


def test_secrets_are_compared_sealed() -> None:
    git = {"environment": {"DB_PASSWORD": "${PW}", "URL": "postgres://u:${PW}@db/x", "API_TOKEN": "cl3arInG1t"}}
    running = {"DB_PASSWORD": "hunter2hunter2", "URL": "postgres://u:hunter2hunter2@db/x", "API_TOKEN": "cl3arInG1t"}
    vault = Vault(KEY)
    assert items(unify(git, container("web", "app", env=running), vault=vault)) == []
    document = unify(git, container("web", "app", env={**running, "API_TOKEN": "0therT0ken"}), vault=vault)
    assert [(i.path, i.running) for i in document.services[0].items] == [("environment.API_TOKEN", "<secret changed>")]
    assert "hunter2" not in str(document.to_json())
    assert "0therT0ken" not in str(document.to_json())


def test_a_secret_sealed_with_another_key_is_no_drift() -> None:
    elsewhere = Vault(b"another installation")
    sealed = elsewhere.seal("DB_PASSWORD", "hunter2hunter2")
    document = unify(
        {"environment": {"DB_PASSWORD": "hunter2hunter2"}}, container("web", "app", env={"DB_PASSWORD": sealed})
    )
    assert items(document) == []
    assert list(document.services[0].uncompared) == ["environment.DB_PASSWORD"]


def test_a_recorded_capture_seals_for_good() -> None:
    """A vault of a later run knows no raw secrets: tokens alone must do."""
    git = {"environment": {"DB_PASSWORD": "${PW}", "PG_DSN": "postgres://u:${PW}@db/x", "PLAIN_TOKEN": "cl3arInG1t"}}
    running = {
        "DB_PASSWORD": "hunter2hunter2",
        "PG_DSN": "postgres://u:hunter2hunter2@db/x",
        "PLAIN_TOKEN": "cl3arInG1t",
    }
    first = Vault(KEY)
    sealed = first.seal_inspect([container("web", "app", env=running)])
    assert items(unify(git, *sealed, vault=Vault(KEY))) == []


def test_values_of_any_kind_survive_as_an_env_file() -> None:
    values = {
        "A": "x",
        "B": 'it\'s $5 "q" \\n',
        "C": "a$b",
        "D": "two\nlines",
        "E": "",
        "F": "back\\slash",
        "G": " # x ",
    }
    dotenv = {"/opt/apps/stacks/web/.env": values}
    assert items(unify({"env_file": [".env"]}, container("web", "app", env=values), dotenv=dotenv)) == []


def test_a_volume_at_an_unknown_place_is_none_of_the_images() -> None:
    def mount(kind: str, source: str, target: str) -> dict[str, Any]:
        return {"Type": kind, "Name": "f" * 64, "Source": source, "Destination": target, "RW": True}

    declaring = image("plain:1", Cmd=["run"], Volumes={"/data": {}, "/var/www": {}})
    running = container(
        "web", "app", host={"Binds": ["/srv/keys:/srv/keys:rw"], "PidMode": "host"},
        mounts=[mount("volume", "/v", "/var/www"), mount("bind", "/srv/keys", "/srv/keys"), mount("volume", "/w", "/data")],
    )  # fmt: skip
    stack = baseline("web", {"services": {"app": {"image": "plain:1", "volumes": ["${KEYS}:${KEYS}"]}}})
    document = audit(capture([running], images=[declaring]), [stack])
    assert items(document) == [("pid", "added")]


@pytest.mark.parametrize("changed", ["db", "app"])
def test_a_text_of_several_variables_has_a_say_in_each(changed: str) -> None:
    """The container that was made last is the odd one, whether it holds the variable alone or among others."""
    services = {
        "db": {"image": "plain:1", "environment": {"PASSWORD": "${PW}", "OWNER": "${WHO}"}},
        "app": {"image": "plain:1", "environment": {"URL": "postgres://${WHO}:${PW}@db/${NAME:-main}"}},
    }
    values = {"db": "kX8w2pQz71", "app": "kX8w2pQz71", changed: "another8Xk2"}
    dates = {"db": "2026-11-01T00:00:00Z", "app": "2026-11-01T00:00:00Z", changed: "2026-11-02T00:00:00Z"}
    db = container("web", "db", created=dates["db"], env={"PASSWORD": values["db"], "OWNER": "larry"})
    url = f"postgres://larry:{values['app']}@db/main"
    app = container("web", "app", created=dates["app"], env={"URL": url})
    document = unify({"services": services}, db, app, vault=Vault(KEY))
    told = {service.service: [item.path for item in service.items] for service in document.services}
    expected = {"db": "environment.PASSWORD", "app": "environment.URL"}
    assert told == {name: [path] if name == changed else [] for name, path in expected.items()}


def test_an_item_is_told_under_the_path_that_its_own_variables_give() -> None:
    volumes = ["${STACKS:-/opt}:${STACKS:-/opt}", "/keys:${HOME_OF_APP:-/root}/.ssh"]
    seen = container("web", "app", mounts=[{"Type": "bind", "Source": "/srv", "Destination": "/srv", "RW": True}])
    document = unify({"volumes": volumes}, seen, variables={"STACKS": "/srv", "HOME_OF_APP": "/home/app"})
    assert items(document) == [("volumes./home/app/.ssh", "removed")]
    (item,) = document.services[0].items
    assert item.spelled == "volumes.${HOME_OF_APP:-/root}/.ssh"


def test_what_git_calls_a_secret_is_in_no_items_path() -> None:
    git = {"volumes": ["/keys:/${DEPLOY_TOKEN}"], "environment": ["D=${DEPLOY_TOKEN}"]}
    document = unify(git, container("web", "app", env={"D": "mellow"}), variables={"DEPLOY_TOKEN": "mellow"})
    assert items(document) == [("volumes./${DEPLOY_TOKEN}", "removed")]
    assert "mellow" not in str(document)


def test_a_secret_in_the_value_alone_leaves_the_path_as_it_is() -> None:
    git = {"volumes": ["/${DEPLOY_TOKEN}:${TARGET}"]}
    variables = {"DEPLOY_TOKEN": "mellow", "TARGET": "/data"}
    document = unify(git, container("web", "app"), variables=variables)
    assert items(document) == [("volumes./data", "removed")]
    assert "mellow" not in str(document)


def test_a_value_without_variables_is_shown_where_its_key_has_one() -> None:
    git = {"labels": ["routers.${NAME}.mode=on"], "environment": ["NAME=${NAME}"]}
    document = unify(git, container("web", "app", env={"NAME": "web"}, labels={"routers.web.mode": "off"}))
    (item,) = document.services[0].items
    assert (item.path, item.baseline, item.running) == ("labels.routers.web.mode", "on", "off")


def binds(*pairs: tuple[str, str]) -> dict[str, Any]:
    mounts = [{"Type": "bind", "Source": source, "Destination": target, "RW": True} for source, target in pairs]
    return {"mounts": mounts}


def published(*pairs: tuple[int, str]) -> dict[str, Any]:
    bindings = {inside: [{"HostIp": "", "HostPort": str(outside)}] for outside, inside in pairs}
    return {"host": {"PortBindings": bindings}}


def routers(**hosts: str) -> dict[str, str]:
    return {
        key: value
        for name, host in hosts.items()
        for key, value in {f"routers.{name}.rule": f"Host(`{host}`)", f"routers.{name}.tls": "true"}.items()
    }


TWO_BINDS = ["${A}:${B}", "${C}:${D}"]
TWO_PORTS = ["${A:-80}:${A:-80}", "${B:-443}:${B:-443}"]
TWO_ROUTERS = [
    line
    for name, host in (("${A}", "${H}"), ("${B}", "${I}"))
    for line in (f"routers.{name}.rule=Host(`{host}`)", f"routers.{name}.tls=true")
]


@pytest.mark.parametrize(
    ("git", "running", "told"),
    [
        ({"volumes": TWO_BINDS}, binds(("/s", "/t"), ("/u", "/v")), []),
        ({"volumes": [*TWO_BINDS, "/x:/x"]}, binds(("/x", "/x"), ("/u", "/v"), ("/s", "/t")), []),
        ({"volumes": ["${A}:${B}", "/q/${C}:${D}"]}, binds(("/q/a", "/t"), ("/u", "/v")), []),
        ({"volumes": TWO_BINDS, "environment": ["D=${D}"]}, binds(("/s", "/t"), ("/u", "/v")) | {"env": {"D": "/t"}}, []),
        ({"volumes": TWO_BINDS}, binds(("/s", "/t"), ("/u", "/v"), ("/w", "/x")), [("volumes./x", "added")]),
        ({"ports": TWO_PORTS}, published((81, "81/tcp"), (444, "444/tcp")), []),
        ({"ports": TWO_PORTS}, published((80, "80/tcp"), (444, "444/tcp")), []),
        ({"ports": TWO_PORTS}, published((444, "444/tcp")), []),
        ({"ports": TWO_PORTS[1:]}, published((80, "80/tcp"), (443, "443/tcp")), [("ports.80/tcp", "added")]),
        ({"ports": ["${R:-90-92}:${R:-90-92}/udp"]}, published(*((n, f"{n}/udp") for n in (90, 91, 92))), []),
        ({"ports": ["${R:-90-92}:${R:-90-92}/udp"]}, published(*((n, f"{n}/udp") for n in (7, 8, 9, 10))), []),
        ({"ports": ["${R:-90-92}:${R:-90-92}"]}, published((90, "90/tcp"), (92, "92/tcp")), [("ports.92/tcp", "added")]),
        ({"ports": ["${A:-80}:${A:-80}", "${R:-1-9}:${R:-1-9}"]}, published(*((n, f"{n}/tcp") for n in (80, 91, 92))), []),
        ({"volumes": ["${A:-/u}:${B:-/v}"]}, binds(("/s", "/t"), ("/u", "/v")), [("volumes./t", "added")]),
        ({"ports": [f"${{P{n}}}:${{Q{n}}}" for n in range(40)]}, published(*((n, f"{n}/tcp") for n in range(90, 120))), []),
        ({"devices": ["${A}", "${B}"]}, {"host": {"Devices": [
            {"PathOnHost": name, "PathInContainer": name, "CgroupPermissions": "rwm"} for name in ("/dev/a", "/dev/b")]}}, []),
        ({"cap_add": ["${A}", "${B}"]}, {"host": {"CapAdd": ["CAP_SYS_TIME", "CAP_NET_ADMIN"]}}, []),
        ({"tmpfs": ["${A}", "${B}"]}, {"host": {"Tmpfs": {"/a": "", "/b": ""}}}, []),
        ({"labels": TWO_ROUTERS}, {"labels": routers(web="a.b", api="c.d")}, []),
        ({"labels": TWO_ROUTERS}, {"labels": routers(web="a.b", api="c.d") | {"routers.api.tls": "false"}},
         [("labels.routers.api.tls", "changed")]),
        ({"labels": TWO_ROUTERS}, {"labels": routers(web="a.b", api="c.d") | {"routers.new.tls": "true"}},
         [("labels.routers.new.tls", "added")]),
    ],
)  # fmt: skip
def test_each_running_key_is_but_one_of_gits(
    git: dict[str, Any], running: dict[str, Any], told: list[tuple[str, str]]
) -> None:
    assert items(unify(git, container("web", "app", **running))) == told


def test_a_variable_that_exposes_a_port_is_none_that_the_image_does() -> None:
    exposed = {"53/udp": {}, "80/tcp": {}}
    running = container("web", "app", config={"ExposedPorts": exposed | {"5222/tcp": {}, "5269/tcp": {}}})
    git = {"expose": ["${CLIENTS:-5222}", "${SERVERS:-5269}"], "image": "plain:1", "mem_limit": "1g"}
    captured = capture([running], images=[image("plain:1", Cmd=["run"], ExposedPorts=exposed)])
    assert items(audit(captured, [baseline("web", {"services": {"app": git}})])) == [("mem_limit", "removed")]


@pytest.mark.parametrize(
    ("git", "running", "told"),
    [
        (["${P:-80}"], ["8000", "8001", "8002"], []),
        (["${P:-80}", "8001"], ["8000", "8001", "8002"], []),
        (["${P:-80}"], ["443", "80"], ["443/tcp"]),
        (["80"], ["80", "81"], ["81/tcp"]),
    ],
)
def test_a_variable_may_expose_a_range_of_ports(git: list[str], running: list[str], told: list[str]) -> None:
    exposed = {port if "/" in port else f"{port}/tcp": {} for port in running}
    document = unify({"expose": git}, container("web", "app", config={"ExposedPorts": exposed}))
    assert items(document) == [(f"expose.{port}", "added") for port in told]


@pytest.mark.parametrize(
    ("url", "label", "told"),
    [
        ("http://box:80/", "box", []),
        ("http://box:80/", "nas", ["labels.host"]),
        ("http://nas:80/", "box", ["environment.URL"]),
        ("http://nas:80/", "nas", []),
    ],
)
def test_where_a_variable_stands_twice_the_place_at_its_default_is_as_it_was(
    url: str, label: str, told: list[str]
) -> None:
    git = {"environment": {"URL": "http://${HOST:-box}:${PORT:-80}/${BASE:-}"}, "labels": {"host": "${HOST:-box}"}}
    document = unify(git, container("web", "app", env={"URL": url}, labels={"host": label}))
    assert [path for path, _ in items(document)] == told


@pytest.mark.parametrize(
    ("command", "running", "told"),
    [
        ("--level ${LEVEL:-warn} ${ARGS}", "--level warn", []),
        ("${OPTS} --level ${LEVEL:-warn} ${ARGS}", "--level warn", []),
        ("--level ${LEVEL:-warn} ${ARGS}", "--level warn --more", []),
        ("--level ${LEVEL:-warn} ${ARGS:---quiet}", "--level warn", ["command"]),
        ("--level ${LEVEL:-warn} ${ARGS}", "--other warn", ["command"]),
    ],
)
def test_a_variable_that_is_empty_leaves_no_word_in_a_command(command: str, running: str, told: list[str]) -> None:
    """Another service has another default: that of each shows that the variable is not set."""
    git = {
        "app": {"image": "plain:1", "environment": {"LEVEL": "${LEVEL:-info}"}},
        "job": {"image": "plain:1", "command": command},
    }
    seen = [container("web", "app", env={"LEVEL": "info"}), container("web", "job", config={"Cmd": running.split()})]
    assert [path for path, _ in items(unify({"services": git}, *seen))] == told


def test_services_share_their_keys_out_alike() -> None:
    own = {"one": [], "two": ["/z:/z"], "three": ["${E}:${F}"]}
    git = {name: {"image": "plain:1", "volumes": [*TWO_BINDS, *more]} for name, more in own.items()}
    both = [("/s", "/t"), ("/u", "/v")]
    running = {"one": both, "two": [*both[::-1], ("/z", "/z")], "three": [("/a", "/a"), *both]}
    document = unify({"services": git}, *(container("web", name, **binds(*mine)) for name, mine in running.items()))
    assert items(document) == []


@pytest.mark.parametrize(
    ("git", "running", "known", "told"),
    [
        ({"app": "${WHO:-larry}"}, {"app": "larry"}, {"TZ": "UTC"}, []),
        ({"app": "${WHO:-larry}"}, {"app": "moe"}, {"TZ": "UTC"}, ["app"]),
        ({"app": "${WHO:-larry}"}, {"app": "moe"}, {"WHO": "moe"}, []),
        ({"app": "${WHO:-larry}"}, {"app": "moe"}, {}, []),
        ({"app": "${WHO}"}, {"app": "moe"}, {"TZ": "UTC"}, []),
        ({"app": "${WHO:?}"}, {"app": "moe"}, {"TZ": "UTC"}, []),
        ({"app": "${HOSTNAME:-box}"}, {"app": "moe"}, {"TZ": "UTC"}, []),
        ({"app": "${COMPOSE_PROJECT_NAME:-box}"}, {"app": "web"}, {"TZ": "UTC"}, []),
        ({"app": "${COMPOSE_PORT_HTTPS:-9443}"}, {"app": "9444"}, {"TZ": "UTC"}, ["app"]),
        ({"app": "${WHO:-larry}", "db": "${WHO:-larry}"}, {"app": "moe", "db": "moe"}, {"TZ": "UTC"}, []),
        ({"app": "${WHO:-larry}", "db": "${WHO:-larry}"}, {"app": "moe", "db": "larry"}, {"TZ": "UTC"}, ["app"]),
        ({"app": "${WHO:-larry}", "db": "${WHO:-larry}"}, {"app": "moe", "db": "curly"}, {"TZ": "UTC"}, ["app", "db"]),
    ],
)
def test_what_a_known_dotenv_does_not_set_has_its_default(
    git: dict[str, str], running: dict[str, str], known: dict[str, str], told: list[str]
) -> None:
    """As with Compose, unless it has none, it is a shell's own, or services agree that a shell set it."""
    services = {name: {"image": "plain:1", "environment": {"OWNER": value}} for name, value in git.items()}
    seen = [container("web", name, env={"OWNER": value}) for name, value in running.items()]
    document = unify({"services": services}, *seen, variables=known)
    assert [service.service for service in document.services if service.items] == told
    assert items(document) == [("environment.OWNER", "changed")] * len(told)


@pytest.mark.parametrize(
    ("git", "host", "running", "told"),
    [
        # The host's file, as it is, and edited in one way or another.
        ("${WHO:-larry}", "${WHO:-larry}", "larry", False),
        ("${WHO:-larry}", "${WHO:-larry}", "moe", False),
        ("${WHO:-larry}", "moe", "moe", True),
        ("${WHO:-larry}", "larry", "larry", False),
        ("${WHO:-larry}", "${WHO:-moe}", "moe", True),
        ("${WHO:-larry}", "${WHO:-moe}", "curly", False),
        ("${WHO-larry}", "moe", "moe", True),
        ("a ${WHO:-larry} b", "a moe b", "a moe b", True),
        ("${WHO:-${THEM:-larry}}", "${WHO:-moe}", "moe", True),
        # Nothing says what git would come to.
        ("${WHO:-${THEM:-larry}}", "${WHO:-${THEM:-moe}}", "moe", False),
        ("${WHO}", "moe", "moe", False),
        ("${WHO:?}", "moe", "moe", False),
        ("${HOSTNAME:-box}", "moe", "moe", False),
    ],
)
def test_the_host_s_own_compose_file_tells_what_comes_of_a_variable(
    git: str, host: str, running: str, told: bool
) -> None:
    vault = Vault(KEY)
    text = yaml.safe_dump({"services": {"app": {"image": "plain:1", "environment": {"OWNER": host}}}})
    project = load_started([FILE], Started(services={"app"}), {FILE: text.encode()}.get)
    assert project is not None
    used = used_variables(project, {"app"}, vault)
    seen = container("web", "app", env={"OWNER": running}, labels={FILES: FILE})
    document = unify({"environment": {"OWNER": git}}, seen, vault=vault, compose_variables={FILE: used})
    assert items(document) == ([("environment.OWNER", "changed")] if told else [])
    assert items(unify({"environment": {"OWNER": git}}, seen)) == [], "which nobody can tell without it"


@pytest.mark.parametrize(
    ("git", "dotenv", "told"),
    [
        ("${NEW}", {"OLD": "moe"}, True),
        ("${NEW?}", {"OLD": "moe"}, False),  # which Compose would refuse: there is no value to compare
        ("${NEW}", {"OLD": "moe", "NEW": "moe"}, False),
        ("${NEW}", {"OLD": "moe", "NEW": None}, False),
        ("${NEW}", None, False),
        ("${HOSTNAME}", {"OLD": "moe"}, False),
        ("${OLD}", {}, False),
    ],
)
def test_a_variable_that_neither_the_host_s_file_nor_its_dotenv_knows_has_no_value(
    git: str, dotenv: dict[str, str | None] | None, told: bool
) -> None:
    vault = Vault(KEY)
    text = b"services: {app: {image: 'plain:1', environment: {OWNER: $OLD}}}"
    project = load_started([FILE], Started(services={"app"}), {FILE: text}.get)
    assert project is not None
    used = {FILE: used_variables(project, {"app"}, vault)}
    files = {} if dotenv is None else {"/opt/apps/stacks/web/.env": dotenv}
    seen = container("web", "app", env={"OWNER": "moe"}, labels={FILES: FILE})
    document = unify({"environment": {"OWNER": git}}, seen, vault=vault, compose_variables=used, dotenv=files)
    assert items(document) == ([("environment.OWNER", "changed")] if told else [])


def test_a_dotenv_that_sets_nothing_is_known_too() -> None:
    git, running = {"environment": {"OWNER": "${WHO:-larry}"}}, container("web", "app", env={"OWNER": "moe"})
    assert items(unify(git, running, dotenv={"/opt/apps/stacks/web/.env": {}})) == [("environment.OWNER", "changed")]
    assert items(unify(git, running, dotenv={"/elsewhere/.env": {}})) == []


@pytest.mark.parametrize("where", ["on the host", "in git"])
def test_what_a_dotenv_leaves_to_the_shell_is_set_all_the_same(where: str) -> None:
    """`WHO=$USER`: whatever it comes to, no default takes its place."""
    git, running = {"environment": {"OWNER": "${WHO:-larry}"}}, container("web", "app", env={"OWNER": "moe"})
    files: dict[str, Any] = {"/opt/apps/stacks/web/.env": {"WHO": None}}
    more: dict[str, Any] = {"dotenv": files} if where == "on the host" else {"variables": {"WHO": None}}
    assert items(unify(git, running, **more)) == []


def test_another_process_does_not_take_defaults_for_what_a_dotenv_sets() -> None:
    """It knows the names of a `.env` that was captured elsewhere, and no values."""
    vault = Vault(KEY)
    git = {"environment": {"OWNER": "${WHO:-larry}", "N": "${N:-2}"}}
    captured = capture(
        [container("web", "app", env={"OWNER": "moe55", "N": "1"})],
        images=[PLAIN], vault=vault, dotenv={"/opt/apps/stacks/web/.env": {"WHO": "moe55", "N": "1"}},
    )  # fmt: skip
    stack = baseline("web", {"services": {"app": {"image": "plain:1", **git}}})
    stored = at_rest(captured, [stack], vault)
    for later in (vault, Vault(KEY)):
        assert items(audit_stored(stored, [stack], later)) == []


@pytest.mark.parametrize("host", ["docs44", "docs.home"])
def test_another_process_takes_no_value_for_a_variable_that_has_another_token(host: str) -> None:
    """Neither a piece of a token, nor the shorter one of two names, of which it knows that it is not the zone."""
    vault = Vault(KEY)
    dotenv = {"/opt/apps/stacks/web/.env": {"HOST": host, "ZONE": "example.de"}}
    seen = container("web", "app", env={"URL": f"https://{host}.example.de", "MAIL": "me@example.de"})
    captured = capture([seen], images=[PLAIN], vault=vault, dotenv=dotenv)
    body = {"image": "plain:1", "environment": {"URL": "https://$HOST.$ZONE", "MAIL": "${MAIL:-me@$ZONE}"}}
    stack = baseline("web", {"services": {"app": body}})
    stored = at_rest(captured, [stack], vault)
    assert items(audit_stored(stored, [stack])) == []


@pytest.mark.parametrize(
    ("git", "port", "told"),
    [
        ("redis://:$A_PASSWORD@two:6379", "1", ["environment.URL"]),
        ("${A_PASSWORD}-other", "1", ["environment.URL"]),
        ("$A_PASSWORD", "2", ["command", "environment.URL"]),
        # What git has around secrets may be a part of them.
        ("$A_PASSWORD$B_PASSWORD", "1", []),
    ],
)
def test_another_process_sees_a_change_beside_a_secret_that_it_does_not_know(
    git: str, port: str, told: list[str]
) -> None:
    vault = Vault(KEY)
    dotenv = {"/opt/apps/stacks/web/.env": {"A_PASSWORD": "kX8w2pQz71", "B_PASSWORD": "else4Kq9zY"}}
    words = ["serve", "--requirepass", "kX8w2pQz71", "--port", "1"]
    seen = container("web", "app", env={"URL": "redis://:kX8w2pQz71@one:6379"}, config={"Cmd": words})
    captured = capture([seen], images=[PLAIN], vault=vault, dotenv=dotenv)
    command = f"serve --requirepass $A_PASSWORD --port {port}"
    stack = baseline(
        "web", {"services": {"app": {"image": "plain:1", "environment": {"URL": git}, "command": command}}}
    )
    stored = at_rest(captured, [stack], vault)
    assert [path for path, _ in items(audit_stored(stored, [stack]))] == told


def test_a_token_is_a_value_as_a_whole() -> None:
    """Whatever git has between two variables may stand in a token as well."""
    git = {"environment": {"API_TOKEN": "$ID.$CODE", "CLIENT": "$CODE/$ID"}}
    running = container("web", "app", env={"API_TOKEN": "abc.dE8f9Kq2zz", "CLIENT": "dE8f9Kq2zz/abc"})
    assert items(unify(git, running, vault=Vault(KEY))) == []


@pytest.mark.parametrize(("tag", "told"), [("", []), ("-alpine", [("image", "changed")])])
def test_what_has_one_spelling_that_git_explains_is_no_secret_in_another(tag: str, told: list[tuple[str, str]]) -> None:
    """The name of an image without its tag may stand in what the image says of itself, and in no file of git: however
    many words it is, another process knows it from there."""
    vault = Vault(KEY)
    name, words = "ghcr.io/of-two/words-each:latest", ["run", "ghcr.io/of-two/words-each"]
    seen = container("web", "app", config={"Image": name, "Cmd": words})
    captured = capture([seen], images=[image(name, Cmd=words)], vault=vault)
    stack = baseline("web", {"services": {"app": {"image": f"ghcr.io/of-two/words-each:${{TAG:-latest}}{tag}"}}})
    stored = at_rest(captured, [stack], vault)
    assert items(audit_stored(stored, [stack])) == told


@pytest.mark.parametrize(
    ("git", "running", "told"),
    [
        ("$ZONE", "Asia/Tokyo", False),
        ("$ZONE", "Europe/Paris", True),
        ("${ZONE:-UTC}", "UTC", True),
        ("${ZONE:-UTC}", "Asia/Tokyo", False),
        # As a part of a value it is not known there.
        ("in ${ZONE}", "in Asia/Tokyo", False),
    ],
)
def test_another_process_compares_whole_values_of_a_dotenv_by_their_tokens(git: str, running: str, told: bool) -> None:
    vault = Vault(KEY)
    dotenv = {"/opt/apps/stacks/web/.env": {"ZONE": "Asia/Tokyo"}}
    captured = capture([container("web", "app", env={"TZ": running})], images=[PLAIN], vault=vault, dotenv=dotenv)
    stack = baseline("web", {"services": {"app": {"image": "plain:1", "environment": {"TZ": git}}}})
    stored = at_rest(captured, [stack], vault)
    assert "Tokyo" not in str(stored.dotenv)
    assert items(audit_stored(stored, [stack])) == [("environment.TZ", "changed")] * told


@pytest.mark.parametrize(
    ("git", "running", "told"),
    [
        ({"environment": {"Q": "${N1:-${N2:-deep}}"}}, {"env": {"Q": "deep"}}, []),
        ({"environment": {"Q": "${N1:-${N2:-deep}}"}}, {"env": {"Q": "x"}}, [("environment.Q", "changed")]),
        ({"environment": {"Q": "a${N3:+b}"}}, {"env": {"Q": "a"}}, []),
        ({"environment": {"Q": "a${N3:+b}"}}, {"env": {"Q": "ab"}}, [("environment.Q", "changed")]),
        ({"cap_drop": ["${CD:-ALL}"]}, {"host": {"CapDrop": ["ALL"]}}, []),
        ({"cap_drop": ["${CD:-ALL}"]}, {}, [("cap_drop.ALL", "removed")]),
        (
            {"security_opt": ["no-new-privileges:${NNP:-true}"]},
            {},
            [("security_opt.no-new-privileges:true", "removed")],
        ),
    ],
)
def test_what_is_not_set_may_stand_in_defaults_keys_and_alternates(
    git: dict[str, Any], running: dict[str, Any], told: list[tuple[str, str]]
) -> None:
    assert items(unify(git, container("web", "app", **running), variables={"TZ": "UTC"})) == told


def test_networks_whose_names_are_all_variables_are_told_apart() -> None:
    networks = {key: {"external": True, "name": f"${{{key}_NET}}"} for key in ("back", "front", "other")}
    attached: dict[str, Any] = {name: {"Aliases": ["app", "web-app-1"]} for name in ("edge", "inner")}
    lone = {"inner": {"Aliases": ["db", "web-db-1"]}}
    app, db = (
        {"image": "plain:1", "networks": ["front", "back"]},
        {"image": "plain:1", "networks": ["front"]},
    )
    for names in (["edge", "inner"], ["inner", "edge"]):
        both = container("web", "app", networks={name: attached[name] for name in names})
        one = container("web", "db", networks=lone)
        assert items(unify({"services": {"app": app}, "networks": networks}, both)) == []
        assert items(unify({"services": {"app": app, "db": db}, "networks": networks}, both, one)) == []
        more = container("web", "app", networks={"by-hand": {}, **both["NetworkSettings"]["Networks"]})
        document = unify({"services": {"app": app}, "networks": networks}, more)
        assert items(document) == [("networks.by-hand", "added")]
    # Who has left one of them does not say which network the other services are on.
    left, web = (
        container("web", "app", networks={"inner": attached["inner"]}),
        {"image": "plain:1", "networks": ["front", "other"]},
    )
    there = container("web", "web", networks={name: {"Aliases": ["web"]} for name in ("edge", "more")})
    back = {"image": "plain:1", "networks": ["back"]}
    stack = {"services": {"app": app, "db": back, "web": web}, "networks": networks}
    assert items(unify(stack, left, one, there)) == [("networks.front", "removed")]


BOUND = {"PortBindings": {"80/tcp": [{"HostIp": "", "HostPort": "80"}]}}


@pytest.mark.parametrize(
    ("git", "running", "told", "uncompared"),
    [
        ({"ports": ["${P}:${P}"]}, {}, [("ports.${P}/tcp", "removed")], []),
        ({"ports": ["${P}:${P}", "${Q}:${Q}"]}, {}, [("ports.${P}/tcp", "removed"), ("ports.${Q}/tcp", "removed")], []),
        ({"ports": ["${P}:${P}", "80:80"]}, {"host": BOUND}, [], ["ports.${P}/tcp"]),
        ({"ports": ["${P}:${P}", "81:81"]}, {"host": BOUND}, [("ports.81/tcp", "removed")], []),
        ({"ports": ["${P}:${P}/udp", "80:80"]}, {"host": BOUND}, [("ports.${P}/udp", "removed")], []),
        ({"ports": ["${P}81"]}, {"host": BOUND}, [("ports.${P}81/tcp", "removed"), ("ports.80/tcp", "added")], []),
        ({"ports": ["${P}80", "${Q}81"]}, {"host": BOUND}, [("ports.${Q}81/tcp", "removed")], []),
        ({"devices": ["${DRI}:${DRI}"]}, {}, [("devices.${DRI}", "removed")], []),
        (
            {"security_opt": ["no-new-privileges:${NNP:-true}"]},
            {"host": {"SecurityOpt": ["label=disable"], "Privileged": True}},
            [("privileged", "added"), ("security_opt.no-new-privileges:${NNP:-true}", "removed")],
            [],
        ),
        ({"cap_drop": ["${CAP}"]}, {}, [("cap_drop.${CAP}", "removed")], []),
        ({"labels": ["a.${N}.b=1"]}, {"labels": {"a.b": "1"}}, [("labels.a.${N}.b", "removed"), ("labels.a.b", "added")], []),
        ({"environment": ["A_${N}=1", "B_${N}"]}, {}, [("environment.A_${N}", "removed")], []),
        ({"environment": ["A_${N}=1", "${M}_X=2"]}, {"env": {"A_X": "2"}}, [], ["environment.A_${N}"]),
        ({"expose": ["${P}"], "ports": ["80:80"]}, {"host": BOUND}, [], ["expose.${P}"]),
        ({"services": {"app": {"image": "plain:1", "environment": ["${A}_${B}=1"], "hostname": "${A}"}}},
         {"config": {"Hostname": "one"}}, [("environment.${A}_${B}", "removed")], []),
    ],
)  # fmt: skip
def test_what_runs_under_no_name_that_its_variable_can_give_is_gone(
    git: dict[str, Any], running: dict[str, Any], told: list[tuple[str, str]], uncompared: list[str]
) -> None:
    document = unify(git, container("web", "app", **running))
    assert items(document) == told
    assert [path for path in document.services[0].uncompared if "$" in path] == sorted(uncompared)


def test_replicas_are_known_where_their_variable_is_not_set() -> None:
    seen = [container("web", "app", number=number) for number in (1, 2, 3)]
    git = {"scale": "${R:-1}"}
    assert items(unify(git, *seen, variables={"TZ": "UTC"})) == [("scale", "changed")]
    assert items(unify(git, seen[0], variables={"TZ": "UTC"})) == []
    assert items(unify(git, *seen)) == []


def test_one_variable_may_be_unset_in_one_place_and_have_a_default_of_its_own_in_another() -> None:
    git = {
        "a": {"image": "plain:1", "environment": {"TZ": "${TZ:-${TIMEZONE:-UTC}}"}},
        "b": {"image": "plain:1", "environment": {"TZ": "${TZ:-Europe/Paris}"}},
    }
    running = [container("web", name, env={"TZ": value}) for name, value in (("a", "UTC"), ("b", "Europe/Paris"))]
    assert items(unify({"services": git}, *running)) == []


def test_a_removed_variable_tells_nothing_of_what_git_put_into_it() -> None:
    git = {"environment": {"DB": "${DB}", "TZ": "UTC"}, "command": ["ready", "-d", "${DB}"]}
    document = unify(git, container("web", "app", env={"TZ": "UTC"}, config={"Cmd": ["ready", "-d", "shop"]}))
    assert items(document) == [("environment.DB", "removed")]


@pytest.mark.parametrize(
    ("git", "shown"),
    [
        ({"environment": {"A": "${DB_PASSWORD:-kX8w2pQz71} x"}}, "${DB_PASSWORD:-<secret>} x"),
        ({"environment": {"DB_PASSWORD": "${PGX:-kX8w2pQz71}"}}, "${PGX:-<secret>}"),
        ({"environment": {"DB_PASSWORD": "${PGX}"}}, "${PGX}"),
        ({"environment": {"DB_PASSWORD": "${A:-${B:-kX8w2pQz71}}"}}, "${A:-<secret>}"),
        ({"environment": {"DB_PASSWORD": "kX8w2pQz71${PGX}"}}, "<secret>"),
        ({"environment": {"URL": "http://u:${XY:-kX8w2pQz71}@h/${Z:-z}"}}, "http://u:${XY:-<secret>}@h/${Z:-z}"),
        ({"environment": {"URL": "http://u:kX8w2pQz71@h/${Z:-z}"}}, "http://u:<secret>@h/${Z:-z}"),
        ({"command": ["serve", "--password", "${XY:-kX8w2pQz71}"]}, ["serve", "--password", "${XY:-<secret>}"]),
        ({"labels": {"a": "${TITLE:-plain}"}}, "${TITLE:-plain}"),
    ],
)
def test_a_default_is_as_secret_as_the_variable(git: dict[str, Any], shown: Any) -> None:
    """Of what git says with variables in it, the secrets that stand there in clear are not shown."""
    (key, _), *_ = git.items()
    document = unify(git, container("web", "app", env={}), variables={"TZ": "UTC"})
    (item,) = document.services[0].items
    assert (item.path.partition(".")[0], item.change, item.baseline) == (key, "removed", shown)
    assert "kX8w2pQz71" not in str(document.to_json())


def test_a_key_that_several_services_have_is_the_one_that_all_of_them_run() -> None:
    git = {
        name: {"image": "plain:1", "volumes": [f"${{{own}}}:${{{own}}}" for own in mine]}
        for name, mine in {"radarr": ("DOWN", "FILMS"), "sonarr": ("DOWN", "TV"), "bazarr": ("TV", "FILMS")}.items()
    }
    running = {"radarr": ("/a", "/z"), "sonarr": ("/m", "/z"), "bazarr": ("/a", "/m")}
    seen = [container("web", name, **binds(*((path, path) for path in paths))) for name, paths in running.items()]
    assert items(unify({"services": git}, *seen)) == []


@pytest.mark.parametrize(
    ("git", "mode", "told"),
    [
        ("${WHERE:-./v}:/srv/zebra42/x:ro", "ro", []),
        ("${WHERE:-./v}:/srv/zebra42/x:ro", "", [("volumes./srv/zebra42/x", "changed")]),
        ("/opt/zebra42:/srv/zebra42/x", "", [("volumes./srv/zebra42/x", "changed")]),
        ("$FOLDER:/srv/zebra42/x:ro", "ro", []),
        ("$FOLDER:/srv/zebra42/x:ro", "", [("volumes./srv/zebra42/x", "changed")]),
    ],
)
def test_another_process_knows_the_words_that_git_has_too(git: str, mode: str, told: list[tuple[str, str]]) -> None:
    """A value of a `.env` is sealed wherever it stands, be it in a path that has nothing to do with it."""
    vault = Vault(KEY)
    mount = {"Type": "bind", "Source": "/opt/apps/stacks/web/v", "Destination": "/srv/zebra42/x", "RW": mode != "ro"}
    seen = container("web", "app", env={"HOST": "zebra42"}, mounts=[mount], config={"Cmd": ["run", "zebra42"]})
    files = {"/opt/apps/stacks/web/.env": {"NAME": "zebra42", "FOLDER": "./v"}}
    captured = capture([seen], images=[image("plain:1", Cmd=["run", "zebra42"])], vault=vault, dotenv=files)
    body = {"image": "plain:1", "environment": {"HOST": "$NAME"}, "volumes": [git]}
    stack = baseline("web", {"services": {"app": body}})
    stored = at_rest(captured, [stack], vault)
    assert "zebra42" not in str(stored.containers)
    for later in (vault, Vault(KEY)):
        assert items(audit_stored(stored, [stack], later)) == told


@pytest.mark.parametrize(
    ("git", "running", "told", "uncompared"),
    [
        ({"include": ["of/${MACHINE}.yml"], "services": {}}, "yak5yak", [], []),
        ({"include": ["of/${MACHINE}.yml"], "services": {}}, "2", [("environment.A", "changed")], []),
        (
            {"services": {"app": {"image": "plain:1", "env_file": "of/${MACHINE}.env"}}},
            "2", [], ["may come from /opt/apps/stacks/web/of/${MACHINE}.env, which git doesn't have"],
        ),
    ],
)  # fmt: skip
def test_another_process_does_not_know_the_name_of_a_file(
    git: dict[str, Any], running: str, told: list[tuple[str, str]], uncompared: list[str]
) -> None:
    vault = Vault(KEY)
    dotenv = {"/opt/apps/stacks/web/.env": {"MACHINE": "zebra42", "OTHER": "yak5yak"}}
    captured = capture([container("web", "app", env={"A": running})], images=[PLAIN], vault=vault, dotenv=dotenv)
    included = "services: {app: {image: 'plain:1', environment: {A: $OTHER}}}"
    stack = baseline("web", git, extra={"of/zebra42.yml": included})
    stored = at_rest(captured, [stack], vault)
    document = audit_stored(stored, [stack])
    assert items(document) == told
    assert list(document.services[0].uncompared.values()) == uncompared


def test_no_token_is_in_what_is_told_of_a_name() -> None:
    vault = Vault(KEY)
    dotenv = {"/opt/apps/stacks/web/.env": {"ZONE": "zebra42"}}
    seen = container("web", "app", host={"ExtraHosts": ["a.zebra42:10.9.8.7"]})
    captured = capture([seen], images=[PLAIN], vault=vault, dotenv=dotenv)
    stack = baseline("web", {"services": {"app": {"image": "plain:1", "labels": ["z=$ZONE"]}}})
    stored = at_rest(captured, [stack], vault)
    document = audit_stored(stored, [stack])
    assert ("extra_hosts.a.<secret>", "added") in items(document)
    assert "<secret#" not in str(document)


@pytest.mark.parametrize("name", ["x${ZONE}", "${OTHER:-x${ZONE}}", "${OTHER:-${ANOTHER:-x${ZONE}}}"])
def test_another_process_does_not_know_what_a_name_holds(name: str) -> None:
    vault = Vault(KEY)
    dotenv = {"/opt/apps/stacks/web/.env": {"ZONE": "zebra42"}}
    captured = capture([container("web", "app", labels={"xzebra42": "1"})], images=[PLAIN], vault=vault, dotenv=dotenv)
    stack = baseline("web", {"services": {"app": {"image": "plain:1", "labels": [f"{name}=1"]}}})
    stored = at_rest(captured, [stack], vault)
    assert items(audit_stored(stored, [stack])) == []


@pytest.mark.parametrize(
    ("key", "git", "told"),
    [
        ("hostname", "${NAME:-}", None),
        ("hostname", "${NAME:-}-other", "removed"),
        ("container_name", "${NAME:-}", None),
        ("container_name", "${NAME:-}-other", "removed"),
    ],
)
def test_another_process_knows_the_names_that_nobody_gave(key: str, git: str, told: str | None) -> None:
    """What engine and Compose make up is no variable's value, so it isn't sealed."""
    vault = Vault(KEY)
    seen = container("web", "app", config={"Hostname": "4f0c1d2e3a4b"})
    captured = capture([seen], images=[PLAIN], vault=vault, dotenv={"/opt/apps/stacks/web/.env": {}})
    stack = baseline("web", {"services": {"app": {"image": "plain:1", key: git}}})
    stored = at_rest(captured, [stack], vault)
    for later in (vault, Vault(KEY)):
        assert items(audit_stored(stored, [stack], later)) == ([(key, told)] if told else [])


def test_a_dotenv_that_breaks_the_load_sets_its_variables_all_the_same() -> None:
    """To what, is as good as unknown; but no default takes their place."""
    dotenv = {"/opt/apps/stacks/web/.env": {"PORT": "none", "WHO": "moe"}}
    git = {"environment": {"OWNER": "${WHO:-larry}"}, "ports": ["${PORT}:80"]}
    seen = container("web", "app", env={"OWNER": "moe"}, host={"PortBindings": {"80/tcp": [{"HostPort": "8080"}]}})
    assert items(unify(git, seen, dotenv=dotenv)) == []


IN_THE_OPEN: dict[str, tuple[dict[str, Any], dict[str, Any]]] = {
    "variable": ({"environment": ["A_${API_KEY}=1"]}, {"env": {"A_zebra42yak": "1"}}),
    "label": ({"labels": ["a.${API_KEY}.b=1"]}, {"labels": {"a.zebra42yak.b": "1"}}),
    "device": (
        {"devices": ["/dev/null:/dev/${API_KEY}"]},
        {"host": {"Devices": [
            {"PathOnHost": "/dev/null", "PathInContainer": "/dev/zebra42yak", "CgroupPermissions": "rwm"}]}},
    ),
    "mount": (
        {"volumes": ["/srv/x:/srv/${API_KEY}"]},
        {"mounts": [{"Type": "bind", "Source": "/srv/x", "Destination": "/srv/zebra42yak", "RW": True}]},
    ),
    "network": (
        {"services": {"app": {"image": "plain:1", "networks": ["n"]}}, "networks": {"n": {"name": "${API_KEY}"}}},
        {"networks": {"zebra42yak": {"Aliases": ["web-app-1", "app"]}}},
    ),
}  # fmt: skip


@pytest.mark.parametrize("where", IN_THE_OPEN)
@pytest.mark.parametrize("later", [False, True])
def test_what_is_called_like_a_secret_may_stand_in_a_name(where: str, later: bool) -> None:
    """An engine shows such a name in clear, so what the `.env` says is no token there."""
    git, running = IN_THE_OPEN[where]
    vault = Vault(KEY)
    dotenv = {"/opt/apps/stacks/web/.env": vault.seal_mapping({"API_KEY": "zebra42yak"})}
    captured = capture([container("web", "app", **running)], images=[PLAIN], vault=vault, dotenv=dotenv)
    stack = baseline("web", git if "services" in git else {"services": {"app": {"image": "plain:1", **git}}})
    document = (
        audit_stored(at_rest(captured, [stack], vault), [stack]) if later else audit(captured, [stack], vault=vault)
    )
    assert items(document) == []


def test_another_value_in_a_name_is_told_without_it() -> None:
    vault = Vault(KEY)
    body = {"image": "plain:1", "labels": ["a.${API_KEY}.b=1"], "environment": {"URL": "http://x/?v=${API_KEY}"}}
    seen = container("web", "app", labels={"a.other.b": "1"}, env={"URL": "http://x/?v=zebra42yak"})
    document = unify(
        {"services": {"app": body}}, seen, vault=vault, variables=vault.seal_mapping({"API_KEY": "zebra42yak"})
    )
    assert items(document) == [("labels.a.${API_KEY}.b", "removed"), ("labels.a.other.b", "added")]
    assert "zebra42yak" not in str(document.to_json())


def _included(name: str) -> str:
    body = (
        f"{{image: 'plain:1', environment: {{A: '${{V:-d}}', B: 'x-${{V:-d}}'}}, hostname: '${{{name.upper()}_KEY}}'}}"
    )
    return f"services: {{{name}: {body}}}"


@pytest.mark.parametrize("env", [{}, {"one/.env": "V=1"}, {"one/.env": "V=1", "two/.env": "W=1"}])
@pytest.mark.parametrize("known", [None, {}, {"OTHER": "1"}])
@pytest.mark.parametrize(("host", "told"), [("h", []), ("other", [("environment.B", "changed")])])
def test_each_included_folder_has_variables_of_its_own(
    env: dict[str, str], known: dict[str, str] | None, host: str, told: list[tuple[str, str]]
) -> None:
    """What the `.env` of one says is nothing to the others, whether git has it or not."""
    git = {"include": ["one/compose.yml", "two/compose.yml"], "services": {}}
    files = {f"{name}/compose.yml": _included(name) for name in ("one", "two")}
    dotenv = {} if known is None else {"/opt/apps/stacks/web/.env": known}
    values = {"one": "1", "two": "d"}
    seen = [
        container(
            "web",
            name,
            env={"A": value, "B": f"x-{value}" if host == "h" or name == "two" else "x-3"},
            config={"Hostname": "h"},
        )
        for name, value in values.items()
    ]
    stack = baseline("web", git, extra={**files, **env})
    document = audit(capture(seen, images=[PLAIN], dotenv=dotenv), [stack])
    if told and not env:
        # Either may be the odd one out: both stand on one variable.
        (item,) = [item for service in document.services for item in service.items]
        assert (item.note, item.variables, item.baseline) == ("one variable, two values", ("V",), "x-${V:-d}")
    else:
        assert items(document) == told


def test_what_nobody_can_see_binds_no_variable() -> None:
    """Where a container does not show a value, its row takes git's own word for it."""
    row = next(row for row in TABLE if row.key == "volumes")
    mount = Mount("bind", "/srv/x", False, (("selinux", "\ue0000\ue001"),))
    leaves = {"volumes./x": Leaf(mount)}
    assert list(pairs_of(Sight(service="app", created="", row=row, wanted=leaves, found=leaves, given={}))) == []


@pytest.mark.parametrize(
    ("value", "git", "running"),
    [
        ("zebra42yak", {"labels": ["a.${API_KEY}.b=1"]}, {"labels": {"a.zebra42yak.b": "1"}}),
        ("8080", {"ports": ["${API_KEY}:80"]}, {"host": {"PortBindings": {"80/tcp": [{"HostIp": "", "HostPort": "8080"}]}}}),
        ("zebra42yak", {"deploy": {"labels": {"auth": "${API_KEY}"}}}, {}),
        ("zebra42yak", {"configs": {"c": {"content": "key=${API_KEY}"}}}, {}),
        ("zebra42yak", {"volumes": {"v": {"driver_opts": {"type": "cifs", "o": "password=${API_KEY}"}}}}, {}),
    ],
    ids=["label", "port", "swarm", "config", "volume"],
)  # fmt: skip
@pytest.mark.parametrize("later", [False, True])
def test_another_secret_is_told_though_the_variable_stands_elsewhere_too(
    value: str, git: dict[str, Any], running: dict[str, Any], later: bool
) -> None:
    """Another process knows no more of it than its token, which one of two running values has."""
    around = {key: git[key] for key in ("configs", "volumes") if key in git}
    body = {"image": "plain:1", "environment": {"X": "${API_KEY}"}, **({} if around else git)}
    stack = baseline("web", {"services": {"app": body}, **around})
    seen = container("web", "app", env={"X": "giraffe77gnu"}, **running)
    vault = Vault(KEY)
    dotenv = {"/opt/apps/stacks/web/.env": vault.seal_mapping({"API_KEY": value})}
    captured = capture([seen], images=[PLAIN], vault=vault, dotenv=dotenv)
    document = (
        audit_stored(at_rest(captured, [stack], vault), [stack]) if later else audit(captured, [stack], vault=vault)
    )
    assert items(document) == [("environment.X", "changed")]
    assert {"zebra42yak", "giraffe77gnu"}.isdisjoint(re.findall(r"\w+", str(document.to_json())))
