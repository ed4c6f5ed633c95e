"""Stacks that Compose 5 deploys: what it knows besides shapes no container of a service, and older versions refuse it."""

from typing import Any

import pytest

from homelab_assets.compose import load
from homelab_assets.compose.confighash import config_hashes
from homelab_assets.drift.document import DriftDocument
from homelab_assets.errors import BaselineError
from homelab_assets_tests.drift.containers import container, image
from homelab_assets_tests.drift.world import audit, baseline, capture, found

APP: dict[str, Any] = {"image": "plain:1"}
HOOKED = {"services": {"app": {**APP, "pre_start": [{"command": ["migrate", "${LEVEL}"], "image": "tool:1"}]}}}
WITH_JOBS = {
    "services": {"app": APP},
    "jobs": {"backup": {"image": "tool:1", "depends_on": ["app"], "triggers": {"schedule": [{"cron": "0 3 * * *"}]}}},
}


def run(git: dict[str, Any], *versions: str, **running: Any) -> DriftDocument:
    containers = [
        container("web", "app", number=number, version=version, created=f"2026-11-0{number}T00:00:00Z", **running)
        for number, version in enumerate(versions, 1)
    ]
    images = [image("plain:1", Cmd=["run"])]
    return audit(capture(containers, images=images), [baseline("web", git)])


@pytest.mark.parametrize("git", [HOOKED, WITH_JOBS], ids=["pre_start", "jobs"])
def test_what_compose_5_knows_besides_leaves_the_rest_comparable(git: dict[str, Any]) -> None:
    document = run(git, "5.8.0")
    assert (document.problems, [one.status for one in document.services]) == ((), ["clean"])
    document = run(git, "5.8.0", env={"NEW": "1"})
    assert [found(one) for one in document.services] == [[("environment.NEW", "added", "functional")]]
    assert [one.status for one in run(git).services] == ["missing"], "and nobody knows what will deploy it"
    assert run({"services": {"app": {**APP, "scale": 2, **git["services"]["app"]}}}, "2.40.3", "5.8.0").problems == ()


@pytest.mark.parametrize(
    ("git", "told"),
    [(HOOKED, "services.app additional properties 'pre_start'"), (WITH_JOBS, "the file additional properties 'jobs'")],
)
def test_older_versions_refuse_it(git: dict[str, Any], told: str) -> None:
    document = run(git, "2.40.3")
    (problem,) = document.problems
    assert (problem["kind"], problem["what"]) == ("baseline", f"{told} not allowed")
    assert problem["hint"] in ("Compose knows it from 5.3 on", "Compose knows it from 5.6 on")
    assert [one.status for one in document.services] == ["unknown"]
    read = baseline("web", git).tree.read
    with pytest.raises(BaselineError, match="not allowed"):
        load(
            ["/stacks/web/compose.yml"],
            read=lambda path: read(path[1:]),
            project_directory="/stacks/web",
            environment={},
        )


def test_a_hook_is_part_of_what_a_container_was_made_from() -> None:
    """So that one from before there was a hook is not said to be proven."""
    made_from = {"command": None, "entrypoint": None, "image": "plain:1", "networks": {"default": None}}
    labels = {"com.docker.compose.config-hash": str(next(config_hashes(made_from, "5.8.0")))}
    evidence = [run(git, "5.8.0", labels=labels).services[0].evidence for git in ({"services": {"app": APP}}, HOOKED)]
    assert evidence == ["verified", "consistent"]
