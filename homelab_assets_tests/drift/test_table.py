"""The field table is whole, and its page is current."""

from collections import Counter
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from homelab_assets.compose.shapes import SERVICE
from homelab_assets.drift.fields import TABLE, UNSEEN
from homelab_assets.drift.rows import shapes
from homelab_assets_tests.drift import stacks
from homelab_assets_tests.drift.containers import container, image
from homelab_assets_tests.drift.defined import NETWORKS, VOLUMES
from homelab_assets_tests.drift.keys_page import keys_page, row_key
from homelab_assets_tests.drift.mutations import MUTATIONS
from homelab_assets_tests.drift.world import audit, baseline, capture

PAGE = Path(__file__).parents[2] / "docs" / "compose-keys.md"


def test_every_key_of_the_specification_is_in_the_table_or_explained() -> None:
    known = {row.key.partition(".")[0] for row in TABLE} | {key.partition(".")[0] for key in UNSEEN}
    assert set(SERVICE.attributes) - known == set()


def _page() -> str:
    declared = Counter(key for body in stacks.traps()["services"].values() for key in body)
    redefined = Counter(f"{one.section}.*.{row_of_definition(one.path)}" for one in (*NETWORKS, *VOLUMES))
    return keys_page(Counter(row_key(mutation.path) for mutation in MUTATIONS), declared, redefined)


def row_of_definition(path: str) -> str:
    return path if path.startswith("ipam.") else path.partition(".")[0]


def test_the_page_is_current() -> None:
    current = _page()
    assert PAGE.read_text() == current, "write it again: python -m homelab_assets_tests.drift.test_table"


def test_no_row_is_named_twice() -> None:
    keys = [row.key for row in TABLE]
    assert len(keys) == len(set(keys))


@pytest.mark.parametrize(
    ("text", "size"),
    [("512m", 2**29), ("1.5g", 3 * 2**29), ("64 MB", 2**26), ("1KiB", 1024), (".5g", 2**29), ("100", 100),
     ("1e3m", 1000 * 2**20),
     (5, 5), ("-1", -1), ("what", "what")],
)  # fmt: skip
def test_sizes(text: Any, size: Any) -> None:
    assert shapes.as_bytes(text) == size


@given(st.integers(min_value=0, max_value=2**50))
def test_a_written_size_reads_back(size: int) -> None:
    assert shapes.as_bytes(shapes.write_bytes(size)) == size
    assert {shapes.as_bytes(form) for form in shapes.size_forms(size)} == {size}


@given(st.integers(min_value=0, max_value=10**15))
def test_a_written_duration_reads_back(nanoseconds: int) -> None:
    assert shapes.as_nanoseconds(shapes.write_duration(nanoseconds)) == nanoseconds
    assert {shapes.as_nanoseconds(form) for form in shapes.duration_forms(nanoseconds)} == {nanoseconds}


NAMES = st.from_regex(r"[A-Z][A-Z0-9_]{0,8}", fullmatch=True)
VALUES = st.text(st.characters(exclude_categories=("Cs", "Cc", "Co")), max_size=20)


@given(
    st.dictionaries(NAMES, VALUES, max_size=5),
    st.dictionaries(st.from_regex(r"[a-z][a-z.]{0,9}", fullmatch=True), VALUES, max_size=4),
    st.lists(VALUES.filter(bool), max_size=4),
)
def test_a_container_that_is_what_git_says_never_differs(
    env: dict[str, str], labels: dict[str, str], command: list[str]
) -> None:
    doubled = {key: value.replace("$", "$$") for key, value in env.items()}
    body = {"image": "plain:1", "environment": doubled, "labels": {k: v.replace("$", "$$") for k, v in labels.items()},
            "command": [part.replace("$", "$$") for part in command]}  # fmt: skip
    seen = container("web", "app", env=env, labels=labels, config={"Cmd": command or ["run"]})
    document = audit(
        capture([seen], images=[image("plain:1", Cmd=["run"])]), [baseline("web", {"services": {"app": body}})]
    )
    assert not document.problems
    assert [(item.path, item.baseline, item.running) for item in document.services[0].items] == []


@pytest.mark.parametrize(
    ("entrypoint", "running", "added"),
    [([], ["run"], []), ("", ["run"], []), ([], None, []), ([], ["other"], ["command"]), ([""], ["run"], ["command"]),
     ("/bin/e", ["run"], ["command"]), ("${E}", ["run"], [])],
)  # fmt: skip
def test_an_entrypoint_drops_the_command_of_the_image_and_an_empty_one_does_not(
    entrypoint: Any, running: Any, added: list[str]
) -> None:
    words = ["/bin/e"] if entrypoint == "/bin/e" else []
    seen = container("web", "app", config={"Entrypoint": words, "Cmd": running})
    git = {"services": {"app": {"image": "plain:1", "entrypoint": entrypoint}}}
    document = audit(capture([seen], images=[image("plain:1", Cmd=["run"])]), [baseline("web", git)])
    assert [item.path for item in document.services[0].items] == added


if __name__ == "__main__":
    PAGE.write_text(_page())
