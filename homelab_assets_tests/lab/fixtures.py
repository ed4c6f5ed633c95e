"""The real lab as pytest fixtures. Tests that use them are marked `lab` by themselves.

`lab`: hosts, sshds and repositories, without deployments; one for the session. Tests that deploy clean up with
`lab.clear(host)`. `deployed_lab`: a second lab, with all stacks deployed; tests must not change it.
"""

import os
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from homelab_assets_tests.lab.homelab import RealLab
from homelab_assets_tests.lab.tools import why_unavailable

_FIXTURES = {"lab", "deployed_lab"}


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    for item in items:
        if any(_is_real(item, name) for name in _FIXTURES.intersection(getattr(item, "fixturenames", ()))):
            item.add_marker(pytest.mark.lab)


def _is_real(item: pytest.Item, name: str) -> bool:
    """Say whether a test's fixture is the one of here: modules have settings of their own that they call `lab`, too."""
    definitions = item._fixtureinfo.name2fixturedefs  # type: ignore[attr-defined]
    return bool(definitions[name][-1].func.__module__ == __name__)


def _bring_up(*, deploy: bool) -> Iterator[RealLab]:
    if reason := why_unavailable():
        if os.environ.get("HOMELAB_LAB_REQUIRED") == "1":
            pytest.fail(f"HOMELAB_LAB_REQUIRED=1, but {reason}")
        pytest.skip(reason)
    lab = RealLab(Path(tempfile.mkdtemp(prefix="homelab-")))
    try:
        lab.up()
        if deploy:
            lab.deploy_all()
        yield lab
    finally:
        lab.down()


@pytest.fixture(scope="session")
def lab() -> Iterator[RealLab]:
    """A homelab of two real engines, nothing deployed."""
    yield from _bring_up(deploy=False)


@pytest.fixture(scope="session")
def deployed_lab() -> Iterator[RealLab]:
    """A homelab of two real engines with all stacks deployed. Read only."""
    yield from _bring_up(deploy=True)
