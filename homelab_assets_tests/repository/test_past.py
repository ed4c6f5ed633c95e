"""Whether git is ahead or the host was changed, where a commit came after the container: git's past tells."""

import json
from collections import Counter
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest
from msgspec.structs import replace

from homelab_assets.audit import run_audit
from homelab_assets.drift import known_host
from homelab_assets.drift.document import ServiceDrift
from homelab_assets.drift.past import MOVED_ON
from homelab_assets.drift.settling import settle_stack
from homelab_assets.lab.settings import RepositorySettings, load_lab
from homelab_assets.model import Baseline
from homelab_assets.remediation.flow import plan_audit
from homelab_assets.remediation.plan import RemediationPlan
from homelab_assets.repository import past
from homelab_assets.secrecy import Vault
from homelab_assets_tests.drift.containers import container, image
from homelab_assets_tests.drift.world import baseline
from homelab_assets_tests.repository.clones import commit, git, make_clone

FILE = "stacks/web/compose.yml"
ONE = "services: {app: {image: 'plain:1', environment: {A: '1', B: '1'}}, other: {image: 'plain:1'}}\n"
OTHER = ONE.replace("other: {image", "other: {restart: always, image")
TWO = ONE.replace("A: '1'", "A: '2'")
NEWER = ONE.replace("A: '1', B: '1'", "A: '2', B: '3'")
LABEL = "com.docker.compose.config-hash"


def audited(
    root: Path,
    versions: list[str | None],
    env: dict[str, str],
    *,
    created: str = "2026-11-05T00:00:00Z",
    hashed: bool = True,
    first: str = "2026-11-01T00:00:00Z",
    shallow: bool = False,
    state: str = "running",
    beside: Mapping[str, str] | None = None,
    file: str = FILE,
) -> tuple[ServiceDrift, list[RemediationPlan]]:
    """Audit `app`, whose file had these versions: the first before its container came, the others, day by day, after.

    Args:
        hashed: Compose labelled the container with a hash, of something else than what git says now.
        beside: further files, which stay as they are.
    """
    clone = make_clone(root / ("origin" if shallow else "clone"), {file: versions[0], **(beside or {})}, first)
    for day, text in enumerate(versions[1:], start=10):
        commit(clone, {file: text}, when=f"2026-11-{day}T00:00:00Z")
    if shallow:
        git(root, "clone", "-q", "--depth=2", f"file://{clone}", "clone")
    labels = {LABEL: "0" * 64} if hashed else {}
    running = [
        container("web", "app", env=env, labels=labels, created=created, state=state, code=1),
        container("web", "other", created=created, host={"RestartPolicy": {"Name": "always"}}),
    ]
    parts = {"containers": running, "images": [image("plain:1", Cmd=["run"])], "networks": [], "volumes": []}
    (root / "host").mkdir()
    for name, part in {**parts, "engine": {"version": {"Version": "28.5.2"}, "info": {}}}.items():
        (root / "host" / f"{name}.json").write_text(json.dumps(part))
    (root / "lab.yaml").write_text(
        "hosts: {host: {docker: 'capture:host'}}\nrepositories: {apps: {path: clone, ref: main}}\n"
    )
    lab, vault = load_lab(str(root / "lab.yaml"), {"HOMELAB_STATE": str(root / "state")}), Vault(b"k" * 32)
    audit = run_audit(lab, vault=vault)
    (verdict,) = (one for one in audit.document.services if one.service == "app")
    return verdict, [plan for plan in plan_audit(lab, audit, vault=vault) if plan.identity.service == "app"]


CASES = {
    "git moved on": ([ONE, TWO], {"A": "1", "B": "1"}, "git_ahead"),
    "git moved on, and on": ([ONE, TWO, NEWER, OTHER.replace("B: '1'", "B: '4'")], {"A": "2", "B": "3"}, "git_ahead"),
    "only another service moved": ([ONE, OTHER], {"A": "9", "B": "1"}, "host_changed"),
    "the host has what git never had": ([ONE, TWO], {"A": "2", "B": "1", "C": "1"}, "host_changed"),
    "git said each, but never both": ([ONE, NEWER, TWO.replace("A: '2'", "A: '4'")], {"A": "1", "B": "3"}, "unknown"),
}  # fmt: skip


@pytest.mark.parametrize("hashed", [True, False], ids=["hashed", "no hash"])
@pytest.mark.parametrize(("versions", "env", "cause"), CASES.values(), ids=CASES)
def test_only_what_git_has_said_is_gits_own(
    tmp_path: Path, versions: list[str | None], env: dict[str, str], cause: str, hashed: bool
) -> None:
    verdict, _ = audited(tmp_path, versions, env, hashed=hashed)
    assert verdict.cause == cause
    assert {item.note for item in verdict.items} == {None}


@pytest.mark.parametrize("hashed", [True, False], ids=["hashed", "no hash"])
@pytest.mark.parametrize("versions", [[TWO], ["services: {other: {image: 'plain:1'}}\n", None, TWO]])
def test_a_container_older_than_its_service_in_git_is_judged_by_dates(
    tmp_path: Path, versions: list[str | None], hashed: bool
) -> None:
    verdict, _ = audited(tmp_path, versions, {"A": "1", "B": "1"}, hashed=hashed, first="2026-11-09T00:00:00Z")
    assert verdict.cause == ("git_ahead" if hashed else "unknown")


def test_what_git_moved_and_what_the_host_changed_are_told_apart(tmp_path: Path) -> None:
    verdict, (plan,) = audited(tmp_path, [ONE, TWO], {"A": "1", "B": "7"})
    assert (verdict.cause, verdict.remedy) == ("host_changed", "backport")
    assert {item.path: item.note for item in verdict.items} == {"environment.A": MOVED_ON, "environment.B": None}
    assert [edit.item.path for edit in plan.edits] == ["environment.B"]
    assert [(one.path, one.why) for one in plan.refused] == [("environment.A", MOVED_ON)]


def test_what_does_not_run_is_no_less_in_doubt(tmp_path: Path) -> None:
    verdict, _ = audited(tmp_path, [ONE, OTHER], {"A": "9", "B": "1"}, state="exited")
    assert (verdict.cause, verdict.note) == ("host_changed", "not running: exited with code 1")


def test_a_past_that_goes_on_for_too_long_decides_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(past, "MOST_VERSIONS", 1)
    verdict, _ = audited(tmp_path, [ONE, TWO, NEWER], {"A": "9", "B": "1"})
    assert verdict.cause == "git_ahead"


def test_what_git_had_when_the_container_came_is_looked_at_first(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(past, "MOST_VERSIONS", 1)
    verdict, _ = audited(tmp_path, [ONE, TWO, NEWER], {"A": "1", "B": "1"}, hashed=False)
    assert verdict.cause == "git_ahead"


def test_of_a_host_only_the_stack_in_doubt_is_loaded_in_other_versions(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    settled = Counter[str]()

    def counted(one: Baseline, *rest: Any) -> Any:
        settled[one.stack] += 1
        return settle_stack(one, *rest)

    monkeypatch.setattr(known_host, "settle_stack", counted)
    stranger = {"stacks/else/compose.yml": "services: {stranger: {image: 'plain:1'}}\n"}
    audited(tmp_path, [ONE, TWO, NEWER], {"A": "9", "B": "1"}, beside=stranger)
    assert settled == {"web": 2}


@pytest.mark.parametrize("hashed", [True, False], ids=["hashed", "no hash"])
@pytest.mark.parametrize(
    ("env", "cause"), [({"A": "1", "B": "1"}, "git_ahead"), ({"A": "9", "B": "1"}, "host_changed")]
)
def test_what_changed_in_a_file_that_stacks_share_is_gits_own(
    tmp_path: Path, env: dict[str, str], cause: str, hashed: bool
) -> None:
    stack = {
        FILE: "include: [../../common/all.yml]\n",
        "common/all.yml": "services: {app: {extends: {file: base.yml, service: app}}, other: {image: 'plain:1'}}\n",
    }
    verdict, _ = audited(tmp_path, [ONE, TWO], env, hashed=hashed, beside=stack, file="common/base.yml")
    assert verdict.cause == cause


def test_a_past_that_a_shallow_clone_lacks_decides_nothing(tmp_path: Path) -> None:
    verdict, _ = audited(tmp_path, [ONE, TWO, NEWER], {"A": "9", "B": "1"}, shallow=True)
    assert verdict.cause == "git_ahead"


def test_a_version_that_compose_refused_was_never_deployed(tmp_path: Path) -> None:
    verdict, _ = audited(tmp_path, [ONE, "services: [", TWO], {"A": "1", "B": "1"})
    assert verdict.cause == "git_ahead"


def test_a_stack_in_the_root_has_a_past_too(tmp_path: Path) -> None:
    clone = make_clone(tmp_path / "c", {"compose.yml": ONE}, "2026-11-01T00:00:00Z")
    commit(clone, {"compose.yml": TWO}, when="2026-11-10T00:00:00Z")
    found = past.changes_of(past.Git(clone), git(clone, "rev-parse", "HEAD"), [""], limit=5)
    assert [when for _, when in found[""]] == ["2026-11-10T00:00:00Z", "2026-11-01T00:00:00Z"]


@pytest.mark.parametrize("commit_id", ["", "c" * 40], ids=["working tree", "gone"])
def test_a_clone_that_does_not_tell_ends_nothing(tmp_path: Path, commit_id: str) -> None:
    clone = make_clone(tmp_path / "c", {FILE: ONE}, "2026-11-01T00:00:00Z")
    repository = RepositorySettings(name="apps", path=clone)
    one = replace(baseline("web", ONE), commit=commit_id)
    found = past.Pasts({"apps": repository}, [one], Vault(b"k" * 32)).of(one, "2026-11-05T00:00:00Z")
    assert (list(found.versions), found.whole) == ([], False)


def test_the_past_of_many_stacks_is_read_at_once(tmp_path: Path) -> None:
    clone = make_clone(tmp_path / "c", {"a/x": "1", "a/b/y": "1", "c/z": "1"}, "2026-11-01T00:00:00Z")
    commit(clone, {"a/b/y": "2"}, when="2026-11-02T00:00:00Z")
    commit(clone, {"c/z": "2"}, when="2026-11-03T00:00:00Z")
    commit(clone, {"a/x": "2"}, when="2026-11-04T00:00:00Z")
    head = git(clone, "rev-parse", "HEAD")
    days = {
        folder: [when[8:10] for _, when in changes]
        for folder, changes in past.changes_of(past.Git(clone), head, ["a", "a/b", "c", "d"], limit=2).items()
    }
    assert days == {"a": ["04", "02"], "a/b": ["02", "01"], "c": ["03", "01"], "d": []}
