"""Scalars, Markdown, identities, documentation: texts that must mean exactly one thing."""

import re
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from homelab_assets.drift.document import Item
from homelab_assets.remediation import dotenv_text, yaml_text
from homelab_assets.remediation.body import title_of
from homelab_assets.remediation.identity import (
    DRIFT,
    Identity,
    branch_name,
    closed_by_us,
    mark_closed,
    marker,
    read_marker,
    read_trailers,
    trailers,
)
from homelab_assets.remediation.markdown import code
from homelab_assets.remediation.no_forge import write_proposals
from homelab_assets.remediation.patch import patch_of, shown_patch
from homelab_assets.remediation.repository_docs import BEGIN, END, ServiceRow, repository_readme, with_target
from homelab_assets.remediation.weakening import weaknesses
from homelab_assets.remediation.yaml_tree import Unreadable, parse, walk
from homelab_assets.rendering.markdown import fence
from homelab_assets_tests.drift.world import Files

TEXT = st.text(st.characters(blacklist_categories=["Cs"], blacklist_characters="\ufeff\x85\ufffe\uffff"), max_size=40)
NAME = st.text(st.characters(blacklist_categories=["Cs"]), min_size=1, max_size=30)


@given(TEXT, st.sampled_from(["", "'", '"']), st.booleans())
def test_a_scalar_is_read_back_as_the_same_text(text: str, style: str, flow: bool) -> None:
    written = yaml_text.scalar(text, style=style, flow=flow)
    document = f"k: [{written}]" if flow else f"k: {written}\n"
    found = yaml.compose(document, Loader=yaml.CSafeLoader).value[0][1]
    found = found.value[0] if flow else found
    assert found.value == text
    if found.style is None or found.style == "":
        assert found.tag == "tag:yaml.org,2002:str"


@pytest.mark.parametrize(
    "text",
    ["yes", "NO", "on", "022", "22:22", "1e3", "0x1F", "1_000", "~", "null", "2024-01-02", ".inf", "", " a", "a ",
     "- x", "a: b", "a #b", "*x", "&x", "!x", "%x", "@x", "`x", "{x", "[x", "x:", "? x", "|", ">", "#", "---", "<<",
     "=", "1.10"],
)  # fmt: skip
def test_what_some_reader_takes_for_something_else_is_quoted(text: str) -> None:
    assert yaml_text.scalar(text)[0] in "'\""


@given(st.dictionaries(TEXT, TEXT, max_size=4))
def test_a_document_is_read_back(values: dict[str, str]) -> None:
    text = yaml_text.document({"services": {"a": {"image": "x", "labels": values}}})
    found = yaml.load(text, Loader=yaml.BaseLoader)["services"]["a"]["labels"]
    assert found == (values or {})


@given(TEXT)
def test_a_tree_never_points_outside_its_text(text: str) -> None:
    try:
        root = parse(text)
    except Unreadable:
        return
    for node in walk(root) if root is not None else ():
        assert 0 <= node.start <= node.body <= node.end <= len(text)


@given(NAME, NAME, NAME)
def test_a_marker_is_read_back_and_can_t_be_left(host: str, stack: str, service: str) -> None:
    who = Identity(host=host, stack=stack, service=service)
    line = marker(who, "0123456789abcdef")
    assert read_marker(f"text {line} text") == (who, "0123456789abcdef")
    assert line.count("--") == 2
    assert "\n" not in line
    found = read_trailers("fix(x): y\n\nbody\n\n" + trailers(who, "a" * 16, "b" * 16) + "\n")
    assert found is not None
    assert found[1:] == ("a" * 16, "b" * 16)


@given(NAME, NAME)
def test_a_branch_is_a_branch_and_differs_for_different_services(one: str, other: str) -> None:
    names = [branch_name(DRIFT, "2026-11-23T06:00:00Z", n) for n in (one, other)]
    assert all(re.fullmatch(r"fix/drift-[a-z0-9]+(-[a-z0-9]+)*-20261123-060000", name) for name in names)
    if one.lower().replace("_", "-").replace(".", "-") != other.lower().replace("_", "-").replace(".", "-"):
        assert names[0] != names[1]


@pytest.mark.parametrize(
    ("parts", "name"),
    [
        (("h", "web", "app"), "h/web/app"),
        (("*", "web", "*"), "web"),
        (("*", "*", "README"), "README"),
        (("-", "-", "apps"), "apps"),
    ],
)
def test_people_read_only_what_a_pull_request_is_about(parts: tuple[str, str, str], name: str) -> None:
    assert Identity(host=parts[0], stack=parts[1], service=parts[2]).name == name


def test_the_storys_branch_and_title() -> None:
    assert branch_name(DRIFT, "2026-11-23T06:00:00Z", "pihole") == "fix/drift-pihole-20261123-060000"
    item = Item(path="environment.PIHOLE_DNS_", change="changed", severity="functional")
    assert title_of("pihole", [item]) == "fix(pihole): sync DNS config with running state"
    assert "\n" not in title_of("a\nb @all", [item])
    assert "@" not in title_of("a\nb @all", [item])


def test_a_closing_mark_is_found_and_set_once() -> None:
    body = mark_closed("text")
    assert closed_by_us(body)
    assert mark_closed(body) == body


@given(TEXT)
def test_code_keeps_everything_inside(text: str) -> None:
    shown = code(text, in_table=True)
    assert "\n" not in shown
    # No bar ends the cell: each has its backslash.
    assert not re.search(r"(?<!\\)\|", shown)
    if text.strip() and not shown.startswith("("):
        fence = re.match(r"`+", shown)
        assert fence
        inner = shown[len(fence[0]) : -len(fence[0])]
        assert fence[0] not in re.findall(r"`+", inner)


@given(st.text("`~\n a", max_size=60))
def test_a_fence_can_t_be_ended_from_inside(text: str) -> None:
    block = fence(text, "diff")
    ticks = re.match(r"`+", block)
    assert ticks
    assert not any(line.startswith(ticks[0]) for line in block.split("\n")[1:-1])


def test_what_turns_text_around_is_seen() -> None:
    """Also what few lists of invisible characters hold: soft hyphen, Arabic letter mark, Mongolian vowel separator."""
    for character in "\u00ad\u061c\u180e\u202e\u200b\ufeff\x1b":
        for shown in (code(f"a{character}b"), fence(f"a{character}b")):
            assert character not in shown
            assert f"a\\u{ord(character):04x}b" in shown
    assert code("first\nsecond") == "`first⏎second`"
    assert (code(""), code(" "), len(code("x" * 999))) == ("(empty)", "(blank)", 243)


ROWS = [ServiceRow(stack="s", service="web", host="h", image="nginx:1")]


def test_a_readme_gets_its_table_and_its_stamp() -> None:
    first = repository_readme("# Lab\n\nWords.\n", ROWS, "2026-11-23T06:00:00Z")
    assert first.startswith("# Lab\n\nWords.\n\n## Services\n")
    assert "| `web` | `s` | `h` | `nginx:1` |" in first
    assert "Last audit: 2026-11-23" in first
    assert repository_readme(first, ROWS, "2026-11-23T09:00:00Z") == first
    later = repository_readme(first.replace("Words.", "Other words."), ROWS, "2026-11-24T06:00:00Z")
    assert later == first.replace("Words.", "Other words.").replace("2026-11-23", "2026-11-24")


def test_a_stamp_of_the_operators_own_is_kept_where_it_is() -> None:
    text = f"# Lab\r\n\r\n**Last audit:** never\r\n\r\n{BEGIN}\r\nold\r\n{END}\r\n\r\n## After\r\n"
    new = repository_readme(text, ROWS, "2026-11-23T06:00:00Z")
    assert "**Last audit:** 2026-11-23\r\n" in new
    assert new.count("Last audit") == 1
    assert new.endswith("\r\n\r\n## After\r\n")
    assert "\n" not in new.replace("\r\n", "")


def test_hostile_names_stay_in_their_cells() -> None:
    row = ServiceRow(stack="s", service="a|b`c", host="@all", image="<img src=x>")
    table = repository_readme("", [row], "2026-11-23T06:00:00Z")
    line = next(line for line in table.split("\n") if "all" in line)
    assert len(re.split(r"(?<!\\)\|", line)) == 6


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("# c\na: h1\n", "# c\na: h1\nnew: h2\n"),
        ("new: h1\n", "new: [h1, h2]\n"),
        ("new: [h1]\n", "new: [h1, h2]\n"),
        ("new: {endpoints: [h1]}\n", "new: {endpoints: [h1, h2]}\n"),
        ("new:\n  endpoints:\n    - h1 # c\n", "new:\n  endpoints:\n    - h1 # c\n    - h2\n"),
        ("new: h2\n", "new: h2\n"),
        ("", "new: h2\n"),
        ("a: [", "a: ["),
    ],
)
def test_stack_targets(text: str, expected: str) -> None:
    assert with_target(text, "new", "h2") == expected


def test_dotenv_edits_touch_one_line() -> None:
    text = "# c\nexport A=1 # one\nB='two'\r\nC=\n"
    assert dotenv_text.set_value(text, "A", "x y") == "# c\nexport A='x y' # one\nB='two'\r\nC=\n"
    assert dotenv_text.set_value(text, "B", "3") == "# c\nexport A=1 # one\nB='3'\r\nC=\n"
    assert dotenv_text.set_value(text, "C", "3") == "# c\nexport A=1 # one\nB='two'\r\nC=3\n"
    assert dotenv_text.remove(text, "B") == "# c\nexport A=1 # one\nC=\n"
    assert dotenv_text.add("A=1", "B", "2") == "A=1\nB=2\n"
    assert dotenv_text.add("A=1", "A", "2") == "A=1"


def test_a_patch_says_what_git_says() -> None:
    tree = Files({"a": "1\n2\n", "gone": "x\n", "end": "no newline"})
    patch = patch_of(tree, {"a": b"1\n3\n", "gone": None, "new": b"y\n", "end": b"still none"})
    assert "--- a/a\n+++ b/a\n" in patch
    assert "new file mode 100644\n--- /dev/null\n+++ b/new\n" in patch
    assert "deleted file mode 100644\n--- a/gone\n+++ /dev/null\n" in patch
    assert "\\ No newline at end of file" in patch


WEAK = [
    ("privileged", "added", None, True),
    ("network_mode", "added", None, "host"),
    ("network_mode", "removed", "service:gluetun", None),
    ("pid", "added", None, "host"),
    ("volumes./var/run/docker.sock", "added", None, "/var/run/docker.sock:/var/run/docker.sock:ro"),
    ("volumes./host", "added", None, "/:/host"),
    ("ports.5432/tcp", "added", None, "5432:5432"),
    ("ports.80/tcp", "changed", "127.0.0.1:80:80", "80:80"),
    ("labels.traefik.http.routers.x.middlewares", "changed", "authelia@docker,gzip", "gzip"),
    ("labels.traefik.http.routers.x.middlewares", "removed", "authelia@docker", None),
    ("image", "changed", "nginx:1.27", "nginx:latest"),
    ("image", "changed", "nginx:1.27", "registry.lan:5000/nginx"),
    ("cap_add.SYS_ADMIN", "added", None, "SYS_ADMIN"),
    ("cap_drop.ALL", "removed", "ALL", None),
    ("security_opt.no-new-privileges:true", "removed", "no-new-privileges:true", None),
    ("security_opt.seccomp", "added", None, "seccomp=unconfined"),
    ("security_opt.apparmor", "changed", "apparmor=mine", "apparmor=unconfined"),
    ("user", "removed", "1000", None),
    ("read_only", "removed", True, None),
]
HARMLESS = [
    ("image", "changed", "nginx:1.27", "nginx:1.28"),
    ("image", "changed", "nginx:1.27", "nginx@sha256:" + "a" * 64),
    ("privileged", "removed", True, None),
    ("ports.80/tcp", "added", None, "127.0.0.1:8080:80"),
    ("volumes./config", "added", None, "/opt/appdata/x:/config"),
    ("labels.traefik.http.routers.x.middlewares", "added", None, "authelia@docker"),
    ("environment.TZ", "changed", "a", "b"),
    ("security_opt.label:type", "changed", "label=type:a", "label=type:b"),
    ("cap_add.NET_ADMIN", "removed", "NET_ADMIN", None),
]


@pytest.mark.parametrize(("row", "weak"), [*((row, True) for row in WEAK), *((row, False) for row in HARMLESS)])
def test_what_weakens_security(row: tuple, weak: bool) -> None:
    path, change, baseline, running = row
    item = Item(path=path, change=change, severity="functional", baseline=baseline, running=running)
    assert bool(weaknesses(item)) is weak


def test_what_can_t_be_edited_is_refused() -> None:
    """The parser says where it stops: a tab, two documents, a key twice."""
    for text in ("a:\n\t- b\n", "a: 1\n---\nb: 2\n", "a: 1\na: 2\n", "? [x]\n: y\n"):
        with pytest.raises(Unreadable):
            parse(text)


def _written(identity: Identity) -> Any:
    text = marker(identity, "0" * 16)
    return SimpleNamespace(identity=identity, actionable=True, title=str(identity), body=text, patch=str(identity))


def test_files_of_names_that_read_alike_lie_side_by_side(tmp_path: Path) -> None:
    plans = [
        _written(Identity(host="h", stack="media", service="plex-tautulli")),
        _written(Identity(host="h", stack="media-plex", service="tautulli")),
    ]
    for run in (plans, plans[1:], plans[::-1]):
        done = write_proposals(tmp_path, "apps", run, whole=len(run) == 2)
        for outcome in done:
            assert (tmp_path / outcome.reference.rpartition("/")[2]).read_text() == str(outcome.identity)
        assert len(list(tmp_path.glob("*.patch"))) == 2
    # Those of another kind stay, also where a repository is named as the kind is.
    (tmp_path / "docs-apps-all.md").write_text("")
    write_proposals(tmp_path, "docs", [], whole=True, others=["apps"])
    assert (tmp_path / "docs-apps-all.md").is_file()
    write_proposals(tmp_path, "apps", plans[1:], whole=True)
    assert [file.read_text() for file in tmp_path.glob("*.patch")] == [str(plans[1].identity)]


def test_a_patch_shows_no_line_that_git_does_not_have() -> None:
    """Where a line around the change hides a secret there is less of it around; the other files keep theirs."""
    tree = Files({".env.sample": "A=1\nPW=changeme\nB=1\n", "compose.yml": "a: 1\nb: 2\nc: 3\nd: 4\n"})
    shown = shown_patch(
        tree, {".env.sample": b"A=1\nPW=changeme\nB=1\nAPP_KEY=change-me\n", "compose.yml": b"a: 1\nb: 2\nc: 3\nd: 5\n"}
    )
    assert "secret" not in shown
    assert "PW" not in shown
    assert " B=1\n+APP_KEY=change-me\n" in shown
    assert " a: 1\n b: 2\n c: 3\n-d: 4\n+d: 5\n" in shown
    # What is itself the change is covered.
    assert "+PW=<secret>\n" in shown_patch(tree, {".env.sample": b"A=1\nPW=changeme2\nB=1\n"})


def test_a_patch_shows_no_secret_that_another_line_or_a_whole_command_gives_away() -> None:
    old = (
        "services:\n  app:\n    environment:\n      DB_PASSWORD: sunny-otter\n    x-more: 1\n    x-most: 2\n"
        "    labels: {copy: pre_sunny-otter_post}\n    x-least: 3\n    command:\n      - curl\n      - -u\n"
        "      - larry:copper-violet\n    tty: true\n"
    )
    for change in (("x-least: 3", "x-least: 4"), ("tty: true", "tty: false"), ("pre_", "post_")):
        shown = shown_patch(Files({"compose.yml": old}), {"compose.yml": old.replace(*change).encode()})
        assert change[1] in shown
        assert "sunny" not in shown
        assert "violet" not in shown
