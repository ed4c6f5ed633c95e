"""What an edit leaves alone: the other arguments of a command, comments, blocks of lines."""

from textwrap import dedent
from typing import Any

import pytest

from homelab_assets.drift.document import Item
from homelab_assets.remediation.backport import Backported, NotBackported, backport
from homelab_assets.remediation.loading import load_model
from homelab_assets.remediation.proof import Prover
from homelab_assets_tests.drift.world import Files
from homelab_assets_tests.remediation.memory import baseline

FILE = "stacks/app/docker-compose.yml"


def result_of(
    files: dict[str, str], path: str, change: str, running: Any, names: tuple[str, ...] = (FILE,), **more: Any
) -> Backported | NotBackported:
    item = Item(path=path, change=change, severity="functional", running=running, **{"file": FILE, **more})  # type: ignore[arg-type]
    stack = baseline(Files(files), files=names, endpoint=None)
    return backport(item, "app", stack, Prover(load_model, [stack]))


def edited(text: str, path: str, change: str, running: Any) -> tuple[list[str], list[str]]:
    """The lines that go and the lines that come."""
    text = dedent(text)
    result = result_of({FILE: text}, path, change, running)
    assert isinstance(result, Backported), result
    old, new = text.split("\n"), result.files[FILE].decode().split("\n")
    return [line for line in old if line not in new], [line for line in new if line not in old]


BLOCK = """\
    services:
      app:
        image: app:1
        command:
          # what to run
          - 'serve'
          - '--level=info'  # not debug
          # where
          - '--data=/data'
    """
FLOW = "services: {app: {image: 'app:1', command: ['serve', '--level=info', \"--data=/data\"]}}\n"


@pytest.mark.parametrize(
    ("running", "gone", "come"),
    [
        (["init", "serve", "--level=info", "--data=/data"], [], ["      - 'init'"]),
        (["serve", "-q", "--level=info", "--data=/data"], [], ["      - '-q'"]),
        (["serve", "--data=/data"], ["      - '--level=info'  # not debug"], []),
        (["serve", "--level=info", "--data=/data", "--z", "--a"], [], ["      - '--z'", "      - '--a'"]),
        (
            ["serve", "--level=warn", "-q", "--data=/data"],
            ["      - '--level=info'  # not debug"],
            ["      - '--level=warn'  # not debug", "      - '-q'"],
        ),
    ],
)
def test_arguments_that_stay_are_not_written_anew(running: list[str], gone: list[str], come: list[str]) -> None:
    assert edited(BLOCK, "command", "changed", running) == (gone, come)


@pytest.mark.parametrize(
    ("running", "command"),
    [
        (["a", "b", "serve", "--level=info", "--data=/data"], "[a, b, 'serve', '--level=info', \"--data=/data\"]"),
        (["serve", "--data=/data"], "['serve', \"--data=/data\"]"),
        (["--data=/data"], '["--data=/data"]'),
        (["serve"], "['serve']"),
    ],
)
def test_arguments_in_brackets_keep_their_quotes(running: list[str], command: str) -> None:
    _, (line,) = edited(FLOW, "command", "changed", running)
    assert line.endswith(f"command: {command}}}}}")


def test_the_argument_that_a_variable_gives_is_not_replaced_by_its_value() -> None:
    text = dedent(BLOCK).replace("--data=/data", "${DATA}")
    result = result_of({FILE: text}, "command", "changed", ["serve", "/srv/secret"])
    assert isinstance(result, NotBackported)
    assert result.why == "git takes it from a variable: its value belongs into the `.env` on the host, not into git"


def test_what_is_only_built_with_a_variable_has_another_reason() -> None:
    text = "services: {app: {image: 'app:1', command: 'serve --token ${TOKEN} --level info'}}\n"
    result = result_of({FILE: text}, "command", "changed", ["serve", "--token", "x", "--level", "debug"])
    assert isinstance(result, NotBackported)
    assert result.why == "git builds it with variables, whose values stay out of git: change the text by hand"


@pytest.mark.parametrize(
    ("command", "running", "line"),
    [
        (">\n      serve\n      --level=info\n      --data=/data", ["serve", "--level=warn", "--data=/data"], "      --level=warn"),
        ("|\n      sh -c '\n        set -e\n        run\n      '", ["sh", "-c", "\n  set -eu\n  run\n"], "        set -eu"),
        ('serve "--name=a b" --level=info', ["serve", "--name=a b", "--level=warn"], '    command: serve "--name=a b" --level=warn'),
    ],
)  # fmt: skip
def test_of_a_command_in_one_text_only_the_argument_changes(command: str, running: list[str], line: str) -> None:
    text = f"services:\n  app:\n    image: app:1\n    command: {command}\n    restart: always\n"
    gone, come = edited(text, "command", "changed", running)
    assert (len(gone), come) == (1, [line])


@pytest.mark.parametrize("newline", ["\n", "\r\n"])
def test_a_block_of_lines_stays_one(newline: str) -> None:
    text = "services:\n  app:\n    image: app:1\n    environment:\n      LIST: | # links\n        a\n\n        b: c\n      X: y\n"
    result = result_of({FILE: text.replace("\n", newline)}, "environment.LIST", "changed", "a\n\nb: c\nd #\n")
    assert isinstance(result, Backported)
    assert result.files[FILE].decode() == text.replace("        b: c\n", "        b: c\n        d #\n").replace(
        "\n", newline
    )


@pytest.mark.parametrize(("running", "mark"), [("a\nb", "LIST: |-"), (" a\nb", 'LIST: " a\\nb"'), ("a", "LIST: a")])
def test_a_block_says_how_it_ends_and_what_it_cannot_hold_is_quoted(running: str, mark: str) -> None:
    text = "services:\n  app:\n    image: app:1\n    environment:\n      LIST: |\n        a\n        c\n"
    assert mark in [line.strip() for line in edited(text, "environment.LIST", "changed", running)[1]]


def test_networks_that_become_a_mapping_keep_their_comments() -> None:
    text = """\
        services:
          app:
            image: app:1
            networks:
            # outside
            - proxy # by the router
            - 'back'  # the database
            restart: always
        networks: {proxy: {}, back: {}}
        """
    gone, come = edited(text, "networks.proxy.aliases", "changed", ["www"])
    assert gone == ["    - proxy # by the router", "    - 'back'  # the database"]
    assert come == [
        "      proxy: # by the router", "        aliases:", "        - www", "      'back':  # the database",
    ]  # fmt: skip


@pytest.mark.parametrize("end", ["\n", ""])
def test_a_network_is_declared_behind_the_last_service(end: str) -> None:
    text = f"services:\n  app:\n    image: app:1{end}"
    result = result_of({FILE: text}, "networks.proxy", "added", "proxy")
    assert isinstance(result, Backported), result
    networks = "    networks:\n      - default\n      - proxy\n"
    assert (
        result.files[FILE].decode()
        == f"services:\n  app:\n    image: app:1\n{networks}networks:\n  proxy:\n    external: true\n"
    )


def test_a_network_stays_when_its_address_goes() -> None:
    text = "services:\n  app:\n    image: app:1\n    networks:\n      lan:\n        ipv4_address: 192.0.2.7\nnetworks: {lan: {}}\n"
    gone, come = edited(text, "networks.lan.ipv4_address", "removed", None)
    assert (gone, come) == (["        ipv4_address: 192.0.2.7"], [])


@pytest.mark.parametrize("empty", ["[]", "{}"])
def test_a_service_with_empty_networks_keeps_the_default_one(empty: str) -> None:
    text = f"services:\n  app:\n    image: app:1\n    networks: {empty}  # none\nnetworks: {{back: {{}}}}\n"
    gone, come = edited(text, "networks.back", "added", "back")
    assert (gone, come) == ([f"    networks: {empty}  # none"], ["    networks: {default: null, back: null}  # none"])


def test_a_list_of_mappings_is_not_called_a_single_value() -> None:
    text = "services: {app: {image: 'app:1', deploy: {resources: {reservations: {devices: &d [{driver: a, count: 1, capabilities: [gpu]}]}}}}}\n"
    running = [{"driver": "b", "count": 1, "capabilities": ["gpu"]}]
    result = result_of({FILE: text}, "deploy.resources.reservations.devices", "changed", running)
    assert isinstance(result, NotBackported)
    assert result.why == "git writes it in a form that is not edited"


@pytest.mark.parametrize(
    ("git", "running", "wanted"),
    [
        ("/a:/data:Z", "/b:/data", "/b:/data"),
        ("/a:/data:Z,cached", "/b:/data:Z", "/b:/data:Z,cached"),
        ("/a:/data:ro,cached", "/a:/data", "/a:/data:cached"),
        ("/a:/data:ro", "/b:/data", "/b:/data"),
    ],
)
def test_a_mount_keeps_what_no_engine_tells_of_it(git: str, running: str, wanted: str) -> None:
    text = f"services:\n  app:\n    image: app:1\n    volumes:\n      - {git}\n"
    assert edited(text, "volumes./data", "changed", running)[1] == [f"      - {wanted}"]


@pytest.mark.parametrize(
    ("key", "old", "new"),
    [
        ("volumes", "./media:/films:ro", "./media:/movies:ro"),
        ("ports", "127.0.0.1:8080:80", "127.0.0.1:8080:8080"),
        ("devices", "/dev/dri:/dev/dri0", "/dev/dri:/dev/dri"),
    ],
)
def test_what_only_moved_inside_the_container_keeps_its_place_and_comment(key: str, old: str, new: str) -> None:
    text = f"services:\n  app:\n    image: app:1\n    {key}:\n      - '{old}'  # why\n      - '/srv/a:/srv/a'\n"
    text = text.replace("/srv/a:/srv/a", "5353:53" if key == "ports" else "/srv/a:/srv/a")
    stack = baseline(Files({FILE: text}), endpoint=None)
    prover = Prover(load_model, [stack])
    name = {"ports": lambda one: one.rpartition(":")[2] + "/tcp"}.get(key, lambda one: one.split(":")[1])
    for path, change, running in ((name(new), "added", new), (name(old), "removed", None)):
        item = Item(path=f"{key}.{path}", change=change, severity="functional", running=running, file=FILE)  # type: ignore[arg-type]
        assert isinstance(backport(item, "app", stack, prover), Backported)
    assert prover.changes == {FILE: text.replace(old, new).encode()}


@pytest.mark.parametrize(
    ("entries", "renamed"),
    [
        ("      OLD: 'a b'  # why\n      C: c\n", "      NEW: 'a b'  # why\n      C: c\n"),
        ("      - OLD=a b  # why\n      - C=c\n", "      - NEW=a b  # why\n      - C=c\n"),
        # Which of two is it?
        ("      OLD: 'a b'  # why\n      C: a b\n", "      C: a b\n      NEW: a b\n"),
    ],
)
@pytest.mark.parametrize("head", ["environment", "labels"])
def test_a_new_name_keeps_the_place_and_comment_of_its_value(head: str, entries: str, renamed: str) -> None:
    text = f"services:\n  app:\n    image: app:1\n    {head}:\n"
    stack = baseline(Files({FILE: text + entries}), endpoint=None)
    prover = Prover(load_model, [stack])
    for path, change, running in (("NEW", "added", "a b"), ("OLD", "removed", None)):
        item = Item(path=f"{head}.{path}", change=change, severity="functional", running=running, file=FILE)  # type: ignore[arg-type]
        assert isinstance(backport(item, "app", stack, prover), Backported)
    assert prover.changes == {FILE: (text + renamed).encode()}


def test_what_git_had_before_is_not_renamed() -> None:
    text = "services:\n  app:\n    image: app:1\n    environment:\n      OLD: x # why\n      NEW: x\n"
    assert edited(text, "environment.OLD", "removed", None) == (["      OLD: x # why"], [])


def test_a_second_mount_of_the_same_folder_is_not_moved() -> None:
    text = "services:\n  app:\n    image: app:1\n    volumes:\n      - /a:/b # why\n      - /c:/c\n      - /a:/d\n"
    gone, come = edited(text, "volumes./b", "removed", None)
    assert (gone, come) == (["      - /a:/b # why"], [])


def test_a_network_beside_those_of_an_anchor_is_an_own_list() -> None:
    text = """\
        x-common: &common
          networks: [proxy]
        services:
          app:
            <<: *common
            image: app:1
        networks: {proxy: {}, back: {}}
        """
    assert edited(text, "networks.back", "added", "back") == ([], ["    networks:", "      - proxy", "      - back"])


def test_of_two_bindings_of_a_port_the_one_that_stays_keeps_its_comment() -> None:
    text = "services:\n  app:\n    image: app:1\n    ports:\n      - '81:80' # old\n      - '80:80/tcp' # new\n"
    assert edited(text, "ports.80/tcp", "changed", "80:80") == (["      - '81:80' # old"], [])
