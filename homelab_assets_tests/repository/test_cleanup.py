from collections.abc import Mapping, Sequence
from pathlib import Path

import pytest

from homelab_assets.drift.document import DriftDocument, HostStatus, ServiceDrift
from homelab_assets.lab.settings import load_lab
from homelab_assets.model import Captured, CaptureResult, Unreachable
from homelab_assets.rendering.cleanup_report import cleanup_json, cleanup_markdown, cleanup_terminal
from homelab_assets.repository.baselines import load_baselines
from homelab_assets.repository.cleanup import find_stale
from homelab_assets.repository.stale import CleanupReport
from homelab_assets.secrecy import Vault
from homelab_assets_tests.repository.clones import commit, make_clone

NOW = "2026-11-23T06:00:00Z"
OLD = "2026-01-01T00:00:00Z"


def service(name: str, extra: str = "") -> str:
    return f"  {name}:\n    image: {name}:1.0\n    restart: always\n{extra}"


def stack(*names: str, extra: str = "") -> str:
    return "services:\n" + "".join(service(name, extra) for name in names)


def container(project: str, name: str, **rest: str) -> dict[str, object]:
    labels = {"com.docker.compose.project": project, "com.docker.compose.service": name, **rest}
    return {"Id": f"{project}{name}", "Name": f"/{project}-{name}-1", "Config": {"Labels": labels}}


class World:
    """A repository, two hosts, and what runs on them. The audit is taken to have found each absent service missing."""

    def __init__(self, folder: Path, files: Mapping[str, str], when: str = OLD) -> None:
        self.folder = folder
        self.clone = make_clone(folder / "apps", files, when)
        text = "hosts: {host-a: {docker: ssh://a}, host-b: {docker: ssh://b}}\nrepositories: {apps: {path: apps}}\n"
        (folder / "lab.yaml").write_text(text)

    def stale(
        self, running: Mapping[str, Sequence[tuple[str, str]]], *, missing: Sequence[tuple[str, str, str]] = ()
    ) -> CleanupReport:
        baselines = load_baselines(load_lab(str(self.folder / "lab.yaml"), {}), vault=Vault(b"k" * 32))
        captures: list[CaptureResult] = []
        for host in ("host-a", "host-b"):
            if host in running:
                captures.append(captured(host, [container(*each) for each in running[host]]))
            else:
                captures.append(Unreachable(host=host, captured_at=NOW, error="no answer"))
        document = DriftDocument(
            generated_at=NOW,
            hosts=[HostStatus(name=capture.host, status="captured") for capture in captures],
            baselines=baselines.refs,
            services=[
                ServiceDrift(host=host, stack=stack, service=name, container=None, status="missing")
                for host, stack, name in missing
            ],
        )
        return find_stale(baselines, captures, document)


def captured(host: str, containers: list[dict[str, object]]) -> Captured:
    return Captured(host=host, captured_at=NOW, engine={}, containers=containers, images=(), networks=(), volumes=())


def told(report: CleanupReport) -> list[tuple[str, str, int | None, str]]:
    return [(item.kind, item.file, item.line, item.confidence) for item in report.items]


FILES = {
    "stack-targets.yml": "one: host-a\ntwo: [host-a, host-b]\n",
    "stacks/one/docker-compose.yml": stack("web", "db"),
    "stacks/one/.env.sample": "A=\n",
    "stacks/one/config/web.conf": "x\n",
    "stacks/two/docker-compose.yml": stack("app"),
    "stacks/two/docker-compose.host-b.yml": "services:\n  app:\n    init: true\n",
}
ALL = {"host-a": [("one", "web"), ("one", "db"), ("two", "app")], "host-b": [("two", "app")]}


def test_what_runs_is_not_stale(tmp_path: Path) -> None:
    report = World(tmp_path, FILES).stale(ALL)
    assert (report.items, report.unjudged, report.removals, report.exit_code) == ((), (), (), 0)


def test_a_stack_that_runs_nowhere_is_stale_as_a_whole(tmp_path: Path) -> None:
    report = World(tmp_path, FILES).stale(
        {**ALL, "host-a": [("two", "app")]}, missing=[("host-a", "one", "web"), ("host-a", "one", "db")]
    )
    assert told(report) == [
        ("target", "stack-targets.yml", 1, "high"),
        ("env file", "stacks/one/.env.sample", None, "high"),
        ("compose file", "stacks/one/docker-compose.yml", None, "high"),
    ]
    assert {item.last_commit for item in report.items} == {OLD}
    assert report.exit_code == 1
    assert sorted((removal.edit, removal.file, removal.name) for removal in report.removals) == [
        ("file", "stacks/one/.env.sample", None),
        ("file", "stacks/one/config/web.conf", None),
        ("file", "stacks/one/docker-compose.yml", None),
        ("target", "stack-targets.yml", "one"),
    ]


def test_an_endpoint_where_the_stack_no_longer_runs(tmp_path: Path) -> None:
    report = World(tmp_path, FILES).stale({**ALL, "host-b": []}, missing=[("host-b", "two", "app")])
    assert told(report) == [
        ("target", "stack-targets.yml", 2, "high"),
        ("override", "stacks/two/docker-compose.host-b.yml", None, "high"),
    ]
    assert [(removal.edit, removal.name, removal.endpoint) for removal in report.removals] == [
        ("target", "two", "host-b"),
        ("file", None, "host-b"),
    ]


def test_one_service_of_a_running_stack(tmp_path: Path) -> None:
    report = World(tmp_path, FILES).stale(
        {**ALL, "host-a": [("one", "web"), ("two", "app")]}, missing=[("host-a", "one", "db")]
    )
    assert told(report) == [("service", "stacks/one/docker-compose.yml", 5, "medium")]
    (removal,) = report.removals
    assert (removal.edit, removal.name, removal.line) == ("service", "db", 5)


def test_a_host_that_could_not_be_audited_makes_nothing_stale(tmp_path: Path) -> None:
    report = World(tmp_path, FILES).stale({"host-b": []}, missing=[("host-b", "two", "app")])
    assert report.items == ()
    assert {(open_.stack, open_.endpoint) for open_ in report.unjudged} == {("one", "host-a"), ("two", "host-a")}
    assert report.exit_code == 2


def test_what_the_audit_did_not_judge_is_not_stale(tmp_path: Path) -> None:
    report = World(tmp_path, FILES).stale({**ALL, "host-a": [("two", "app")]})
    assert report.items == ()
    assert [open_.stack for open_ in report.unjudged] == ["one"]


@pytest.mark.parametrize(
    "extra",
    [
        "    profiles: [debug]\n",
        '    restart: "no"\n',
        "    restart: on-failure\n",
        "    scale: 0\n",
        "    deploy: {replicas: 0}\n",
    ],
)
def test_profiles_jobs_and_scale_0_may_be_absent(tmp_path: Path, extra: str) -> None:
    odd = f"  odd:\n    image: odd:1.0\n{extra}"
    world = World(
        tmp_path,
        {
            "stack-targets.yml": "one: host-a\ntwo: host-a\n",
            "stacks/one/compose.yml": stack("web") + odd,
            "stacks/two/compose.yml": "services:\n" + odd,
        },
    )
    assert world.stale({"host-a": [("one", "web")], "host-b": []}).items == ()


def test_a_fixed_name_and_a_folder_s_name_count_as_running(tmp_path: Path) -> None:
    world = World(
        tmp_path,
        {
            "stack-targets.yml": "One: host-a\ntwo: host-a\n",
            "stacks/One/compose.yml": stack("web"),
            "stacks/two/compose.yml": stack("app", extra="    container_name: by-hand\n"),
        },
    )
    missing = [("host-a", "One", "web"), ("host-a", "two", "app")]
    baselines = load_baselines(load_lab(str(tmp_path / "lab.yaml"), {}), vault=Vault(b"k" * 32))
    by_hand = {"Id": "x", "Name": "/by-hand", "Config": {"Labels": {}}}
    captures = [
        captured(
            "host-a", [container("renamed", "web", **{"com.docker.compose.project.working_dir": "/opt/One"}), by_hand]
        ),
        captured("host-b", []),
    ]
    document = DriftDocument(
        generated_at=NOW,
        hosts=(),
        baselines=(),
        services=[ServiceDrift(host=h, stack=s, service=n, container=None, status="missing") for h, s, n in missing],
    )
    assert find_stale(baselines, captures, document).items == ()
    assert len(world.stale({"host-a": [], "host-b": []}, missing=missing).items) == 4


def test_confidence_says_how_sure_it_is(tmp_path: Path) -> None:
    world = World(tmp_path, {"stack-targets.yml": "one: host-a\n", "stacks/one/compose.yml": stack("web")})
    commit(world.clone, {"stacks/two/compose.yml": stack("app")}, when=OLD)
    commit(world.clone, {"stacks/one/compose.yml": stack("web", "db")}, when="2026-11-20T00:00:00Z")
    nothing = {"host-a": [], "host-b": []}
    report = world.stale(nothing, missing=[("host-a", "one", "web"), ("host-a", "one", "db")])
    assert {(item.stack, item.confidence) for item in report.items} == {("one", "medium"), ("two", "low")}


def test_what_no_deployment_can_read_is_stale_whatever_runs(tmp_path: Path) -> None:
    files = {
        **FILES,
        "stack-targets.yml": "one: host-a\ntwo: [host-a, host-b]\ngone: host-a\n",
        "stacks/one/docker-compose.host-b.yml": "services:\n  web:\n    init: true\n",
        "stacks/one/docker-compose.yaml": stack("other"),
    }
    assert told(World(tmp_path, files).stale(ALL)) == [
        ("target", "stack-targets.yml", 3, "high"),
        ("override", "stacks/one/docker-compose.host-b.yml", None, "high"),
        ("compose file", "stacks/one/docker-compose.yaml", None, "high"),
    ]


def test_a_file_that_does_not_parse_makes_nothing_stale(tmp_path: Path) -> None:
    world = World(tmp_path, {**FILES, "stacks/one/docker-compose.yml": "services: [\n"})
    report = world.stale({**ALL, "host-a": [("two", "app")]})
    assert report.items == ()
    assert "docker-compose.yml" in report.unjudged[0].reason


def test_why_a_stack_can_not_be_judged_holds_no_secret(tmp_path: Path) -> None:
    refused = "services: {a: {image: x, mem_limit: password=hunter2}}\n"
    world = World(tmp_path, {**FILES, "stacks/one/docker-compose.yml": refused})
    (reason,) = {open_.reason for open_ in world.stale({**ALL, "host-a": [("two", "app")]}).unjudged}
    assert reason.startswith("stacks/one/docker-compose.yml:1: services.a: mem_limit: invalid size 'password=<secret>'")
    assert "hunter2" not in reason


def test_the_report_reads_well(tmp_path: Path) -> None:
    report = World(tmp_path, FILES).stale(
        {"host-a": [("two", "app")], "host-b": [("two", "app")]},
        missing=[("host-a", "one", "web"), ("host-a", "one", "db")],
    )
    text = cleanup_markdown(report)
    assert text.startswith("# Cleanup report, 2026-11-23\n\n**3 stale things in 1 stack.** Nothing was deleted.\n")
    assert "## apps / one\n\nLast changed 2026-01-01.\n" in text
    assert "| target | `stack-targets.yml:1 one` | high | no container of the stack exists on host-a |" in text
    terminal = cleanup_terminal(report, color=False)
    assert "high   compose file stacks/one/docker-compose.yml" in terminal
    assert "\x1b" in cleanup_terminal(report, color=True)
    assert '"confidence": "high"' in cleanup_json(report)


def test_the_env_file_that_only_a_stale_service_reads(tmp_path: Path) -> None:
    files = {
        "stack-targets.yml": "one: host-a\n",
        "stacks/one/compose.yml": stack("web", extra="    env_file: .env.both\n")
        + service("db", "    env_file: [./.env.db, {path: .env.both}]\n"),
        "stacks/one/.env.both": "A=1\n",
        "stacks/one/.env.db": "B=1\n",
        "stacks/one/.env.unread": "C=1\n",
    }
    report = World(tmp_path, files).stale({"host-a": [("one", "web")], "host-b": []}, missing=[("host-a", "one", "db")])
    assert told(report) == [
        ("env file", "stacks/one/.env.db", None, "medium"),
        ("env file", "stacks/one/.env.unread", None, "low"),
        ("service", "stacks/one/compose.yml", 6, "medium"),
    ]


def test_a_broken_file_that_nothing_deploys_leaves_the_rest_judged(tmp_path: Path) -> None:
    extra = {"stacks/one/docker-compose.yaml": "services: [\n", "stacks/one/.env.db": "B=1\n"}
    compose = stack("web") + service("db", "    env_file: .env.db\n")
    world = World(tmp_path, {**FILES, **extra, "stacks/one/docker-compose.yml": compose})
    report = world.stale({**ALL, "host-a": [("one", "web"), ("two", "app")]}, missing=[("host-a", "one", "db")])
    assert [(item.kind, item.file) for item in report.items] == [
        ("compose file", "stacks/one/docker-compose.yaml"),
        ("service", "stacks/one/docker-compose.yml"),
    ]


def test_the_folder_of_another_stack_is_not_removed_with_that_around_it(tmp_path: Path) -> None:
    files = {"stack-targets.yml": "one: host-a\ntwo: host-a\n", "stacks/one/compose.yml": stack("web")}
    world = World(tmp_path, {**files, "stacks/one/two/compose.yml": stack("app"), "stacks/one/x/y.conf": ""})
    text = (tmp_path / "lab.yaml").read_text().replace("path: apps", "path: apps, stacks: 'stacks/**'")
    (tmp_path / "lab.yaml").write_text(text)
    report = world.stale({"host-a": [("two", "app")], "host-b": []}, missing=[("host-a", "one", "web")])
    assert [removal.file for removal in report.removals if removal.edit == "file"] == [
        "stacks/one/compose.yml",
        "stacks/one/x/y.conf",
    ]


LEFT = {
    **FILES,
    "stacks/leftover/.env": "A=1\n",
    "stacks/leftover/.env.sample": "A=\n",
    "stacks/leftover/notes.txt": "bought in 2019\n",
    "stacks/one/.env": "A=1\n",
    "stacks/one/stack.env": "A=1\n",
    "stacks/one/old.env": "A=1\n",
    "stacks/one/config/app.env": "A=1\n",
    "stacks/README.md": "Each folder is a stack.\n",
    ".dockerignore": "*.env\nstacks/leftover/.env\n",
}


def test_env_files_that_nothing_reads(tmp_path: Path) -> None:
    report = World(tmp_path, LEFT).stale(ALL)
    assert told(report) == [
        ("env file", "stacks/leftover/.env", None, "medium"),
        ("env file", "stacks/leftover/.env.sample", None, "medium"),
        ("env file", "stacks/one/old.env", None, "low"),
    ]
    assert [(removal.edit, removal.file) for removal in report.removals] == [("file", i.file) for i in report.items]
    assert [item.reason for item in report.items[1:]] == [
        "its folder holds no compose file",
        "no compose file and no script names it",
    ]


@pytest.mark.parametrize(
    ("file", "text"),
    [
        ("stacks/two/docker-compose.yml", stack("app", extra="    env_file: ../one/old.env\n")),
        ("stacks/two/docker-compose.yml", stack("app", extra="    env_file: ['../one/${WHICH}.env']\n")),
        ("deploy.sh", "docker compose --env-file stacks/one/old.env up -d\n"),
        (".github/workflows/deploy.yml", "run: docker compose --env-file old.env up -d\n"),
        ("Makefile", 'up:\n\tdocker compose --env-file "$ENV_FILE" up -d\n'),
        ("deploy.sh", "for file in stacks/one/*.env; do . $file; done\n"),
    ],
)
def test_an_env_file_that_some_text_names_is_in_use(tmp_path: Path, file: str, text: str) -> None:
    report = World(tmp_path, {**LEFT, file: text}).stale(ALL)
    assert [item.file for item in report.items] == ["stacks/leftover/.env", "stacks/leftover/.env.sample"]


@pytest.mark.parametrize(
    ("file", "text"),
    [("deploy.sh", ". stacks/leftover/.env\n"), ("stacks/leftover/run.sh", "set -a; . ./.env\n")],
)
def test_a_folder_that_scripts_use_is_no_leftover(tmp_path: Path, file: str, text: str) -> None:
    files = [item.file for item in World(tmp_path, {**LEFT, file: text}).stale(ALL).items]
    assert files == ["stacks/leftover/.env.sample", "stacks/one/old.env"]


def test_what_containers_were_made_with_is_in_use_and_nobody_knows_of_a_silent_host(tmp_path: Path) -> None:
    world = World(tmp_path, LEFT)
    assert world.stale({"host-a": ALL["host-a"]}).items == ()
    assert told(world.stale({**ALL, "host-b": [*ALL["host-b"], ("leftover", "web")]})) == [
        ("env file", "stacks/one/old.env", None, "low")
    ]
    named = container("one", "job", **{"com.docker.compose.project.environment_file": "/opt/x/stacks/one/old.env"})
    captures = [captured("host-a", [*(container(*each) for each in ALL["host-a"]), named])]
    baselines = load_baselines(load_lab(str(tmp_path / "lab.yaml"), {}), vault=Vault(b"k" * 32))
    document = DriftDocument(generated_at=NOW, hosts=(), baselines=(), services=[])
    found = find_stale(baselines, [*captures, captured("host-b", [container(*e) for e in ALL["host-b"]])], document)
    assert [item.file for item in found.items] == ["stacks/leftover/.env", "stacks/leftover/.env.sample"]
