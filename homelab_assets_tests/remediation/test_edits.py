"""Every edit on every awkward file: proved, minimal, and exactly the one that a person has read in `expected.txt`."""

import difflib
from collections.abc import Iterator
from functools import lru_cache
from pathlib import Path
from typing import Any

import pytest
import yaml

from homelab_assets.drift.document import Item
from homelab_assets.remediation.backport import Backported, NotBackported, backport
from homelab_assets.remediation.fields import candidates
from homelab_assets.remediation.loading import load_model
from homelab_assets.remediation.proof import Loader, Prover
from homelab_assets.remediation.splice import CannotEdit
from homelab_assets.remediation.wish import Wish
from homelab_assets_tests.drift.world import Files
from homelab_assets_tests.remediation.memory import baseline, compose_available, compose_config

DATA = Path(__file__).parent / "data"
FILE = "stacks/app/docker-compose.yml"


@lru_cache
def wishes() -> list[tuple[str, int, list[Any]]]:
    table = yaml.safe_load((DATA / "wishes.yaml").read_text())
    return [(case, number, row) for case, rows in table.items() for number, row in enumerate(rows)]


def item_of(row: list[Any]) -> tuple[str, Item]:
    service, path, change, running, *more = row
    fields = more[0] if more else {}
    return service, Item(path=path, change=change, severity="functional", running=running, file=FILE, **fields)


def attempt(case: str, row: list[Any], load: Loader = load_model) -> tuple[bytes, Backported | NotBackported]:
    data = (DATA / case / "docker-compose.yml").read_bytes()
    stack = baseline(Files({FILE: data}))
    service, item = item_of(row)
    return data, backport(item, service, stack, Prover(load, [stack]))


def told(case: str, row: list[Any]) -> str:
    """What `expected.txt` holds for one edit."""
    data, result = attempt(case, row)
    head = f"== {case}: {row[0]} {row[1]} {row[2]} {row[3]!r}\n"
    if isinstance(result, NotBackported):
        return f"{head}refused: {result.why}\n"
    lines = []
    for file, new in sorted(result.files.items()):
        old = data if file == FILE else b""
        if file != FILE:
            lines.append(f"{file}:")
        diff = difflib.unified_diff(split(old), split(new), lineterm="", n=0)
        lines += [line for line in list(diff)[2:] if not line.startswith("@@")]
    return head + "\n".join(line.replace("\r", "\\r") for line in lines) + "\n"


def split(data: bytes) -> list[str]:
    return data.decode().split("\n")


def recorded() -> Iterator[str]:
    return (f"== {part}" for part in (DATA / "expected.txt").read_text().split("== ")[1:])


def test_the_edits_are_the_expected_ones() -> None:
    found = [told(case, row) for case, _, row in wishes()]
    assert found == list(recorded())


@pytest.mark.parametrize(("case", "number", "row"), wishes())
def test_an_edit_is_small_and_leaves_the_rest_byte_identical(case: str, number: int, row: list[Any]) -> None:
    data, result = attempt(case, row)
    if isinstance(result, NotBackported):
        assert result.why
        return
    if FILE not in result.files:
        return
    new = result.files[FILE]
    before, after = split(data), split(new)
    # Blocks that are removed, or new collections, have as many lines as they say; nothing else may change.
    changed = [
        op for op in difflib.SequenceMatcher(None, before, after, autojunk=False).get_opcodes() if op[0] != "equal"
    ]
    assert len(changed) <= 2
    assert max(op[2] - op[1] for op in changed) <= (4 if row[2] == "removed" or "BLOCK" in row[1] else 3)
    assert new.count(b"\r\n") == new.count(b"\n") or b"\r\n" not in data
    assert new.startswith(b"\xef\xbb\xbf") == data.startswith(b"\xef\xbb\xbf")


@pytest.mark.parametrize(("case", "number", "row"), wishes())
def test_an_edit_done_twice_is_an_edit_done_once(case: str, number: int, row: list[Any]) -> None:
    _, result = attempt(case, row)
    if isinstance(result, NotBackported) or row[2] == "removed":
        return
    stack = baseline(Files({FILE: (DATA / case / "docker-compose.yml").read_bytes()} | dict(result.files)))
    files = tuple(path for path in result.files if path.endswith(".yml") and path != FILE)
    if files:
        stack = baseline(stack.tree, files=(FILE, *files))
    service, item = item_of(row)
    assert isinstance(backport(item, service, stack, Prover(load_model, [stack])), NotBackported)


def test_the_name_that_an_interrupted_recreate_left_is_not_for_git() -> None:
    stack = baseline(Files({FILE: b"services: {app: {image: 'app:1', container_name: app}}"}))
    note = "an interrupted recreate of Compose left it this name"
    service, item = item_of(["app", "container_name", "changed", "0123456789ab_app", {"note": note}])
    result = backport(item, service, stack, Prover(load_model, [stack]))
    assert isinstance(result, NotBackported)
    assert result.why == f"{note}: rename the container, git is right"


def test_the_real_compose_agrees_with_every_edit() -> None:
    if not compose_available():
        pytest.skip("`docker compose` is not installed: the edits are proved by this project's own loader alone")
    wrong = []
    for case, number, row in wishes():
        # Each edit of one file is enough: the two files that differ only in line endings are one to Compose.
        if case == "crlf" or number % 3:
            continue
        _, result = attempt(case, row)
        if isinstance(result, NotBackported):
            continue
        stack = baseline(Files({FILE: (DATA / case / "docker-compose.yml").read_bytes()} | dict(result.files)))
        more = [path for path in result.files if path.endswith(".yml") and path != FILE]
        model = compose_config(baseline(stack.tree, files=(FILE, *more)))
        if row[0] not in model["services"]:
            wrong.append(row)
    assert wrong == []


def test_a_variable_in_a_name_is_compared_as_it_is_written() -> None:
    """Its number in the loader's model depends on the variables before it, which an edit may take away."""
    text = "services: {app: {image: 'app:%s', environment: ['${PREFIX}_HOME=/x']}}"
    models = [load_model(baseline(Files({FILE: text % tag}))) for tag in ("${TAG}", "2")]
    assert [model["services"]["app"]["environment"] for model in models] == [{"${PREFIX}_HOME": "/x"}] * 2


@pytest.mark.parametrize(
    ("value", "why"), [("", "says nothing of it"), ("null", "says nothing of it"), ("*web", "alias of something")]
)
def test_a_service_without_a_mapping_of_its_own_is_told_for_what_it_is(value: str, why: str) -> None:
    wish = Wish(service="app", path="restart", change="added", value="always")
    with pytest.raises(CannotEdit, match=why):
        list(candidates(f"x-web: &web {{image: x}}\nservices:\n  app: {value}\n", wish))


@pytest.mark.parametrize(
    ("git", "path", "running"),
    [
        ("apparmor=a", "apparmor", "apparmor:b"),
        ("label:type:a", "label:type", "label=type:b"),
        ("seccomp=a", "seccomp", "seccomp=unconfined"),
    ],
)
def test_a_security_option_gets_its_new_value_in_its_place(git: str, path: str, running: str) -> None:
    text = "services:\n  app:\n    image: app:1\n    security_opt:\n      - {}\n      - label=level:z\n"
    stack = baseline(Files({FILE: text.format(git).encode()}))
    service, item = item_of(["app", f"security_opt.{path}", "changed", running])
    result = backport(item, service, stack, Prover(load_model, [stack]))
    assert not isinstance(result, NotBackported), result.why
    assert dict(result.files)[FILE] == text.format(running).encode()
