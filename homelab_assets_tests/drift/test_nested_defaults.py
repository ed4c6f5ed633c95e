"""Variables in the defaults of others, and in paths: what some `.env` explains is no drift."""

from typing import Any

import pytest

from homelab_assets.drift.document import DriftDocument
from homelab_assets.secrecy import Vault
from homelab_assets_tests.drift.containers import container, image
from homelab_assets_tests.drift.world import KEY, audit, baseline, capture, found


def _bind(source: str) -> dict[str, Any]:
    return {"mounts": [{"Type": "bind", "Source": source, "Destination": "/data", "RW": True}]}


def _audit(git: list[dict[str, Any]], running: list[dict[str, Any]], held: dict[str, str] | None) -> DriftDocument:
    vault = Vault(KEY)
    seen = [container("web", f"s{number}", **one) for number, one in enumerate(running)]
    dotenv = {} if held is None else {"/opt/apps/stacks/web/.env": vault.seal_mapping(held)}
    captured = capture(seen, images=[image("plain:1", Cmd=["run"])], vault=vault, dotenv=dotenv)
    services = {f"s{number}": {"image": "plain:1", **one} for number, one in enumerate(git)}
    return audit(captured, [baseline("web", {"services": services})], vault=vault)


_OR = {"labels": {"l": "${OWNER:-${REDIS_PASSWORD}}"}}

# What git says and what runs, service by service; the `.env`, None where nobody can read it.
EXPLAINED: dict[str, tuple[list[dict[str, Any]], list[dict[str, Any]], dict[str, str] | None]] = {
    "neither is set": (
        [{**_OR, "volumes": ["/opt/${REDIS_PASSWORD:-x}:/data"]}], [{"labels": {"l": ""}, **_bind("/opt/x")}], None,
    ),
    "the inner one is empty": (
        [_OR, {"labels": {"l": "u:${REDIS_PASSWORD}", "k": "${OWNER:+${REDIS_PASSWORD}}"}}],
        [{"labels": {"l": "otter"}}, {"labels": {"l": "u:", "k": ""}}], None,
    ),
    "sealed in one place, in clear in another": (
        [{"volumes": ["/opt/${REDIS_PASSWORD:-x}:/data"]},
         {"labels": {"l": "${SMTP}"}, "command": ["serve", "--pass", "${SMTP:-${REDIS_PASSWORD}}"]}],
        [_bind("/opt/sunny-otter-9"), {"labels": {"l": ""}, "config": {"Cmd": ["serve", "--pass", "sunny-otter-9"]}}],
        {"REDIS_PASSWORD": "sunny-otter-9"},
    ),
    "a value with dollars": (
        [{"environment": {"A": "${SMTP:-${PIN}}"}, "labels": {"l": "x${SMTP}y"}}],
        [{"env": {"A": "a$$b"}, "labels": {"l": "xy"}}], {"PIN": "a$$b"},
    ),
    "a secret with slashes as a default in a path": (
        [{"volumes": ["/opt/${OWNER:-${SMTP_PASS}}:/data"]}], [_bind("/opt/s3cr3t/pass")], {"SMTP_PASS": "s3cr3t//pass"},
    ),
    "a part of a path that is not set": (
        [{"volumes": ["/srv/${DOMAIN}//x:/data"]}], [_bind("/srv/x")], {"TZ": "UTC"},
    ),
    "a folder that ends in a slash": (
        [{"volumes": ["${DATA}/app:/data"]}, {"environment": {"D": "${DATA}"}}],
        [_bind("/srv/data/app"), {"env": {"D": "/srv/data/"}}], None,
    ),
    "a folder beside the compose file, and the same word in a command": (
        [{"volumes": ["${DATA}/a:/data"]}, {"volumes": ["${DATA}/b:/data"]}, {"command": ["serve", "${DATA}"]}],
        [_bind("/opt/apps/stacks/web/data/a"), _bind("/opt/apps/stacks/web/data/b"),
         {"config": {"Cmd": ["serve", "./data"]}}], None,
    ),
    "a folder at home, and the same word in a variable": (
        [{"volumes": ["${DATA}/a:/data"]}, {"volumes": ["${DATA}/b:/data"], "environment": {"D": "${DATA}"}}],
        [_bind("/root/data/a"), {**_bind("/root/data/b"), "env": {"D": "~/data"}}], None,
    ),
    "a default with the hyphen that stands between two variables": (
        [{"hostname": "${SUB:-a-b}-${HOST}"}, {"hostname": "${SUB:-a-b}-${HOST}"}, {"labels": {"l": "${SUB:-a-b}.${DOMAIN}"}}],
        [{"config": {"Hostname": "a-b-nas"}}, {"config": {"Hostname": "a-b-nas"}}, {"labels": {"l": "a-b.x.y"}}], None,
    ),
    "three words, of which two have defaults": (
        [{"labels": {"l": "${USER:-app}-${OWNER}-${TZ-UTC}"}}], [{"labels": {"l": "-1-otter-9-x"}}], None,
    ),
    "the end of a path that is not set": ([{"volumes": ["/srv/${DOMAIN}:/data"]}], [_bind("/srv")], None),
    "the end of a path in the container that is not set": (
        [{"volumes": ["/srv:/data/${SUB}"], "tmpfs": ["/t/${SUB}/x"]}],
        [{**_bind("/srv"), "host": {"Tmpfs": {"/t/x": ""}}}], None,
    ),
}  # fmt: skip


@pytest.mark.parametrize("case", EXPLAINED)
def test_what_some_dotenv_explains_is_no_drift(case: str) -> None:
    document = _audit(*EXPLAINED[case])
    assert not document.problems
    assert [item for service in document.services for item in found(service)] == []


def test_what_no_dotenv_explains_is() -> None:
    git = [_OR, {"labels": {"l": "${OWNER}", "k": "${REDIS_PASSWORD}"}}]
    document = _audit(git, [{"labels": {"l": "otter"}}, {"labels": {"l": "", "k": "stoat-fish"}}], None)
    assert [service.status for service in document.services].count("drifted") == 1
    document = _audit([{"volumes": ["/srv/${DOMAIN}/x:/data"]}], [_bind("/mnt/x")], None)
    assert [item.path for item in document.services[0].items] == ["volumes./data"]
