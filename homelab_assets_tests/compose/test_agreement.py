"""The loader agrees with Compose: on hand-written cases and on generated files."""

import json
import os
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings

from homelab_assets_tests.compose.generate import stacks
from homelab_assets_tests.compose.plugin import (
    FOLDER,
    RECORDED,
    REFUSED,
    VERSION,
    Case,
    answer_of_loader,
    answer_of_plugin,
    cases,
    need_plugin,
)

CASES = cases()
GENERATED = 450 if os.environ.get("HOMELAB_LAB_REQUIRED") == "1" else 60


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_loader_says_what_compose_said(case: Case) -> None:
    assert answer_of_loader(case) == RECORDED[case.name]


def test_every_case_is_recorded() -> None:
    assert set(RECORDED) == {case.name for case in CASES}
    assert sum(answer == REFUSED for answer in RECORDED.values()) > 30


@pytest.mark.lab
@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_compose_still_says_so(case: Case, tmp_path: Path) -> None:
    need_plugin()
    stack = tmp_path / Path(FOLDER).name
    stack.mkdir()
    answer = json.dumps(answer_of_plugin(case, stack))
    assert json.loads(answer.replace(str(stack), FOLDER)) == RECORDED[case.name]


@pytest.mark.lab
def test_loader_agrees_on_generated_files(tmp_path: Path, tally: Callable[[str], None]) -> None:
    need_plugin()
    stack = tmp_path / "stack"
    stack.mkdir()
    counts = {"accepted": 0, "refused": 0}
    services = 0

    @settings(
        max_examples=GENERATED, derandomize=True, database=None, deadline=None, suppress_health_check=list(HealthCheck)
    )
    @given(stacks())
    def agree(case: Case) -> None:
        nonlocal services
        expected = answer_of_plugin(case, stack)
        counts["refused" if expected == REFUSED else "accepted"] += 1
        services += 0 if expected == REFUSED else len(expected["services"])
        assert answer_of_loader(case, str(stack)) == expected

    agree()
    tally(
        f"generated stacks, loader against Compose {VERSION}: {sum(counts.values())}, of which Compose accepted"
        f" {counts['accepted']} ({services} services compared key by key) and refused {counts['refused']}"
    )
    assert counts["accepted"] > GENERATED / 2
