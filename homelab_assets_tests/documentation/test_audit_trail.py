"""Changes are grouped by what they changed in the model."""

from dataclasses import dataclass
from pathlib import Path

import pytest
from msgspec.structs import replace

from homelab_assets.documentation.audit_trail import Event, History, build_trail
from homelab_assets.documentation.audit_trail_text import MOST, audit_trail_document
from homelab_assets.documentation.change import model_changes, variant
from homelab_assets.documentation.links import ForgeLinks
from homelab_assets.documentation_inputs import histories_of
from homelab_assets.lab.settings import Lab, load_lab
from homelab_assets.remediation.journal import Entry, read_journal, record
from homelab_assets_tests.documentation.estates import document, drifted
from homelab_assets_tests.repository.clones import commit, git, make_clone

COMPOSE = "services:\n  web:\n    image: nginx:1.0\n    environment: {TZ: UTC}\n  db:\n    image: postgres:16\n"


@pytest.mark.parametrize(
    ("old", "new", "expected"),
    [
        ({"image": "a:1"}, {"image": "a:2"}, [("image", "changed", "a:1", "a:2")]),
        ({"environment": {"A": "1", "B": "2"}}, {"environment": {"A": "1", "C": "3"}}, [("environment.B", "removed", "2", ""), ("environment.C", "added", "", "3")]),
        ({"environment": {"A": "1"}}, {}, [("environment", "removed", "A: 1", "")]),
        (
            {"ports": [{"target": 80, "published": "8080", "protocol": "tcp"}]},
            {"ports": [{"target": 80, "published": "8081", "protocol": "tcp"}]},
            [("ports.80/tcp", "changed", "8080", "8081")],
        ),
        ({"cap_add": ["A"]}, {"cap_add": ["A", "B"]}, [("cap_add.B", "added", "", "B")]),
        ({"command": ["a", "b"]}, {"command": ["b", "a"]}, [("command", "changed", "a b", "b a")]),
        (
            {"ports": [{"target": 53, "published": port, "protocol": "udp"} for port in ("53", "5353")]},
            {"ports": [{"target": 53, "published": "5353", "protocol": "udp"}]},
            [("ports.53/udp", "changed", "53 5353", "5353")],
        ),
        ({"command": ["a"]}, {"command": ["a", "a"]}, [("command", "changed", "a", "a a")]),
        ({"command": ["a"]}, {"command": ["a", "--b", "c"]}, [("command", "changed", "a", "a --b c")]),
        ({"healthcheck": {"test": ["CMD", "a"]}}, {"healthcheck": {"test": ["CMD", "b"]}}, [("healthcheck.test", "changed", "CMD a", "CMD b")]),
        ({}, {"entrypoint": ["a", "b"]}, [("entrypoint", "added", "", "a b")]),
        ({"volumes": [{"source": "x", "target": "/x"}]}, {"volumes": []}, [("volumes./x", "removed", "x", "")]),
        ({"depends_on": {"a": {"condition": "x"}}}, {"depends_on": {"a": {"condition": "y"}}}, [("depends_on.a.condition", "changed", "x", "y")]),
        ({"mem_limit": None}, {"mem_limit": "1g"}, [("mem_limit", "added", "", "1g")]),
        ({"mem_limit": "536870912"}, {"mem_limit": "1073741824"}, [("mem_limit", "changed", "512m", "1g")]),
        ({"deploy": {"resources": {"limits": {"memory": "1000"}}}}, {"deploy": {}}, [("deploy.resources", "removed", "limits: memory: 1000", "")]),
        ({"deploy": {"limits": {"memory": "1024"}}}, {"deploy": {"limits": {"memory": "${MEMORY}"}}}, [("deploy.limits.memory", "changed", "1k", "${MEMORY}")]),
        ({"init": True}, {"init": False}, [("init", "changed", "true", "false")]),
    ],
)  # fmt: skip
def test_model_changes(old: dict, new: dict, expected: list) -> None:  # type: ignore[type-arg]
    found = model_changes({"s": old}, {"s": new})
    assert [(change.path, change.kind, change.old, change.new) for change in found] == expected
    assert model_changes({"s": new}, {"s": new}) == []


def test_services_come_and_go() -> None:
    found = model_changes({"a": {"image": "x"}}, {"b": {"image": "y"}})
    assert [(change.service, change.kind) for change in found] == [("a", "removed"), ("b", "added")]


def test_what_an_endpoints_file_only_repeats_is_said_once() -> None:
    old, new = {"image": "a:1"}, {"image": "a:2"}
    found = model_changes({"s": old, variant("s", "h"): old}, {"s": new, variant("s", "h"): {**new, "user": "1"}})
    assert [(change.service, change.path) for change in found] == [("s", "image"), ("s (h)", "user")]


@pytest.fixture
def lab(tmp_path: Path) -> Lab:
    clone = make_clone(tmp_path / "apps", {"stacks/web/docker-compose.yml": COMPOSE}, when="2026-09-01T12:00:00Z")
    commit(
        clone,
        {"stacks/web/docker-compose.yml": COMPOSE.replace("nginx:1.0", "nginx:1.1")},
        "chore(web): update | `x` @all",
        when="2026-11-10T12:00:00Z",
    )
    commit(
        clone,
        {"stacks/web/docker-compose.yml": "# a remark\n" + COMPOSE.replace("nginx:1.0", "nginx:1.1")},
        "docs: remark",
        when="2026-11-11T12:00:00Z",
    )
    commit(clone, {"README.md": "hi"}, "docs: readme", when="2026-11-12T12:00:00Z")
    git(clone, "checkout", "-q", "-b", "fix/tz")
    commit(
        clone,
        {"stacks/web/docker-compose.yml": COMPOSE.replace("nginx:1.0", "nginx:1.1").replace("UTC", "Europe/Brussels")},
        "fix(web): zone",
        when="2026-11-13T12:00:00Z",
    )
    git(clone, "checkout", "-q", "main")
    git(
        clone,
        "merge",
        "-q",
        "--no-ff",
        "-m",
        "Merge pull request #7 from o/fix/tz",
        "fix/tz",
        when="2026-11-14T12:00:00Z",
    )
    file = tmp_path / "lab.yaml"
    file.write_text(
        "hosts: {h: {docker: 'capture:x'}}\nrepositories: {apps: {path: apps, ref: main, forge: {kind: github, slug: o/apps}}}\n"
    )
    return load_lab(str(file), {})


def test_a_real_history(lab: Lab) -> None:
    histories, unread = histories_of(lab, until="2026-11-23T06:00:00Z")
    assert unread == []
    trail = build_trail(histories, document(drifted("h", "web", "web", "restart", first_seen="2026-11-20T06:00:00Z")))
    found = [(e.stack, e.service, e.kind, e.subject, [c.path for c in e.changes]) for e in trail.events]
    assert found == [
        ("web", "web", "drift", "drift on h", ["restart"]),
        ("web", "", "merge", "Merge pull request #7 from o/fix/tz", []),
        ("web", "web", "commit", "fix(web): zone", ["environment.TZ"]),
        ("", "", "commit", "docs: readme", []),
        ("web", "", "commit", "docs: remark", []),
        ("web", "web", "commit", "chore(web): update | `x` @all", ["image"]),
    ]
    text = audit_trail_document(trail)
    assert "(https://github.com/o/apps/compare/" in text
    assert "`nginx:1.0` → `nginx:1.1`" in text
    assert f"(https://github.com/o/apps/commit/{trail.events[2].sha})" in text
    assert "@all" not in text


def test_a_stack_at_the_root_and_one_inside_another(tmp_path: Path) -> None:
    clone = make_clone(
        tmp_path / "apps", {"compose.yml": COMPOSE, "a/compose.yml": COMPOSE}, when="2026-09-01T12:00:00Z"
    )
    newer = COMPOSE.replace("nginx:1.0", "nginx:1.1")
    files = {"compose.yml": newer, "a/compose.yml": newer, "a/b/compose.yml": COMPOSE, "notes/x": "x"}
    commit(clone, files, "feat: more", when="2026-11-10T12:00:00Z")
    (tmp_path / "lab.yaml").write_text(
        "hosts: {h: {docker: 'capture:x'}}\nrepositories: {apps: {path: apps, ref: main, stacks: [., a, a/b]}}\n"
    )
    histories, _ = histories_of(load_lab(str(tmp_path / "lab.yaml"), {}), until="2026-11-23T06:00:00Z")
    events = build_trail(histories, document()).events
    assert sorted((e.stack, e.service, [c.path for c in e.changes], list(e.files)) for e in events) == [
        ("a", "web", ["image"], []),
        ("apps", "", [], ["notes/x"]),
        ("apps", "web", ["image"], []),
        ("b", "db", [""], []),
        ("b", "web", [""], []),
    ]


def test_older_changes_are_left_out(lab: Lab) -> None:
    histories, _ = histories_of(lab, until="2026-11-23T06:00:00Z")
    trail = build_trail(histories, document(), days=10)
    assert [event.subject for event in trail.events] == ["Merge pull request #7 from o/fix/tz", "fix(web): zone"]


def test_a_repository_that_is_gone_is_said(lab: Lab, tmp_path: Path) -> None:
    (tmp_path / "apps").rename(tmp_path / "elsewhere")
    histories, unread = histories_of(lab, until="2026-11-23T06:00:00Z")
    assert histories == []
    assert unread[0].startswith("apps: ")


def test_a_file_that_was_broken_once_stops_nothing(lab: Lab, tmp_path: Path) -> None:
    commit(
        tmp_path / "apps",
        {"stacks/web/docker-compose.yml": "services: [oops"},
        "chore: break",
        when="2026-11-15T12:00:00Z",
    )
    commit(tmp_path / "apps", {"stacks/web/docker-compose.yml": COMPOSE}, "fix: mend", when="2026-11-16T12:00:00Z")
    histories, _ = histories_of(lab, until="2026-11-23T06:00:00Z")
    subjects = {event.subject for event in build_trail(histories, document()).events}
    assert {"chore: break", "fix: mend"} <= subjects


def test_services_in_a_file_that_nobody_can_read_are_not_gone(lab: Lab, tmp_path: Path) -> None:
    file = "stacks/web/docker-compose.yml"
    commit(tmp_path / "apps", {file: "services: [oops"}, "chore: break", when="2026-11-15T12:00:00Z")
    commit(tmp_path / "apps", {file: COMPOSE}, "fix: mend", when="2026-11-16T12:00:00Z")
    histories, _ = histories_of(lab, until="2026-11-23T06:00:00Z")
    mended, broken = build_trail(histories, document()).events[:2]
    assert (broken.subject, mended.subject) == ("chore: break", "fix: mend")
    for event in (broken, mended):
        assert (event.stack, event.service, event.changes, event.files) == ("web", "", (), (file,))


@dataclass(frozen=True)
class _Commit:
    sha: str
    committed_at: str
    subject: str = "chore: x"
    parents: tuple[str, ...] = ("0" * 40,)
    author: str = "Larry"
    files: tuple[str, ...] = ("stacks/web/docker-compose.yml",)


def _history(*commits: _Commit, models: object = lambda sha, folder: {}) -> History:
    forge = ForgeLinks(kind="github", base="https://github.com/o/r", branch="main")
    return History(repository="r", commits=commits, stacks={"stacks/web": "web"}, models=models, forge=forge)  # type: ignore[arg-type]


def test_a_secret_that_was_once_in_git_is_not_shown_again() -> None:
    def models(sha: str, folder: str) -> dict:  # type: ignore[type-arg]
        clear = {"A_PASSWORD": "hunter2-hunter2", "URL": "http://u:swordfish99@db"}
        return {"web": {"environment": {} if sha == "a" * 40 else clear}}

    message = "fix: remove the key ghp_" + "a1B2" * 9
    trail = build_trail([_history(_Commit("a" * 40, "2026-11-20T00:00:00Z", message), models=models)], document())
    text = audit_trail_document(trail)
    assert "A\\_PASSWORD" in text or "A_PASSWORD" in text
    for secret in ("hunter2", "swordfish99", "a1B2a1B2"):
        assert secret not in text


def test_a_secret_argument_is_not_shown_again() -> None:
    def models(sha: str, folder: str) -> dict:  # type: ignore[type-arg]
        return {"web": {"command": ["redis-server", *([] if sha == "a" * 40 else ["--requirepass", "swordfish99"])]}}

    trail = build_trail([_history(_Commit("a" * 40, "2026-11-20T00:00:00Z"), models=models)], document())
    assert "`command`: `<secret>` → `redis-server`" in audit_trail_document(trail)


def test_many_events_are_cut_and_counted() -> None:
    commits = [_Commit(f"{n:040x}", "2026-11-20T00:00:00Z") for n in range(MOST + 50)]
    text = audit_trail_document(build_trail([_history(*commits)], document()))
    assert "… and 50 more." in text


def test_what_became_of_pull_requests_stands_in_it() -> None:
    events = (
        ("2026-10-01T00:00:00Z", "opened"),
        ("2026-11-20T06:05:00Z", "updated"),
        ("2026-11-21T06:05:00Z", "merged"),
    )
    pull = Entry(
        repository="apps", kind="drift", host="h", stack="web", service="app", number=7, title="fix(app): <b>sync</b>",
        url="https://git.example/pulls/7", state="merged", digest="0" * 16, events=events,
    )  # fmt: skip
    text = audit_trail_document(build_trail([], document(), pulls=[pull]))
    rows = [line for line in text.splitlines() if "#7](https:" in line]
    assert [row.split("|")[1].strip() for row in rows] == ["app", "app"]
    assert "merged: fix(app): &lt;b&gt;sync" in rows[0]
    assert "2026-11-21 06:05" in rows[0]
    assert "updated" in rows[1]


def test_a_pull_request_about_no_one_stack_belongs_to_none() -> None:
    told = (("README", "README", "*"), ("cleanup", "*", "web"))
    pulls = [
        Entry(
            repository="apps", kind=kind, host="*", stack=stack, service=service, number=number, title="docs: x", url="https://git.example/p",
            state="open", digest="0" * 16, events=(("2026-11-20T06:05:00Z", "opened"),),
        )
        for number, (kind, service, stack) in enumerate(told)
    ]  # fmt: skip
    trail = build_trail([], document(), pulls=pulls)
    assert {name: [event.service for event in events] for name, events in trail.grouped().items()} == {
        "web": [""], "": ["README"],
    }  # fmt: skip


@pytest.mark.parametrize(
    ("kind", "address"), [("github", "https://github.com/o/apps/commits/main"), ("gitea", "https://git.lan/o/apps/commits/branch/main")]
)  # fmt: skip
def test_where_the_first_commit_of_all_is_recent_all_changes_are_all_commits(kind: str, address: str) -> None:
    base = address.partition("/commits")[0]
    forge = ForgeLinks(kind=kind, base=base, branch="main")
    (found,) = build_trail([replace(_history(_Commit("a" * 40, "2026-11-20T00:00:00Z", parents=())), forge=forge)], document()).compares.values()  # fmt: skip
    assert found == address


def test_an_empty_value_is_said_to_be_empty() -> None:
    old, new = ({"app": {"environment": {"A": value, "B": "1"}}} for value in ("", "now"))
    commit = _Commit("a" * 40, "2026-11-20T00:00:00Z")
    event = Event(at=commit.committed_at, kind="commit", repository="apps", stack="web", service="app", changes=tuple(model_changes(old, new)))  # fmt: skip
    assert "`environment.A`: (empty) → `now`" in audit_trail_document(
        replace(build_trail([], document()), events=(event,))
    )


@pytest.mark.parametrize("damaged", ["", "{", "[]", '{"pull_requests": [{"number": "x"}]}', '{"pull_requests": 3}'])
def test_a_damaged_journal_is_said_and_written_anew(tmp_path: Path, damaged: str) -> None:
    (tmp_path / "pull_requests.json").write_text(damaged)
    entries, problem = read_journal(tmp_path)
    assert entries is None
    assert problem is not None
    assert "pull_requests.json" in problem
    record(tmp_path, "apps", [], "2026-11-23T06:00:00Z")
    assert read_journal(tmp_path) == ([], None)
