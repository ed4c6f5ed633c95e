"""Every kind of manual change that compose can express: found on a changed capture, backported, and then gone."""

import copy
import re
from collections.abc import Callable, Sequence
from typing import Any

import pytest
from msgspec.structs import replace

from homelab_assets.audit import capture, load
from homelab_assets.drift.compare import compare_all
from homelab_assets.drift.document import DriftDocument
from homelab_assets.drift.policy import policy_from
from homelab_assets.lab.settings import load_lab
from homelab_assets.labels import name_of
from homelab_assets.model import Baseline, Captured
from homelab_assets.remediation.identity import Identity
from homelab_assets.remediation.loading import load_model
from homelab_assets.remediation.plan import RemediationPlan
from homelab_assets.remediation.planner import plan_remediation
from homelab_assets.remediation.proof import Overlay
from homelab_assets.rendering.remediation_text import plans_terminal
from homelab_assets.secrecy import Vault

VAULT = Vault(b"k" * 32)
NOW = "2026-11-23T06:00:00Z"
Change = Callable[[dict[str, Any]], None]


def env(name: str, value: str | None) -> Change:
    def change(document: dict[str, Any]) -> None:
        lines = [line for line in document["Config"]["Env"] if line.partition("=")[0] != name]
        document["Config"]["Env"] = [*lines, *([f"{name}={value}"] if value is not None else [])]

    return change


def label(name: str, value: str | None) -> Change:
    def change(document: dict[str, Any]) -> None:
        document["Config"]["Labels"].pop(name, None)
        if value is not None:
            document["Config"]["Labels"][name] = value

    return change


def config(key: str, value: Any) -> Change:
    return lambda document: document["Config"].update({key: value})


def host(key: str, value: Any) -> Change:
    return lambda document: document["HostConfig"].update({key: value})


def ports(**bindings: list[dict[str, str]]) -> Change:
    def change(document: dict[str, Any]) -> None:
        for port, values in bindings.items():
            key = port.removeprefix("p").replace("_", "/")
            document["HostConfig"]["PortBindings"] = {
                **(document["HostConfig"]["PortBindings"] or {}),
                key: values,
            }
            if not values:
                del document["HostConfig"]["PortBindings"][key]

    return change


def mount(source: str, target: str, *, writable: bool = True, kind: str = "bind") -> Change:
    def change(document: dict[str, Any]) -> None:
        rest = [m for m in document["Mounts"] if m["Destination"] != target]
        name = {"Name": source} if kind == "volume" else {}
        new = {"Type": kind, "Source": source, "Destination": target, "RW": writable, "Mode": "", **name}
        document["Mounts"] = [*rest, *([new] if source else [])]

    return change


def network(name: str, attached: bool = True) -> Change:
    def change(document: dict[str, Any]) -> None:
        networks = document["NetworkSettings"]["Networks"]
        if attached:
            networks[name] = copy.deepcopy(next(iter(networks.values())))
        else:
            del networks[name]

    return change


MUTATIONS: Sequence[tuple[str, str, Change]] = [
    ("pihole", "environment.PIHOLE_DNS_", env("PIHOLE_DNS_", "8.8.8.8;8.8.4.4")),
    ("pihole", "environment.DNSSEC", env("DNSSEC", None)),
    ("pihole", "environment.REV_SERVER", env("REV_SERVER", "true")),
    ("pihole", "environment.ADMIN_PASSWORD", env("ADMIN_PASSWORD", "hunter2-hunter2")),
    ("pihole", "ports.53/udp", ports(p53_udp=[])),
    ("pihole", "ports.80/tcp", ports(p80_tcp=[{"HostIp": "", "HostPort": "80"}])),
    ("pihole", "ports.443/tcp", ports(p443_tcp=[{"HostIp": "", "HostPort": "8443"}])),
    ("pihole", "dns", host("Dns", ["9.9.9.9"])),
    ("pihole", "extra_hosts.nas.lan", host("ExtraHosts", ["router.lan:192.168.50.1", "nas.lan:192.168.50.2"])),
    ("pihole", "cap_add.SYS_TIME", host("CapAdd", ["CAP_NET_ADMIN", "CAP_SYS_TIME"])),
    ("pihole", "hostname", config("Hostname", "dns")),
    ("pihole", "volumes./etc/pihole", mount("/srv/pihole", "/etc/pihole")),
    ("pihole", "volumes./etc/dnsmasq.d", mount("", "/etc/dnsmasq.d")),
    ("pihole", "volumes./backup", mount("/srv/backup", "/backup", writable=False)),
    ("pihole", "volumes./cache", mount("pihole_cache", "/cache", kind="volume")),
    ("bazarr", "image", config("Image", "lscr.io/linuxserver/bazarr:1.4.4")),
    ("bazarr", "restart", host("RestartPolicy", {"Name": "on-failure", "MaximumRetryCount": 3})),
    ("bazarr", "environment.TZ", env("TZ", "UTC")),
    ("bazarr", "environment.EXTRA", env("EXTRA", "a $b ${c}")),
    ("bazarr", "labels.traefik.enable", label("traefik.enable", "true")),
    ("bazarr", "mem_limit", host("Memory", 536870912)),
    ("bazarr", "cpus", host("NanoCpus", 1500000000)),
    ("bazarr", "pids_limit", host("PidsLimit", 200)),
    ("bazarr", "shm_size", host("ShmSize", 268435456)),
    ("bazarr", "privileged", host("Privileged", True)),
    ("bazarr", "read_only", host("ReadonlyRootfs", True)),
    ("bazarr", "user", config("User", "1000:1000")),
    ("bazarr", "working_dir", config("WorkingDir", "/srv")),
    ("bazarr", "command", config("Cmd", ["sh", "-c", "echo \"a b\" && sleep $TIME"])),
    ("bazarr", "init", host("Init", True)),
    ("bazarr", "group_add.44", host("GroupAdd", ["44"])),
    ("bazarr", "sysctls.net.core.somaxconn", host("Sysctls", {"net.core.somaxconn": "1024"})),
    ("bazarr", "ulimits.nofile", host("Ulimits", [{"Name": "nofile", "Soft": 1024, "Hard": 2048}])),
    ("bazarr", "security_opt.no-new-privileges:true", host("SecurityOpt", ["no-new-privileges:true"])),
    ("bazarr", "devices./dev/dri", host("Devices", [{"PathOnHost": "/dev/dri", "PathInContainer": "/dev/dri", "CgroupPermissions": "rwm"}])),
    ("bazarr", "tmpfs./run", host("Tmpfs", {"/run": "size=64m"})),
    ("bazarr", "stop_grace_period", config("StopTimeout", 60)),
    ("bazarr", "healthcheck.test", config("Healthcheck", {"Test": ["CMD", "true"]})),
    ("bazarr", "logging.options.max-size", host("LogConfig", {"Type": "json-file", "Config": {"max-size": "5m"}})),
    ("bazarr", "networks.proxy", network("proxy")),
    ("sonarr", "networks.proxy", network("proxy", attached=False)),
    ("sonarr", "labels.traefik.docker.network", label("traefik.docker.network", None)),
    ("sonarr", "labels.traefik.http.routers.sonarr.entrypoints", label("traefik.http.routers.sonarr.entrypoints", "web")),
    ("sonarr", "labels.traefik.http.routers.sonarr.rule", label("traefik.http.routers.sonarr.rule", "Host(`tv.home.arpa`) || Host(`$x.home.arpa`)")),
    ("sonarr", "healthcheck.interval", lambda document: document["Config"]["Healthcheck"].update({"Interval": 30 * 10**9})),
    ("sonarr", "environment.TZ", env("TZ", "UTC")),
    ("tautulli", "network_mode", host("NetworkMode", "host")),
    ("qbittorrent", "environment.WEBUI_PORT", env("WEBUI_PORT", "9090")),
]  # fmt: skip


@pytest.fixture(scope="module")
def lab(tmp_path_factory: pytest.TempPathFactory) -> tuple[list[Captured], tuple[Baseline, ...]]:
    laboratory = load_lab(None, {"HOMELAB_STATE": str(tmp_path_factory.mktemp("demo"))})
    captures = capture(laboratory, tuple(laboratory.hosts), vault=VAULT)
    return [c for c in captures if isinstance(c, Captured)], load(laboratory, vault=VAULT).baselines


def audit(captures: Sequence[Captured], baselines: Sequence[Baseline]) -> DriftDocument:
    return compare_all(captures, baselines, vault=VAULT, policy=policy_from({}, {}, "lab.yaml"), now=NOW)


def plan(
    lab: tuple[list[Captured], tuple[Baseline, ...]], container: str, change: Change
) -> tuple[RemediationPlan, list[Captured]]:
    captures, baselines = lab
    changed = []
    for captured in captures:
        documents = [copy.deepcopy(document) for document in captured.containers]
        for document in documents:
            if container in (name_of(document), document["Config"]["Labels"].get("com.docker.compose.service")):
                change(document)
        # What the capture does on the way in: secrets are sealed before anybody sees them.
        changed.append(replace(captured, containers=[VAULT.seal_inspect(document) for document in documents]))

    def recheck(edited: Sequence[Baseline], identity: Identity) -> list[Any]:
        document = audit([c for c in changed if c.host == identity.host], edited)
        return [item for v in document.services if v.service == identity.service for item in v.items]

    found = audit(changed, baselines)
    own = replace(found, services=[v for v in found.services if v.service == container])
    plans = plan_remediation(own, baselines, load=load_model, documentation=False, recheck=recheck)
    return next(p for p in plans if p.identity.service == container), changed


@pytest.mark.parametrize(("container", "path", "change"), MUTATIONS, ids=[f"{c}-{p}" for c, p, _ in MUTATIONS])
def test_a_change_is_backported_and_then_gone(
    lab: tuple[list[Captured], tuple[Baseline, ...]], container: str, path: str, change: Change
) -> None:
    found, changed = plan(lab, container, change)
    assert path in [edit.item.path for edit in found.edits], found.refused
    assert [(one.path, one.why) for one in found.refused if one.path == path] == []
    edited = [replace(b, tree=Overlay(b.tree, found.files)) for b in lab[1]]
    more = [file for file in found.files if file.endswith(f".{found.identity.host}.yml")]
    edited = [
        replace(b, files=(*b.files, *(f for f in more if f not in b.files))) if b.stack == found.identity.stack else b
        for b in edited
    ]
    document = audit(changed, edited)
    left = [item.path for v in document.services if v.service == container for item in v.items]
    assert left == []
    text = found.body + found.patch + found.message + found.title
    assert "hunter2" not in text
    assert "<secret#" not in text


def connected(*aliases: str) -> Change:
    """`docker network connect`: the engine knows nothing of the service's name there."""

    def change(document: dict[str, Any]) -> None:
        networks = document["NetworkSettings"]["Networks"]
        networks["proxy"] = {**next(iter(networks.values())), "Aliases": [*aliases, document["Id"][:12]]}

    return change


def test_the_aliases_of_a_network_that_was_connected_by_hand_come_with_it(
    lab: tuple[list[Captured], tuple[Baseline, ...]],
) -> None:
    found, _ = plan(lab, "bazarr", connected("subtitles"))
    assert [edit.item.path for edit in found.edits] == ["networks.proxy", "networks.proxy.aliases"]
    assert "+          - subtitles" in found.patch.splitlines()
    assert (found.refused, found.left) == ((), ("networks.proxy.aliases",))


def test_a_reconnected_container_lacks_what_only_a_deploy_brings(
    lab: tuple[list[Captured], tuple[Baseline, ...]],
) -> None:
    def reconnected(document: dict[str, Any]) -> None:
        endpoint = next(iter(document["NetworkSettings"]["Networks"].values()))
        endpoint["Aliases"] = [document["Id"][:12]]

    found, _ = plan(lab, "bazarr", reconnected)
    assert [one.why for one in found.refused] == [
        "it is not known there by its service's name any more: no compose file says this, a new container mends it"
    ]
    assert found.files == {}


def test_a_terminal_gets_no_endless_line_unless_it_asks(lab: tuple[list[Captured], tuple[Baseline, ...]]) -> None:
    found, _ = plan(lab, "bazarr", label("home.note", "x" * 1_000_000))
    shown = plans_terminal([found])
    assert max(map(len, shown.split("\n"))) < 1000
    assert re.search("(?m)^[+] .*home.note=x{300}", shown)
    assert "x… (--verbose shows all)" in shown
    assert max(map(len, plans_terminal([found], verbose=True).split("\n"))) > 1_000_000


@pytest.mark.parametrize(
    ("names", "words"),
    [
        (("A_TOKEN",), "This value is a secret, and stays out of git."),
        (("A_TOKEN", "B_TOKEN"), "These values are secrets, and stay out of git."),
    ],
)
def test_one_secret_stays_and_several_stay_out_of_git(
    lab: tuple[list[Captured], tuple[Baseline, ...]], names: tuple[str, ...], words: str
) -> None:
    def change(document: dict[str, Any]) -> None:
        for name in names:
            env(name, "hunter2-hunter2-hunter2")(document)

    assert words in plan(lab, "bazarr", change)[0].body
