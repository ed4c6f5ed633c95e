"""The same changes in every style that people write compose files in: a small edit, and nothing is left."""

import copy
import difflib
from collections.abc import Callable, Mapping
from typing import Any

import pytest
import yaml
from msgspec.structs import replace

from homelab_assets.remediation.backport import NotBackported
from homelab_assets.remediation.loading import load_model
from homelab_assets.remediation.planner import plan_remediation
from homelab_assets.remediation.proof import Overlay
from homelab_assets.secrecy import Vault
from homelab_assets_tests.drift import world
from homelab_assets_tests.drift.containers import container, image
from homelab_assets_tests.drift.world import Files, audit, rechecked
from homelab_assets_tests.remediation.memory import baseline
from homelab_assets_tests.remediation.test_engine_changes import EXTRA, GIT, KEEPER, WANTED, alone

FOLDER = "stacks/manual"
Document = dict[str, Any]
Written = Mapping[str, str]
SHARED = {"volumes_from", "links", "depends_on", "network_mode", "networks"}
"""Compose refuses these in a service that others extend."""


def dump(document: Document, **options: Any) -> str:
    text: str = yaml.safe_dump(document, sort_keys=False, width=1000, **options)
    return text


def quoted(style: str) -> Callable[[Document, str], Written]:
    class Quoting(yaml.SafeDumper):
        pass

    Quoting.add_representer(
        str, lambda dumper, text: dumper.represent_scalar("tag:yaml.org,2002:str", text, style=style)
    )
    return lambda document, _: {"compose.yml": yaml.dump(document, Dumper=Quoting, sort_keys=False, width=1000)}


def in_brackets(document: Document, _: str) -> Written:
    services = document["services"].items()
    lines = [f"  {name}: {dump(body, default_flow_style=True).strip()}\n" for name, body in services]
    rest = {key: value for key, value in document.items() if key != "services"}
    return {"compose.yml": "services:\n" + "".join(lines) + dump(rest)}


def commented(document: Document, _: str) -> Written:
    lines = dump(document).splitlines()
    pads = [" " * (len(line) - len(line.lstrip())) for line in lines]
    both = zip(lines, pads, strict=True)
    text = [f"{line}\t# {n}\n" if n % 2 else f"{line}\n{pad}# about\n\n" for n, (line, pad) in enumerate(both)]
    return {"compose.yml": "".join(text)}


def listed(document: Document, service: str) -> Written:
    document = copy.deepcopy(document)
    body = document["services"][service]
    for key in ("environment", "labels", "sysctls"):
        if isinstance(body.get(key), dict):
            body[key] = [f"{name}={value}" for name, value in body[key].items()]
    return {"compose.yml": dump(document)}


def at_the_end(document: Document, service: str) -> Written:
    services = dict(document["services"])
    last = {service: services.pop(service)}
    rest = {key: value for key, value in document.items() if key != "services"}
    return {"compose.yml": dump({**rest, "services": services | last}).rstrip()}


def with_body(document: Document, service: str, body: Document) -> Document:
    return {**document, "services": {**document["services"], service: body}}


def in_an_override(document: Document, service: str) -> Written:
    body = document["services"][service]
    base = with_body(document, service, {"image": body["image"]})
    return {"compose.yml": dump(base), "docker-compose.host.yml": dump({"services": {service: body}})}


def in_both(document: Document, service: str) -> Written:
    body = {key: value for key, value in document["services"][service].items() if not isinstance(value, list | dict)}
    return {"compose.yml": dump(document), "docker-compose.host.yml": dump({"services": {service: body}})}


def extended(document: Document, service: str) -> Written:
    body = document["services"][service]
    if SHARED & body.keys():
        return {"compose.yml": dump(document)}
    base = with_body(document, service, {"extends": {"file": "common.yml", "service": "c"}})
    return {"compose.yml": dump(base), "common.yml": dump({"services": {"c": body}})}


def merged_by_two(document: Document, service: str) -> Written:
    """The service and a twin take all of it from one anchor, which must stay as it is."""
    body = "".join(f"  {line}\n" for line in dump(document["services"][service]).splitlines())
    rest = dump(with_body(document, service, {"place": "holder"}))
    both = "    <<: *body\n    attach: true\n  twin:\n    <<: *body\n    profiles: [x]\n"
    return {"compose.yml": f"x-body: &body\n{body}" + rest.replace("    place: holder\n", both)}


ANCHOR = "an anchor decides"
STYLES: Mapping[str, Callable[[Document, str], Written]] = {
    "brackets": in_brackets,
    "bracketed leaves": lambda document, _: {"compose.yml": dump(document, default_flow_style=None)},
    "double quotes": quoted('"'),
    "single quotes": quoted("'"),
    "CRLF and four blanks": lambda document, _: {"compose.yml": dump(document, indent=4).replace("\n", "\r\n")},
    "comments": commented,
    "lists": listed,
    "no final newline": at_the_end,
    "an override decides": in_an_override,
    "base and override say it": in_both,
    "an extended file decides": extended,
    ANCHOR: merged_by_two,
}
# What an anchor sets, and no empty value beside it takes away.
SHARED_FOR_GOOD = {
    "entrypoint added", "port one of a range", "alias", "init", "health interval over the image's", "log driver",
    "log option", "secret file elsewhere", "container name added", "control group of its own",
}  # fmt: skip


@pytest.mark.parametrize("service", [pytest.param(name, id=f"{m.name}-{c}") for name, (m, c) in WANTED.items()])
def test_a_change_in_some_of_the_styles(service: str) -> None:
    position = list(WANTED).index(service)
    # Each change in three of the styles; all styles come up with every kind of change near it in the table.
    for style in [list(STYLES)[(position * 3 + more) % len(STYLES)] for more in range(3)]:
        check(style, service)


def check(style: str, service: str) -> None:
    services = {name: GIT["services"][name] for name in ("anchor", service)} | {"keeper": KEEPER}
    written = STYLES[style]({**GIT, "services": services}, service)
    tree = Files({f"{FOLDER}/{name}": text for name, text in {**EXTRA, **written}.items()})
    order = tuple(f"{FOLDER}/{name}" for name in written if name != "common.yml")
    stack = baseline(tree, files=order, stack="manual", directory=FOLDER, endpoint="host")
    host = alone(service)

    (plan,) = plan_remediation(
        audit(host, [stack]), [stack], load=load_model, documentation=False, recheck=rechecked(host)
    )
    assert plan.refused == () or (style == ANCHOR and WANTED[service][0].name in SHARED_FOR_GOOD), style
    if plan.refused:
        return
    added = [file for file in plan.files if file.endswith(".host.yml") and file not in order]
    edited = replace(stack, tree=Overlay(tree, plan.files), files=(*order, *added))
    assert [item for verdict in audit(host, [edited]).services for item in verdict.items] == [], style
    for file, data in plan.files.items():
        before, after = (tree.read(file) or b"").decode().split("\n"), (data or b"").decode().split("\n")
        hunks = difflib.SequenceMatcher(None, before, after, autojunk=False).get_opcodes()
        assert sum(hunk[0] != "equal" for hunk in hunks) <= len(plan.edits) + 1, style
        assert b"\r\n" not in (tree.read(file) or b"") or (data or b"").count(b"\n") == (data or b"").count(b"\r\n")


MORE = {
    "more.yml": "services:\n  app: {environment: {E: '1'}, restart: 'no'}\n  extra: {image: 'plain:1'}\n",
}


@pytest.mark.parametrize("endpoint", ["host", None])
def test_a_file_that_only_the_host_names_is_edited_where_it_decides(endpoint: str | None) -> None:
    stack = world.baseline(
        "web", {"services": {"app": {"image": "plain:1", "environment": {"F": "1"}}}}, endpoint=endpoint, extra=MORE
    )
    stack = replace(stack, tree=Overlay(stack.tree, {"README.md": b"# Stacks\n"}))
    labels = {"com.docker.compose.project.config_files": "compose.yml,more.yml"}
    running = [
        container("web", "app", env={"E": "2", "F": "2", "G": "3"}, labels=labels),
        container("web", "extra", env={"E": "3"}, labels=labels),
    ]
    host = world.capture(running, images=[image("plain:1", Cmd=["run"])])

    changed: dict[str, bytes | None] = {}
    for plan in plan_remediation(audit(host, [stack]), [stack], load=load_model, recheck=rechecked(host)):
        assert plan.refused == ()
        assert set(plan.files) <= {"stacks/web/compose.yml", "stacks/web/more.yml", "README.md"}
        if plan.identity.service == "app":
            changed |= plan.files
    after = audit(host, [replace(stack, tree=Overlay(stack.tree, changed))])
    assert {v.service: [item.path for item in v.items] for v in after.services} == {
        "app": [],
        "extra": ["environment.E"],
    }


@pytest.mark.parametrize("env", [None, {}, {"OTHER": "1"}], ids=["not read", "empty", "without it"])
def test_a_secret_added_on_the_host_is_named_in_git_whatever_its_env_file_says(env: dict[str, str] | None) -> None:
    stack = world.baseline("web", {"services": {"app": {"image": "plain:1"}}})
    vault = Vault(world.KEY)
    dotenv = {} if env is None else {"dotenv": {"/opt/apps/stacks/web/.env": env}}
    added = container("web", "app", env={"API_TOKEN": "4f9d1c0a7be2465", "PLAIN": "1"})
    host = world.capture([added], images=[image("plain:1", Cmd=["run"])], vault=vault, **dotenv)

    def recheck(edited: Any, identity: Any) -> list[Any]:
        return [item for verdict in audit(host, edited, vault=vault).services for item in verdict.items]

    (plan,) = plan_remediation(audit(host, [stack], vault=vault), [stack], load=load_model, recheck=recheck)
    assert plan.refused == ()
    assert "+      API_TOKEN: ${API_TOKEN}" in plan.patch
    assert plan.draft
    assert "- `API_TOKEN`" in plan.body
    assert "2 settings differ" in plan.body
    assert "is new. A deploy has to name it" not in plan.body


@pytest.mark.parametrize(("theirs", "edited"), [("2", True), ("1", False)])
def test_a_file_that_several_hosts_name_is_edited_for_all_or_for_none(theirs: str, edited: bool) -> None:
    text = {"services": {"app": {"image": "plain:1"}}}
    stacks = [world.baseline("web", text, endpoint=host, extra=MORE) for host in ("host", "other")]
    labels = {"com.docker.compose.project.config_files": "compose.yml,more.yml"}
    hosts = [
        world.capture(
            [container("web", "app", env={"E": value}, labels=labels), container("web", "extra", labels=labels)],
            images=[image("plain:1", Cmd=["run"])],
            host=host,
        )
        for host, value in (("host", "2"), ("other", theirs))
    ]
    plans = plan_remediation(audit(hosts, stacks), stacks, load=load_model, documentation=False)
    assert {plan.actionable for plan in plans} == {edited}
    assert edited or [one.why for one in plans[0].refused] == ["the same line also belongs to web on other"]


def test_the_words_say_how_a_new_file_is_read_and_what_is_left_out() -> None:
    text = {"services": {"app": {"image": "plain:1", "environment": {"E": "1"}}}}
    stacks = [world.baseline("web", text, endpoint=host) for host in ("host", "other")]
    hosts = [
        world.capture([container("web", "app", env={"E": value})], images=[image("plain:1", Cmd=["run"])], host=host)
        for host, value in (("host", "2"), ("other", "1"))
    ]
    (plan,) = plan_remediation(audit(hosts, stacks), stacks, load=load_model, documentation=False)
    assert "A deploy has to name it: `docker compose -f compose.yml -f docker-compose.host.yml up -d`." in plan.body
    partly = replace(plan, refused=[NotBackported(item=plan.edits[0].item, why="for a reason")])
    assert "2 settings differ. This pull request takes 1 of them over into stack `web` in git" in partly.body
