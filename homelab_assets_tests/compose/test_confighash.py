"""Compose's label, computed: against recorded hashes, and against the plugin."""

import subprocess
from pathlib import Path
from typing import Any

import pytest

from homelab_assets.compose.confighash import config_hashes, go_json
from homelab_assets_tests.compose.plugin import (
    RECORDED,
    REFUSED,
    Case,
    answer_of_plugin,
    cases,
    loaded,
    need_plugin,
    plugin_environment,
)

IMAGE_ONLY = Case(name="n", files={"compose.yaml": "services: {a: {image: busybox}}"})
RICH = Case(
    name="r",
    files={
        "compose.yaml": """
services:
  a:
    image: x
    command: ["<&>", "é"]
    deploy: {replicas: 2, resources: {limits: {cpus: "0.5", memory: 1g}}}
    depends_on: [b]
    profiles: [p]
    devices: [/dev/a]
    configs: [{source: c, mode: 0440}]
    build: .
  b: {image: x}
configs: {c: {file: /c}}
"""
    },
    profiles=("p",),
)


@pytest.mark.parametrize("case", [IMAGE_ONLY, RICH], ids=["plain", "rich"])
def test_hashes_of_versions(case: Case, request: pytest.FixtureRequest) -> None:
    service = loaded(case).services["a"]
    wanted = HASHES[request.node.callspec.id]
    assert {version: next(config_hashes(service, version)) for version in wanted} == wanted


# Of 2.40.3 and 2.26.1 as the plugins print them.
HASHES: dict[str, dict[str, str | None]] = {
    "plain": {
        "2.40.3": "2afd7866203dca40993313263173003833e9de9c3ad83f2f59484e32a5605234",
        "2.26.1": "2afd7866203dca40993313263173003833e9de9c3ad83f2f59484e32a5605234",
        "2.29.7": "2afd7866203dca40993313263173003833e9de9c3ad83f2f59484e32a5605234",
        "v2.35.0-desktop.1": "2afd7866203dca40993313263173003833e9de9c3ad83f2f59484e32a5605234",
    },
    "rich": {
        "2.40.3": "43ecd7c9619d5eb9797f4d9f4cf424cdf89b77776ceaf9fd693bd045ed229240",
        "2.26.1": "2ebc25c14c3baf28cb0680fd56e7a952b2bab0317c830dee7f0330acac1a491d",
        "2.29.7": "ef3ef8e5d4f501d17cb67be92f231f23a1e063353fad5fa4ae01d99e6ff7e181",
        "v2.35.0-desktop.1": "43ecd7c9619d5eb9797f4d9f4cf424cdf89b77776ceaf9fd693bd045ed229240",
    },
}


_FOLDER = "C:\\Users\\Public\\MediaStack"
OF_COMPOSE_5: dict[str, tuple[str, dict[str, Any], str]] = {
    # What Compose holds its own hash against, from 5.6 on (docker/compose, pkg/compose/hash_test.go).
    "its own": (
        "5.6.0",
        {
            "annotations": {"note": "x"}, "cap_add": ["NET_ADMIN"], "command": ["nginx", "-g", "daemon off;"],
            "deploy": {"replicas": 3, "resources": {}, "placement": {}}, "entrypoint": None,
            "environment": {"A": "1", "B": None}, "extra_hosts": ["alpha=10.0.0.1"],
            "healthcheck": {"test": ["CMD", "true"]}, "image": "nginx:latest", "labels": {"com.example": "v"},
            "networks": {"default": None}, "ports": [{"target": 80, "published": "8080", "protocol": "tcp"}],
            "restart": "always", "stdin_open": True, "tty": True, "user": "nobody",
            "volumes": [{"type": "volume", "source": "data", "target": "/data"}],
        },
        "75bc312132c71fac4971d123202631b6978ac9d796336621af744d46611b42a2",
    ),
    # Seen on containers of an Engine 29.
    "a volume": (
        "5.1.3",
        {
            "command": ["sh", "-c", 'exec redis-server --appendonly yes --requirepass "$(cat /run/secrets/redis_password)"'],
            "entrypoint": None,
            "healthcheck": {
                "test": ["CMD-SHELL", 'REDISCLI_AUTH="$(cat /run/secrets/redis_password)" redis-cli ping'],
                "timeout": "3s", "interval": "10s", "retries": 5, "start_period": "10s",
            },
            "image": "redis:alpine", "networks": {"default": None}, "restart": "unless-stopped",
            "secrets": [{"source": "redis_password", "target": "/run/secrets/redis_password"}],
            "volumes": [{"type": "volume", "source": "redis_data_prod", "target": "/data", "volume": {}}],
        },
        "974ea8109f574bad226e0fd4a99699a2f2d4c0a8abb31a37c3bbae99f8e87cbc",
    ),
    "binds": (
        "5.3.1",
        {
            "command": None, "container_name": "transmission", "entrypoint": None,
            "environment": {"PGID": "1000", "PUID": "1000", "TZ": "America/New_York"},
            "image": "lscr.io/linuxserver/transmission:latest", "labels": {"autoheal": "true"},
            "networks": {"default": None},
            "ports": [
                {"mode": "ingress", "target": 9091, "published": "9091", "protocol": "tcp"},
                {"mode": "ingress", "target": 51413, "published": "51413", "protocol": "tcp"},
                {"mode": "ingress", "target": 51413, "published": "51413", "protocol": "udp"},
            ],
            "restart": "unless-stopped",
            "volumes": [
                {"type": "bind", "source": f"{_FOLDER}\\{source}", "target": target, "bind": {"create_host_path": True}}
                for source, target in (
                    ("transmission\\config", "/config"), ("downloads", "/downloads"), ("transmission\\watch", "/watch"),
                )
            ],
        },
        "97417746fa3c746b4aac76692afabd126072e797c506216d4eeda769e587d1c0",
    ),
}  # fmt: skip


@pytest.mark.parametrize("name", OF_COMPOSE_5)
def test_hashes_of_compose_5(name: str) -> None:
    version, service, wanted = OF_COMPOSE_5[name]
    computed = list(config_hashes(service, version))
    assert computed[0] == wanted
    assert computed[-1] is None, "another hash proves nothing"
    assert wanted not in list(config_hashes({**service, "user": "somebody"}, version))


def test_compose_5_says_of_a_bind_what_is_not_so_by_default() -> None:
    def printed(version: str, bind: dict[str, Any] | None) -> list[str | None]:
        mount = {"type": "bind", "source": "/a", "target": "/a", **({} if bind is None else {"bind": bind})}
        return list(config_hashes({**loaded(IMAGE_ONLY).services["a"], "volumes": [mount]}, version))[:-1]

    as_today = {text: printed("2.41.0", bind) for text, bind in _BINDS.items()}
    unsaid, refused = as_today["unsaid"], as_today["refused"]
    assert printed("5.0.0", {"create_host_path": True, "recursive": "disabled"}) == unsaid
    assert printed("5.0.0", {"recursive": "disabled"}) == [*unsaid, *refused], "either may stand in the file"
    assert printed("5.0.0", None) == as_today["none"]


_BINDS: dict[str, dict[str, Any] | None] = {
    "unsaid": {"recursive": "disabled"},
    "refused": {"create_host_path": False, "recursive": "disabled"},
    "none": None,
}


def test_shared_namespaces_need_the_id() -> None:
    service = {**loaded(IMAGE_ONLY).services["a"], "network_mode": "service:vpn", "volumes_from": ["vpn:ro"]}
    assert list(config_hashes(service, "2.40.3")) == [None]
    resolved = {**service, "network_mode": "container:" + "1" * 64, "volumes_from": ["container:" + "1" * 64]}
    known = config_hashes(service, "2.40.3", container_ids={"vpn": "1" * 64})
    assert list(known) == list(config_hashes(resolved, "2.40.3"))


@pytest.mark.parametrize(
    ("value", "text"),
    [
        ("a<b>&\u2028", '"a\\u003cb\\u003e\\u0026\\u2028"'),
        ("é\n\x01", '"é\\n\\u0001"'),
        (0.1, "0.1"),
        (1e-7, "1e-7"),
        (0.00001, "0.00001"),
        (1.5e-5, "0.000015"),
        (2.0, "2"),
        ([None, True], "[null,true]"),
        ({"b": 1, "a": {}}, '{"b":1,"a":{}}'),
    ],
)
def test_json_as_go_prints_it(value: object, text: str) -> None:
    assert go_json(value) == text


# `config --hash` does not resolve these, the label does.
_UNRESOLVED = ("env_file", "label_file", "service:", "volumes_from", "include")
HASHED = [
    case
    for case in cases()
    if RECORDED[case.name] != REFUSED and not any(word in "".join(case.files.values()) for word in _UNRESOLVED)
]


@pytest.mark.lab
@pytest.mark.parametrize("case", HASHED, ids=lambda case: case.name)
def test_compose_computes_the_same(case: Case, tmp_path: Path) -> None:
    need_plugin()
    answer_of_plugin(case, tmp_path)  # writes the files
    command = ["docker", "compose", *(part for name in case.load for part in ("-f", str(tmp_path / name)))]
    command += [part for profile in case.profiles for part in ("--profile", profile)]
    environment = plugin_environment(case, tmp_path)
    done = subprocess.run(
        [*command, "config", "--hash", "*"], cwd=tmp_path, env=environment, capture_output=True, text=True, check=True
    )
    expected = dict(line.split() for line in done.stdout.splitlines() if line.strip())
    project = loaded(case, str(tmp_path))
    assert {name: next(config_hashes(service, "2.40.3")) for name, service in project.services.items()} == expected
