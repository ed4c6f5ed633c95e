"""Fixtures that tests of all rooms share, and how generated examples are made."""

import os
from collections.abc import Callable

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


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter, config: pytest.Config) -> None:
    """Print what the tests of this run compared."""
    lines = config.stash.get(_TALLIES, [])
    if lines:
        terminalreporter.section("compared")
        for line in lines:
            terminalreporter.write_line(line)
