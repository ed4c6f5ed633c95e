import subprocess
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from homelab_assets import audit
from homelab_assets.errors import BaselineError
from homelab_assets.lab.settings import Lab, load_lab
from homelab_assets.repository.baselines import Baselines, load_baselines
from homelab_assets.repository.discover import kinds
from homelab_assets.repository.dotenv_files import names_of
from homelab_assets.repository.git import Git
from homelab_assets.repository.targets import read_targets
from homelab_assets.repository.trees import GitTree, WorkingTree
from homelab_assets.secrecy import Vault, has_token
from homelab_assets_tests.repository.clones import commit, git, make_clone, write

COMPOSE = "services:\n  web:\n    image: nginx:1.27.0\n"
FILES = {
    "stack-targets.yml": "one: host-a\ntwo: [host-a, host-b]\nthree:\n  endpoints: [host-b]\n",
    "stacks/one/docker-compose.yml": COMPOSE,
    "stacks/one/docker-compose.override.yml": COMPOSE,
    "stacks/one/.env.sample": "# a comment\nTZ=Europe/Brussels\nAPI_KEY=change-me\n",
    "stacks/two/compose.yaml": COMPOSE,
    "stacks/two/docker-compose.yml": COMPOSE,
    "stacks/two/docker-compose.host-b.yml": COMPOSE,
    "stacks/two/docker-compose.override.yml": COMPOSE,
    "stacks/three/compose.yml": COMPOSE,
    "stacks/three/.env": "TOKEN=hunter2hunter2\nTZ=UTC\n",
    "stacks/four/docker-compose.yaml": COMPOSE,
    "stacks/four/docker-compose.host-a.yml": COMPOSE,
    "stacks/five/docker-compose.yml": COMPOSE,
    "stacks/five/docker-compose.elsewhere.yml": COMPOSE,
    "stacks/notes/README.md": "no stack\n",
}


def lab_with(tmp_path: Path, **repositories: str) -> Lab:
    lines = [
        "hosts:",
        "  host-a: {docker: unix:///var/run/docker.sock}",
        "  host-b: {docker: ssh://b}",
        "repositories:",
    ]
    lines += [f"  {name.replace('_', '-')}: {text}" for name, text in repositories.items()]
    (tmp_path / "lab.yaml").write_text("\n".join(lines) + "\n")
    return load_lab(str(tmp_path / "lab.yaml"), {})


def load(lab: Lab, **options: bool) -> Baselines:
    return load_baselines(lab, vault=Vault(b"k" * 32), **options)


@pytest.fixture
def clone(tmp_path: Path) -> Path:
    return make_clone(tmp_path / "apps", FILES, "2026-01-01T00:00:00Z")


@pytest.mark.parametrize(
    ("variables", "files"),
    [
        ("COMPOSE_FILE=compose.yml:gpu/over.yml\n", ("stacks/six/compose.yml", "stacks/six/gpu/over.yml")),
        ("COMPOSE_PATH_SEPARATOR=,\nCOMPOSE_FILE=a.yml,../b.yml\n", ("stacks/six/a.yml", "stacks/b.yml")),
        ("COMPOSE_FILE=\n", ("stacks/six/compose.yml", "stacks/six/compose.override.yml")),
    ],
)
def test_a_committed_env_names_the_files(tmp_path: Path, variables: str, files: tuple[str, ...]) -> None:
    names = {"compose.yml": COMPOSE, "compose.override.yml": COMPOSE, ".env": variables}
    make_clone(tmp_path / "apps", {f"stacks/six/{name}": text for name, text in names.items()}, "2026-01-01T00:00:00Z")
    (baseline,) = load(lab_with(tmp_path, apps="{path: apps}")).baselines
    assert baseline.files == files


def test_stacks_their_files_and_endpoints(tmp_path: Path, clone: Path) -> None:
    loaded = load(lab_with(tmp_path, apps="{path: apps}"))
    assert loaded.problems == ()
    found = {
        (b.stack, b.endpoint, b.bound_by): [file.removeprefix(b.directory + "/") for file in b.files]
        for b in loaded.baselines
    }
    assert found == {
        ("one", "host-a", "stack-targets.yml"): ["docker-compose.yml", "docker-compose.override.yml"],
        ("two", "host-a", "stack-targets.yml"): ["compose.yaml", "docker-compose.override.yml"],
        ("two", "host-b", "stack-targets.yml"): ["compose.yaml", "docker-compose.host-b.yml"],
        ("three", "host-b", "stack-targets.yml"): ["compose.yml"],
        ("four", "host-a", "endpoint file"): ["docker-compose.yaml", "docker-compose.host-a.yml"],
        ("five", None, None): ["docker-compose.yml"],
    }
    foreign = {(b.stack, b.endpoint): b.foreign for b in loaded.baselines if b.foreign}
    assert foreign == {("two", "host-a"): ("stacks/two/docker-compose.host-b.yml",)}
    head = git(clone, "rev-parse", "HEAD")
    assert {(b.ref, b.commit, b.committed_at) for b in loaded.baselines} == {("main", head, "2026-01-01T00:00:00Z")}
    (ref,) = loaded.refs
    assert (ref.repository, ref.ref, ref.commit, ref.stacks) == ("apps", "main", head, 5)


def test_variables_are_sealed_and_samples_are_names_only(tmp_path: Path, clone: Path) -> None:
    loaded = {b.stack: b for b in load(lab_with(tmp_path, apps="{path: apps}")).baselines}
    assert loaded["one"].samples == ("TZ", "API_KEY")
    assert loaded["one"].variables == {}
    assert loaded["three"].variables["TZ"] == "UTC"
    assert has_token(loaded["three"].variables["TOKEN"])
    assert "change-me" not in repr(loaded)
    assert "hunter2" not in repr(loaded)


def test_local_env_files_replace_the_committed_one(tmp_path: Path, clone: Path) -> None:
    write(tmp_path, {"one.env": "A=1\nB=1\n", "two.env": "B=2\n"})
    lab = lab_with(tmp_path, apps="{path: apps, env_files: {three: [one.env, two.env]}}")
    assert next(b for b in load(lab).baselines if b.stack == "three").variables == {"A": "1", "B": "2"}


def test_a_local_env_file_may_be_a_link(tmp_path: Path, clone: Path) -> None:
    write(tmp_path, {"elsewhere/real.env": "A=1\n", "env/x": ""})
    (tmp_path / "env/one.env").symlink_to("../elsewhere/real.env")
    (tmp_path / "env/loop.env").symlink_to("loop.env")
    lab = lab_with(tmp_path, apps="{path: apps, env_files: {three: env/one.env, two: env/loop.env}}")
    loaded = load(lab)
    assert next(b for b in loaded.baselines if b.stack == "three").variables == {"A": "1"}
    assert [problem.stack for problem in loaded.problems] == ["two"]


def test_the_ref_decides_not_the_checkout(tmp_path: Path, clone: Path) -> None:
    git(clone, "switch", "-q", "-c", "work")
    commit(clone, {"stacks/six/compose.yml": COMPOSE}, when="2026-02-01T00:00:00Z")
    write(clone, {"stacks/seven/compose.yml": COMPOSE, "stacks/one/docker-compose.yml": "changed"})
    lab = lab_with(tmp_path, apps="{path: apps}")
    assert {b.stack for b in load(lab).baselines} == {"one", "two", "three", "four", "five"}
    work = load(lab_with(tmp_path, apps="{path: apps, ref: work}"))
    assert {b.stack: b.committed_at for b in work.baselines}["six"] == "2026-02-01T00:00:00Z"
    disk = load(lab, working_tree=True)
    when = {b.stack: b.committed_at for b in disk.baselines}
    assert when["seven"] is None
    assert when["one"] is None, "the folder has changes that no commit holds"
    assert when["six"] == "2026-02-01T00:00:00Z"
    assert {(b.ref, b.commit) for b in disk.baselines} == {("working tree", "")}


TARGET_MISTAKES = {
    "one: host-c\n": ("stack-targets.yml:1", "no host is named 'host-c'"),
    "one: hosta\n": ("stack-targets.yml:1", "no host is named 'hosta'"),
    "two: host-a\n\none: [host-a, {x: y}]\n": ("stack-targets.yml:3", "should be the name of an endpoint"),
    "one: host-a\none: host-b\n": ("stack-targets.yml:2", "stands twice"),
    "one: {hosts: [a]}\n": ("stack-targets.yml:1", "has no `endpoints`"),
    "one:\n": ("stack-targets.yml:1", "names no endpoint"),
    "- one\n": ("stack-targets.yml:1", "should map stacks to endpoints"),
    "one: [\n": ("stack-targets.yml:2", "is not valid YAML"),
    b"one: \xff\n": ("stack-targets.yml:1", "is not UTF-8"),
}


@pytest.mark.parametrize("text", TARGET_MISTAKES, ids=str)
def test_mistakes_in_stack_targets_have_a_place(tmp_path: Path, clone: Path, text: str | bytes) -> None:
    commit(clone, {"stack-targets.yml": text})
    where, what = TARGET_MISTAKES[text]
    problems = load(lab_with(tmp_path, apps="{path: apps}")).problems
    assert [(problem.where, problem.kind) for problem in problems] == [(where, "baseline")]
    assert what in problems[0].what


def test_one_bad_repository_does_not_hide_the_others(tmp_path: Path, clone: Path) -> None:
    (tmp_path / "plain").mkdir()
    lab = lab_with(
        tmp_path, gone="{path: gone}", plain="{path: plain}", branch="{path: apps, ref: nope}", apps="{path: apps}"
    )
    loaded = load(lab)
    assert [(problem.kind, problem.repository) for problem in loaded.problems] == [
        ("repository", "gone"),
        ("repository", "plain"),
        ("repository", "branch"),
    ]
    assert all(problem.hint for problem in loaded.problems)
    assert len(loaded.baselines) == 6


def test_stacks_in_a_submodule_are_a_problem_until_it_is_a_repository_of_its_own(tmp_path: Path, clone: Path) -> None:
    make_clone(tmp_path / "other", {"docker-compose.yml": COMPOSE})
    for path in ("stacks/module", "ansible/module"):
        git(clone, "submodule", "add", "-q", str(tmp_path / "other"), path)
    commit(clone, {})
    (problem,) = load(lab_with(tmp_path, apps="{path: apps}")).problems
    assert (problem.kind, problem.what) == ("repository", "stacks/module is a submodule, and may hold stacks")
    whats = [p.what for p in load(lab_with(tmp_path, apps="{path: apps, stacks: '*/*/*'}")).problems]
    assert whats[-2:] == [f"{place}/module is a submodule, and may hold stacks" for place in ("ansible", "stacks")]
    lab = lab_with(tmp_path, apps="{path: apps}", module="{path: apps/stacks/module, stacks: .}")
    both = audit.load(lab, vault=Vault(b"k" * 32))
    assert both.problems == audit.load(lab, vault=Vault(b"k" * 32), only=["apps"]).problems == ()
    assert [b.directory for b in both.baselines if b.repository == "module"] == [""]


def test_what_would_silently_not_be_audited_is_a_problem(tmp_path: Path, clone: Path) -> None:
    lab = lab_with(tmp_path, apps="{path: apps, stacks: compose/*}")
    assert [problem.what for problem in load(lab).problems] == ["holds compose files, but no folder matches compose/*"]
    lab = lab_with(tmp_path, apps="{path: apps, env_files: {oen: [x]}}")
    (problem,) = load(lab).problems
    assert "there is no such stack" in problem.what
    lab = lab_with(tmp_path, apps="{path: apps, env_files: {one: [nowhere.env]}}")
    (problem,) = load(lab).problems
    assert (problem.stack, problem.what) == ("one", "no such file")


def test_clones_of_all_kinds(tmp_path: Path, clone: Path) -> None:
    commit(clone, {"stacks/one/x": "1"}, when="2026-03-01T00:00:00Z")
    git(tmp_path, "clone", "-q", "--bare", str(clone), "bare.git")
    git(tmp_path, "clone", "-q", "--depth=1", f"file://{clone}", "shallow")
    git(tmp_path, "clone", "-q", str(clone), "detached")
    git(tmp_path / "detached", "checkout", "-q", "--detach")
    bare = load(lab_with(tmp_path, apps="{path: bare.git}"))
    detached = load(lab_with(tmp_path, apps="{path: detached}"))
    shallow = load(lab_with(tmp_path, apps="{path: shallow}"))
    times = {"one": "2026-03-01T00:00:00Z", "five": "2026-01-01T00:00:00Z"}
    for loaded in (bare, detached):
        assert {b.stack: b.committed_at for b in loaded.baselines}.items() >= times.items()
        assert loaded.problems == loaded.notices == ()
    assert {b.committed_at for b in shallow.baselines} == {None}
    assert "shallow" in shallow.notices[0]
    assert (
        load(lab_with(tmp_path, apps="{path: bare.git}"), working_tree=True).problems[0].what.startswith("a bare clone")
    )


def test_a_merge_in_progress_changes_nothing(tmp_path: Path, clone: Path) -> None:
    git(clone, "switch", "-q", "-c", "other")
    commit(clone, {"stacks/one/docker-compose.yml": COMPOSE + "    tty: true\n"})
    git(clone, "switch", "-q", "main")
    commit(clone, {"stacks/one/docker-compose.yml": COMPOSE + "    init: true\n"})
    git(clone, "merge", "other", fine=False)
    loaded = load(lab_with(tmp_path, apps="{path: apps}"))
    assert loaded.notices == ("apps: the clone is in the middle of a merge",)
    (one,) = (b for b in loaded.baselines if b.stack == "one")
    assert one.tree.read(one.files[0]) == (COMPOSE + "    init: true\n").encode()


def test_a_force_pushed_baseline_is_read_as_it_is_now(tmp_path: Path, clone: Path) -> None:
    git(tmp_path, "clone", "-q", str(clone), "second")
    commit(clone, {"stacks/six/compose.yml": COMPOSE})
    git(tmp_path / "second", "fetch", "-q")
    git(clone, "reset", "-q", "--hard", "HEAD~1")
    commit(clone, {"stacks/seven/compose.yml": COMPOSE})
    git(tmp_path / "second", "fetch", "-q")
    stacks = {b.stack for b in load(lab_with(tmp_path, apps="{path: second}")).baselines}
    assert "seven" in stacks
    assert "six" not in stacks


def test_a_compose_link_out_of_the_repository_is_not_read(tmp_path: Path, clone: Path) -> None:
    (tmp_path / "outside.env").write_text("SECRET=1\n")
    (clone / "stacks/five/.env").symlink_to("../../../outside.env")
    commit(clone, {})
    loaded = load(lab_with(tmp_path, apps="{path: apps}"))
    assert [(p.stack, p.where) for p in loaded.problems] == [("five", "stacks/five/.env")]


@pytest.mark.parametrize(("pattern", "link"), [("stacks/*", "stacks/far"), ("far/*", "far"), ("**", "far")])
def test_a_stack_folder_that_is_a_link_out_of_the_repository_is_told(
    tmp_path: Path, clone: Path, pattern: str, link: str
) -> None:
    (tmp_path / "outside" / "x").mkdir(parents=True)
    (clone / link).symlink_to(tmp_path / "outside")
    (clone / "stacks/near").symlink_to("five")
    (clone / ".hidden").symlink_to("/")
    commit(clone, {})
    lab = lab_with(tmp_path, apps=f"{{path: apps, stacks: ['{pattern}', 'stacks/*']}}")
    for working_tree in (False, True):
        loaded = load(lab, working_tree=working_tree)
        assert [notice.partition(" is a link")[0] for notice in loaded.notices] == [f"apps: {link}"]
        assert "five" in {b.stack for b in loaded.baselines}


@pytest.mark.parametrize(
    ("files", "found"),
    [
        (FILES, ("compose",)),
        ({"ansible/roles/docker/tasks/main.yml": "- debug:\n"}, ("ansible",)),
        ({"site.yml": "---\n- name: all\n  hosts: all\n  roles: [x]\n"}, ("ansible",)),
        ({"main.tf": ""}, ("terraform",)),
        ({"terraform/modules/x/main.tf": "", "site.yml": "- hosts: all\n"}, ("ansible", "terraform")),
        ({"docker-compose.yml": "just: data\n", ".github/workflows/ci.yml": "jobs: {}\n"}, ()),
        ({"app/docker-compose.prod.yml": COMPOSE}, ("compose",)),
        ({"compose.yaml": "\ufeff'services': {a: {image: x}}\n"}, ("compose",)),
        ({"compose.yaml": '{"services": {"a": {"image": "x"}}}\n'}, ("compose",)),
        ({"compose.yaml": "include: [a/b.yml]\n"}, ("compose",)),
        ({"live/terragrunt.hcl": ""}, ("terraform",)),
        ({"deploy.yml": "spec:\n  tls:\n  - hosts:\n    - a\n"}, ()),
    ],
)
def test_repositories_are_told_apart_by_content(tmp_path: Path, files: dict[str, str], found: tuple[str, ...]) -> None:
    clone = make_clone(tmp_path / "x", files)
    assert kinds(WorkingTree(clone)) == found
    assert kinds(GitTree(Git(clone), git(clone, "rev-parse", "HEAD").strip())) == found


@pytest.mark.parametrize("path", ["site.yml", "docker-compose.yml"])
def test_a_file_that_can_not_be_read_says_nothing_of_the_kind_of_its_repository(tmp_path: Path, path: str) -> None:
    clone = make_clone(tmp_path / "infra", {"main.tf": "", "group_vars/all.yml": "a: b\n" * 1_000_000})
    (clone / path).symlink_to("/etc/elsewhere.yml")
    commit(clone, {})
    loaded = load(lab_with(tmp_path, infra="{path: infra}"))
    assert (loaded.problems, len(loaded.snapshots)) == ((), 1)
    assert kinds(WorkingTree(clone)) == ("terraform",)


def test_what_links_in_a_stack_lead_to_is_a_part_of_it(tmp_path: Path) -> None:
    files = {"stacks/web/docker-compose.yml": COMPOSE, "shared/common.yml": "services: {}\n", "shared/conf/a": "x"}
    clone = make_clone(tmp_path / "apps", files)
    for name, target in (("common.yml", "../../shared/common.yml"), ("conf", "../../shared/conf"), ("own", "."),
                         ("out", "../../../out"), ("up", ".."), ("root", "../.."), ("gone", "../gone.yml")):  # fmt: skip
        (clone / "stacks/web" / name).symlink_to(target)
    commit(clone, {})
    (one,) = load(lab_with(tmp_path, apps="{path: apps}")).baselines
    assert [path for path in one.shared if "gone" not in path] == ["shared/common.yml", "shared/conf"]


def test_a_hundred_stacks_cost_as_many_git_processes_as_one(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    files = {f"stacks/s{number}/docker-compose.yml": COMPOSE for number in range(100)}
    make_clone(tmp_path / "apps", files | {f"stacks/s{number}/.env.sample": "A=1\n" for number in range(100)})
    make_clone(tmp_path / "one", {"stacks/s0/docker-compose.yml": COMPOSE, "stacks/s0/.env.sample": "A=1\n"})
    started: list[str] = []
    start = subprocess.Popen
    monkeypatch.setattr(
        subprocess, "Popen", lambda *words, **options: started.append("git") or start(*words, **options)
    )
    assert len(load(lab_with(tmp_path, apps="{path: one}")).baselines) == 1
    needed = len(started)
    assert len(load(lab_with(tmp_path, apps="{path: apps}")).baselines) == 100
    assert 0 < needed == len(started) - needed


class Memory:
    """A tree of one file, for properties."""

    def __init__(self, name: str, data: bytes) -> None:
        self._files = {name: data}

    def read(self, path: str) -> bytes | None:
        return self._files.get(path)

    def list(self, directory: str = "") -> list[str]:
        return sorted(self._files) if not directory else []


@given(
    st.one_of(st.binary(max_size=80), st.text(alphabet="ab:[]{}&*!|>-#'\"\n endpoints,", max_size=80).map(str.encode))
)
def test_any_stack_targets_gives_endpoints_or_mistakes_with_a_line(data: bytes) -> None:
    targets = read_targets(Memory("stack-targets.yml", data))
    assert targets is not None
    assert all(mistake.line >= 1 and mistake.what for mistake in targets.mistakes)
    assert set(targets.stacks) == set(targets.lines)


@given(st.binary(max_size=80))
def test_any_sample_gives_names_or_an_error_with_a_line(data: bytes) -> None:
    try:
        names = names_of(Memory(".env.sample", data), ".env.sample")
    except BaselineError as error:
        where = error.where
        assert where is not None
        assert where.startswith(".env.sample:")
    else:
        assert len(set(names)) == len(names)
