"""Fixtures that tests of all rooms share, and how generated examples are made."""

import os
from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import settings

from homelab_assets_tests.lab.tools import use_provisioned_compose

use_provisioned_compose()

pytest_plugins = ["homelab_assets_tests.lab.fixtures"]

# The same examples in every run, on slow machines too. HYPOTHESIS_PROFILE=explore looks at new ones.
settings.register_profile("steady", derandomize=True, deadline=None)
settings.register_profile("explore", deadline=None)
settings.load_profile(os.environ.get("HYPOTHESIS_PROFILE", "steady"))

_TALLIES = pytest.StashKey[list[str]]()


@pytest.fixture
def tally(request: pytest.FixtureRequest) -> Callable[[str], None]:
    """Say how much a test compared: a line at the end of pytest's output."""
    return request.config.stash.setdefault(_TALLIES, []).append


@pytest.hookimpl(optionalhook=True)
def pytest_testnodedown(node: Any, error: object) -> None:
    """Take what the tests of another process compared, as it ends."""
    node.config.stash.setdefault(_TALLIES, []).extend(getattr(node, "workeroutput", {}).get("tallies", ()))


def pytest_sessionfinish(session: pytest.Session) -> None:
    """Hand over what the tests of this process compared, if another one prints it."""
    if hasattr(session.config, "workeroutput"):
        session.config.workeroutput["tallies"] = session.config.stash.get(_TALLIES, [])


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter, config: pytest.Config) -> None:
    """Print what the tests of this run compared."""
    lines = config.stash.get(_TALLIES, [])
    if lines:
        terminalreporter.section("compared")
        for line in lines:
            terminalreporter.write_line(line)
