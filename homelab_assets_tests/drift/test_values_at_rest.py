"""What stands behind git's `${VAR}` is stored nowhere in clear, and another process still compares it."""

import json
from typing import Any

import pytest

from homelab_assets.drift.behind_variables import woken
from homelab_assets.model import Captured
from homelab_assets.secrecy import Vault
from homelab_assets_tests.drift.containers import container, image
from homelab_assets_tests.drift.world import KEY, at_rest, audit, audit_stored, baseline, capture, found

VALUE = "sunny-otter-77x"
IMAGE = image("plain:1", Cmd=["run"])
_BIND = {"type": "bind", "source": "/srv/${V}", "target": "/data", "bind": {"create_host_path": False}}
_MOUNT = {"Type": "bind", "Source": f"/srv/{VALUE}", "Destination": "/data", "RW": True}

# What git says, and where an engine has it.
PLACES: list[tuple[dict[str, Any], dict[str, Any]]] = [
    ({"sysctls": {"net.x": "${V}"}}, {"host": {"Sysctls": {"net.x": VALUE}}}),
    ({"security_opt": ["label=${V}"]}, {"host": {"SecurityOpt": [f"label={VALUE}"]}}),
    ({"security_opt": ["apparmor:${V}"]}, {"host": {"SecurityOpt": [f"apparmor={VALUE}"]}}),
    ({"security_opt": ["seccomp=${V}"]}, {"host": {"SecurityOpt": [f"seccomp:{VALUE}"]}}),
    ({"dns_search": ["${V}"]}, {"host": {"DnsSearch": [VALUE]}}),
    ({"dns_opt": ["a:${V}"]}, {"host": {"DnsOptions": [f"a:{VALUE}"]}}),
    ({"group_add": ["${V}"]}, {"host": {"GroupAdd": [VALUE]}}),
    ({"cgroup_parent": "${V}"}, {"host": {"CgroupParent": VALUE}}),
    (
        {"volumes": [_BIND]},
        {"host": {"Mounts": [{"Type": "bind", "Source": f"/srv/{VALUE}", "Target": "/data"}]}, "mounts": [_MOUNT]},
    ),
    # As a part of a longer word.
    ({"environment": {"A": "pre_${V}"}}, {"env": {"A": f"pre_{VALUE}"}}),
    ({"labels": {"a": "x${V}y"}}, {"labels": {"a": f"x{VALUE}y"}}),
    ({"command": ["a", "--x=n${V}"]}, {"config": {"Cmd": ["a", f"--x=n{VALUE}"]}}),
]


def _world(git: dict[str, Any], running: dict[str, Any], known: bool) -> tuple[Captured, Any, Vault]:
    vault = Vault(KEY)
    dotenv = {"/opt/apps/stacks/web/.env": vault.seal_mapping({"V": VALUE})} if known else {}
    captured = capture([container("web", "app", **running)], images=[IMAGE], vault=vault, dotenv=dotenv)
    return captured, baseline("web", {"services": {"app": {"image": "plain:1", **git}}}), vault


@pytest.mark.parametrize("known", [True, False])
@pytest.mark.parametrize(("git", "running"), PLACES, ids=lambda place: json.dumps(place)[:40])
def test_it_is_sealed_wherever_it_stands_and_told_from_nothing_else(
    git: dict[str, Any], running: dict[str, Any], known: bool
) -> None:
    captured, stack, vault = _world(git, running, known)
    stored = at_rest(captured, [stack], vault)
    assert VALUE not in json.dumps([stored.containers, stored.dotenv])
    for later in (vault, Vault(KEY)):
        assert found(audit_stored(stored, [stack], later).services[0]) == []


def test_it_is_sealed_in_networks_and_volumes() -> None:
    vault = Vault(KEY)
    resource = {"Name": "web_x", "Labels": {"a": VALUE, "com.docker.compose.project": "web"}, "Options": {"o": VALUE}}
    dotenv = {"/opt/apps/stacks/web/.env": vault.seal_mapping({"V": VALUE})}
    captured = capture(
        [container("web", "app")], vault=vault, dotenv=dotenv, volumes=[resource], networks=[{"Id": "n", **resource}]
    )
    stored = at_rest(captured, [baseline("web", {"services": {"app": {"image": "plain:1"}}})], vault)
    assert VALUE not in json.dumps([stored.volumes, stored.networks])
    assert [one["Labels"]["com.docker.compose.project"] for one in (*stored.volumes, *stored.networks)] == ["web"] * 2
    again = woken(stored, [], vault)
    assert (again.volumes, again.networks) == (captured.volumes, captured.networks)


def test_it_is_sealed_as_a_url_holds_it_too() -> None:
    vault, value = Vault(KEY), "sunny & otter"
    dotenv = {"/opt/apps/stacks/web/.env": vault.seal_mapping({"V": value})}
    seen = container("web", "app", env={"A": value}, labels={"by.hand": "http://x/sunny%20%26%20otter/y"})
    captured = capture([seen], images=[IMAGE], vault=vault, dotenv=dotenv)
    stack = baseline("web", {"services": {"app": {"image": "plain:1", "environment": {"A": "${V}"}}}})
    stored = at_rest(captured, [stack], vault)
    assert "sunny" not in json.dumps(stored.containers)


def test_what_git_has_in_clear_is_recognised_within_a_word() -> None:
    """The value of a `.env` may be a part of names that have nothing to do with it."""
    vault = Vault(KEY)
    mount = {"Type": "bind", "Source": "/srv/x", "Destination": "/data/ct-media-011", "RW": True}
    seen = container("web", "app", env={"A": "media-01"}, host={"Binds": ["/srv/x:/data/ct-media-011"]}, mounts=[mount])
    dotenv = {"/opt/apps/stacks/web/.env": vault.seal_mapping({"V": "media-01"})}
    captured = capture([seen], images=[IMAGE], vault=vault, dotenv=dotenv)
    body = {"image": "plain:1", "environment": {"A": "${V}"}, "volumes": ["/srv/x:/data/ct-media-011"]}
    stack = baseline("web", {"services": {"app": body}})
    stored = at_rest(captured, [stack], vault)
    assert "media-01" not in json.dumps(stored.containers[0]["Mounts"])
    assert found(audit_stored(stored, [stack]).services[0]) == []


def test_a_word_is_no_part_of_a_longer_one() -> None:
    vault = Vault(KEY)
    dotenv = {"/opt/apps/stacks/web/.env": vault.seal_mapping({"V": "data"})}
    captured = capture(
        [container("web", "app", env={"A": "data", "B": "database"})], images=[IMAGE], vault=vault, dotenv=dotenv
    )
    stack = baseline("web", {"services": {"app": {"image": "plain:1", "environment": {"A": "${V}", "B": "database"}}}})
    stored = at_rest(captured, [stack], vault)
    assert stored.containers[0]["Config"]["Env"] == [f"A={vault.fingerprint('data')}", "B=database"]


@pytest.mark.parametrize(
    ("git", "running", "told"),
    [
        (
            {"ports": ["${V}"]},
            {
                "PortBindings": {
                    f"{port}/tcp": [{"HostIp": "", "HostPort": out}] for port, out in (("80", "81"), ("9", ""))
                }
            },
            ["ports.9/tcp"],
        ),
        ({"tmpfs": ["${V}"]}, {"Tmpfs": {"/a": "size=1m", "/b": ""}}, ["tmpfs./b"]),
    ],
)
def test_a_variable_that_is_a_whole_entry_is_recognised_beside_others(
    git: dict[str, Any], running: dict[str, Any], told: list[str]
) -> None:
    vault = Vault(KEY)
    dotenv = {"/opt/apps/stacks/web/.env": vault.seal_mapping({"V": "81:80" if "ports" in git else "/a:size=1m"})}
    captured = capture([container("web", "app", host=running)], images=[IMAGE], vault=vault, dotenv=dotenv)
    stack = baseline("web", {"services": {"app": {"image": "plain:1", **git}}})
    stored = at_rest(captured, [stack], vault)
    for document in (
        audit(captured, [stack], vault=vault),
        audit_stored(stored, [stack]),
    ):
        assert [path for path, *_ in found(document.services[0])] == told


@pytest.mark.parametrize("default", [".local-storage", "a/b/c/d/e", "@x/y"])
def test_a_default_in_a_path_is_recognised_whatever_it_begins_with(default: str) -> None:
    vault = Vault(KEY)
    target = f"/app/{default}"
    mount = {**_MOUNT, "Source": "/srv/x", "Destination": target}
    seen = container("web", "app", host={"Binds": [f"/srv/x:{target}"]}, mounts=[mount])
    captured = capture([seen], images=[IMAGE], vault=vault, dotenv={"/opt/apps/stacks/web/.env": {}})
    body = {"image": "plain:1", "volumes": [f"/srv/x:/app/${{V:-{default}}}"]}
    stack = baseline("web", {"services": {"app": body}})
    stored = at_rest(captured, [stack], vault)
    assert found(audit_stored(stored, [stack]).services[0]) == []


def test_a_value_whose_password_git_has_in_clear_elsewhere_is_the_variables_still() -> None:
    vault, url = Vault(KEY), "postgres://user:passw0rd@db.internal:5432/default"
    dotenv = {"/opt/apps/stacks/web/.env": vault.seal_mapping({"V": url})}
    seen = container("web", "app", env={"A": url}, config={"Cmd": ["serve", "--url", url]})
    captured = capture([seen], images=[IMAGE], vault=vault, dotenv=dotenv)
    body = {"image": "plain:1", "command": ["serve", "--url", "${V}"], "environment": {"A": "${V}"}}
    stored = at_rest(captured, [baseline("web", {"services": {"app": body}})], vault)
    stack = baseline("web", {"services": {"app": {**body, "environment": {"A": f"{url}-other"}}}})
    document = audit_stored(stored, [stack])
    assert [path for path, *_ in found(document.services[0])] == ["environment.A"]
