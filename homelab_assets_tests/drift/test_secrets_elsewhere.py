"""A value that its name makes a secret in one place is one wherever the stack holds it: in a command, a label, a text."""

import json
from typing import Any

import pytest

from homelab_assets.drift.behind_variables import sealed_for_rest
from homelab_assets.drift.document import DriftDocument
from homelab_assets.secrecy import Vault
from homelab_assets_tests.drift.containers import container, image
from homelab_assets_tests.drift.world import KEY, audit, baseline, capture

OLD, NEW = "zQ8vLk3nPw7xRt", "bYwmT5hJ2kd9"
PLACES = [
    {"command": ["redis-server", "-a", "{}"]},
    {"command": ["sh", "-c", "login admin {} && true"]},
    {"command": ["init", "{}"]},
    {"entrypoint": ["tool", "--login=admin:{}"], "command": ["x"]},
    {"labels": {"note": "admin {} x"}},
    {"environment": {"INIT_ARGS": "admin {} x"}},
    {"volumes": ["/srv/{}:/data"]},
    {"healthcheck": {"test": ["CMD", "cli", "-a", "{}"]}},
]


def _filled(value: Any, secret: str) -> Any:
    return json.loads(json.dumps(value).replace("{}", secret))


def _git(place: dict[str, Any]) -> dict[str, Any]:
    own = _filled(place, OLD)
    environment = {"REDIS_PASSWORD": OLD, **own.pop("environment", {})}
    return {"services": {"app": {"image": "plain:1", "environment": environment, **own}}}


def _running(place: dict[str, Any], secret: str) -> dict[str, Any]:
    own = _filled(place, secret)
    mounts = [
        {"Type": "bind", "Source": text.split(":")[0], "Destination": "/data", "RW": True}
        for text in own.get("volumes", ())
    ]
    config: dict[str, Any] = {"Cmd": own.get("command", ["run"])}
    if "entrypoint" in own:
        config["Entrypoint"] = own["entrypoint"]
    if "healthcheck" in own:
        config["Healthcheck"] = {"Test": own["healthcheck"]["test"]}
    host = {"Binds": own["volumes"]} if mounts else {}
    env = {"REDIS_PASSWORD": secret, **own.get("environment", {})}
    return container("web", "app", config=config, host=host, env=env, labels=own.get("labels"), mounts=mounts)


def _audit(place: dict[str, Any], secret: str, vault: Vault) -> DriftDocument:
    captured = capture([_running(place, secret)], images=[image("plain:1", Cmd=["run"])], vault=vault)
    return audit(captured, [baseline("web", _git(place))], vault=vault)


@pytest.mark.parametrize("place", PLACES, ids=json.dumps)
def test_it_is_shown_nowhere(place: dict[str, Any]) -> None:
    document = _audit(place, NEW, Vault(KEY))
    (verdict,) = document.services
    assert len(verdict.items) == 2
    text = json.dumps(document.to_json())
    assert OLD not in text
    assert NEW not in text
    assert all(item.secret for item in verdict.items)
    assert _audit(place, OLD, Vault(KEY)).services[0].items == ()


@pytest.mark.parametrize(
    "place",
    [*PLACES, {"environment": {"P": "{}"}}, {"labels": {"of.{}": "x"}}],
    ids=json.dumps,
)
def test_what_a_file_of_the_host_calls_a_secret_is_shown_nowhere(place: dict[str, Any]) -> None:
    vault = Vault(KEY)
    running = _running(place, NEW)
    running["Config"]["Env"].remove(f"REDIS_PASSWORD={NEW}")
    variables = vault.seal_mapping({"REDIS_PASSWORD": NEW})
    captured = capture(
        [running], images=[image("plain:1", Cmd=["run"])], vault=vault,
        dotenv={"/opt/apps/stacks/web/.env": variables},
    )  # fmt: skip
    document = audit(captured, [baseline("web", {"services": {"app": {"image": "plain:1"}}})], vault=vault)
    assert document.services[0].items
    assert NEW not in json.dumps(document.to_json())


@pytest.mark.parametrize("variable", ["${REDIS_PASSWORD}", "${OTHER:-${REDIS_PASSWORD}}"])
@pytest.mark.parametrize("place", [*PLACES, {"labels": {"note": "x{}y"}}], ids=json.dumps)
def test_what_only_a_variable_of_git_calls_a_secret_is_shown_nowhere(place: dict[str, Any], variable: str) -> None:
    """Nobody knows the `.env`; where git has the variable, its value runs under no telling name."""
    running = _running(place, NEW)
    running["Config"]["Env"] = [text for text in running["Config"]["Env"] if not text.startswith("REDIS_PASSWORD")] + [
        f"SETTING={NEW}"
    ]
    git = {"services": {"app": {"image": "plain:1", "environment": {"SETTING": variable}}}}
    captured = capture([running], images=[image("plain:1", Cmd=["run"])])
    document = audit(captured, [baseline("web", git)])
    assert document.services[0].items
    assert NEW not in json.dumps(document.to_json())


@pytest.mark.parametrize("other", ["another stack", "no stack"])
def test_it_is_one_in_all_stacks_of_a_host(other: str) -> None:
    elsewhere = container("two" if other == "another stack" else None, "db", name="db", env={"REDIS_PASSWORD": NEW})
    seen = container("web", "app", labels={"note": f"x {NEW}"})
    stacks = [baseline("web", {"services": {"app": {"image": "plain:1"}}})]
    if other == "another stack":
        body = {"image": "plain:1", "container_name": "db", "environment": {"REDIS_PASSWORD": "${REDIS_PASSWORD}"}}
        stacks.append(baseline("two", {"services": {"db": body}}))
    vault = Vault(KEY)
    captured = capture([seen, elsewhere], images=[image("plain:1", Cmd=["run"])], vault=vault)
    document = audit(captured, stacks, vault=vault)
    (item,) = next(one for one in document.services if one.service == "app").items
    assert (item.path, item.running, item.secret) == ("labels.note", "x <secret>", True)


@pytest.mark.parametrize("dotenv", [True, False])
def test_what_git_hands_on_under_its_own_name_stands_behind_the_variable(dotenv: bool) -> None:
    vault = Vault(KEY)
    files = {"/opt/apps/stacks/web/.env": vault.seal_mapping({"OWNER": "larry-42x"})} if dotenv else {}
    # Without the file another service tells the value.
    body = {"image": "plain:1", "environment": ["OWNER"]}
    other = {"image": "plain:1", "environment": {"WHO": "${OWNER}"}}
    seen = [
        container("web", "app", env={"OWNER": "moe-43x"}),
        *(container("web", f"other{n}", env={"WHO": "larry-42x"}) for n in (1, 2)),
    ]
    captured = capture(seen, images=[image("plain:1", Cmd=["run"])], vault=vault, dotenv=files)
    git = {"services": {"app": body, "other1": other, "other2": other}}
    document = audit(captured, [baseline("web", git)], vault=vault)
    (item,) = next(one for one in document.services if one.service == "app").items
    assert (item.path, item.baseline, item.running) == ("environment.OWNER", "${OWNER}", "<secret changed>")
    assert (item.variables, item.secret) == (("OWNER",), True)


def test_what_its_looks_give_away_is_not_shown_in_a_path() -> None:
    vault, secret = Vault(KEY), "http://larry:hunter2xx@nas.lan/x"
    files = {"/opt/apps/stacks/web/.env": vault.seal_mapping({"WHERE": secret})}
    git = {"services": {"app": {"image": "plain:1", "security_opt": ["x=${WHERE}"]}}}
    captured = capture([container("web", "app")], images=[image("plain:1", Cmd=["run"])], vault=vault, dotenv=files)
    (item,) = audit(captured, [baseline("web", git)], vault=vault).services[0].items
    assert item.path == "security_opt.x:http://larry:<secret>@nas.lan/x"


@pytest.mark.parametrize("known", [True, False])
@pytest.mark.parametrize("running", [NEW, OLD])
def test_what_is_sealed_in_one_place_is_recognised_in_the_name_of_another(known: bool, running: str) -> None:
    vault = Vault(KEY)
    files = {"/opt/apps/stacks/web/.env": vault.seal_mapping({"V": NEW})} if known else {}
    body = {"image": "plain:1", "environment": {"DB_PASSWORD": "${V}"}, "security_opt": ["label=a-${V}"]}
    seen = container("web", "app", env={"DB_PASSWORD": NEW}, host={"SecurityOpt": [f"label=a-{running}"]})
    captured = capture([seen], images=[image("plain:1", Cmd=["run"])], vault=vault, dotenv=files)
    document = audit(captured, [baseline("web", {"services": {"app": body}})], vault=vault)
    changes = sorted(item.change for item in document.services[0].items)
    assert changes == ([] if running == NEW else ["added", "removed"])
    assert NEW not in json.dumps(document.to_json())


def test_it_is_no_part_of_what_could_not_be_compared() -> None:
    vault, git = Vault(KEY), {"services": {"app": {"image": "plain:1", "label_file": "not-in-git.env"}}}
    seen = container("web", "app", labels={f"of.{NEW}": "x"}, env={"REDIS_PASSWORD": NEW})
    captured = capture([seen], images=[image("plain:1", Cmd=["run"])], vault=vault)
    (verdict,) = audit(captured, [baseline("web", git)], vault=vault).services
    assert list(verdict.uncompared) == ["labels.of.<secret>"]


def test_a_plain_word_stays_a_word() -> None:
    git = {"services": {"db": {"image": "postgres:15", "environment": {"POSTGRES_PASSWORD": "postgres"}}}}
    running = container("web", "db", config={"Image": "postgres:16"}, env={"POSTGRES_PASSWORD": "postgres"})
    (verdict,) = audit(capture([running]), [baseline("web", git)]).services
    assert [(item.path, item.baseline, item.running) for item in verdict.items] == [
        ("image", "postgres:15", "postgres:16")
    ]


@pytest.mark.parametrize("place", PLACES, ids=json.dumps)
def test_it_is_stored_nowhere_and_still_compared_by_another_process(place: dict[str, Any]) -> None:
    vault = Vault(KEY)
    captured = capture([_running(place, OLD)], images=[image("plain:1", Cmd=["run"])], vault=vault)
    stored = sealed_for_rest(captured, [baseline("web", _git(place))], vault)
    assert OLD not in json.dumps(stored.containers)
    assert audit(stored, [baseline("web", _git(place))], vault=Vault(KEY)).services[0].items == ()


@pytest.mark.parametrize(
    "command",
    [
        ["larry:{}:1001:::upload"],
        ["sh", "-c", "echo root:{} | chpasswd"],
        ["htpasswd", "-nb", "larry", "{}"],
        ["-u", "larry;{};1001;users"],
        ["serve", "--db", "root:{}@tcp(db:3306)/x"],
        ["serve", "--settings", '{"api_keys":["{}"]}'],
        ["serve", "--settings", "password: >-\n  {}\nport: 1"],
    ],
    ids=lambda words: words[-1],
)
def test_a_password_that_its_place_gives_away_is_told_apart_and_not_shown(command: list[str]) -> None:
    vault = Vault(KEY)
    git = {"services": {"app": {"image": "plain:1", "command": [word.replace("{}", OLD) for word in command]}}}
    running = container("web", "app", config={"Cmd": [word.replace("{}", NEW) for word in command]})
    captured = capture([running], images=[image("plain:1", Cmd=["run"])], vault=vault)
    (verdict,) = audit(captured, [baseline("web", git)], vault=vault).services
    (item,) = verdict.items
    assert item.secret
    assert item.running == [word.replace("{}", "<secret changed>") for word in command]
    assert item.baseline == [word.replace("{}", "<secret>") for word in command]
