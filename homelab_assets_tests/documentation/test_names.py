"""A service has one name in all documents: git's, whatever Compose calls its stack, and however its container came."""

import pytest
from msgspec.structs import replace

from homelab_assets.documentation.commands import commands_of
from homelab_assets.documentation.declarations import declare, load_project
from homelab_assets.documentation.estate import Estate, Service
from homelab_assets.documentation.history_models import services_in
from homelab_assets.documentation.survey import survey
from homelab_assets_tests.drift.containers import container, image
from homelab_assets_tests.drift.world import Files, audit, baseline, capture

_IMAGES = [image("plain:1", Cmd=["run"])]
_ONE = {"services": {"app": {"image": "plain:1", "container_name": "app"}}}
_TWO = {"services": {**_ONE["services"], "more": {"image": "plain:1"}}}


def _seen(stack: str, compose: dict[str, object], *running: dict[str, object], judged: bool = True) -> Estate:
    captures = (capture(running, images=_IMAGES),)
    baselines = (baseline(stack, compose),)
    document = audit(captures, baselines)
    return survey(captures, declare(baselines), document if judged else replace(document, services=()))


def _names(estate: Estate) -> list[tuple[str | None, str]]:
    return [(service.stack, service.name) for service in estate.services]


def _one(estate: Estate, name: str) -> Service:
    return next(service for service in estate.services if service.name == name)


@pytest.mark.parametrize(
    ("stack", "compose", "project"),
    [("Web.v2", _ONE, "webv2"), ("Home Page", _ONE, "homepage"), ("web", {"name": "dash", **_ONE}, "dash")],
)
@pytest.mark.parametrize("judged", [True, False], ids=["judged", "without a verdict"])
def test_a_stack_that_compose_calls_otherwise_is_one_stack(
    stack: str, compose: dict[str, object], project: str, judged: bool
) -> None:
    running = container(project, "app", name="app", directory=f"/opt/apps/stacks/{stack}")
    estate = _seen(stack, compose, running, judged=judged)
    assert _names(estate) == [(stack, "app")]
    assert estate.services[0].declared is not None
    if judged:
        assert estate.services[0].drift == "clean"


def test_a_container_that_is_the_services_by_its_name_alone_is_not_missing_too() -> None:
    estate = _seen("web", _ONE, container(None, "app", name="app"))
    assert [(*names, service.state) for names, service in zip(_names(estate), estate.services, strict=True)] == [
        ("web", "app", "running")
    ]


@pytest.mark.parametrize(
    ("running", "start"),
    [
        ([], "docker compose up -d more"),
        ([container("web2", "app", name="app", directory="/opt/apps/stacks/Web.v2")], "docker compose -p web2 up -d more"),
    ],
    ids=["nothing of it runs", "under a project of its own"],
)  # fmt: skip
def test_what_is_missing_is_started_in_the_project_of_its_stack(running: list[dict[str, object]], start: str) -> None:
    estate = _seen("Web.v2", _TWO, *running)
    assert commands_of(_one(estate, "more")).start.replace(" -f compose.yml", "") == start


def test_two_projects_of_one_stack_are_both_there() -> None:
    twice = [container("web", "app", name="app"), container("again", "app", directory="/opt/apps/stacks/web")]
    assert len(_seen("web", _ONE, *twice).services) == 2


@pytest.mark.parametrize(
    ("folder", "name", "project"),
    [("stacks/My.App", "My.App", "myapp"), ("", "My Repo", "myrepo"), ("", "My Repo", "dash")],
)
def test_the_past_of_a_stack_of_any_name_can_be_read(folder: str, name: str, project: str) -> None:
    text = ("name: dash\n" if project == "dash" else "") + "services: {app: {image: plain:1}}\n"
    file = f"{folder}/compose.yml".lstrip("/")
    assert list(services_in(Files({file: text}), folder)) == ["app"]
    assert load_project(Files({file: text}), folder, name, [file], {}).name == project


@pytest.mark.parametrize(
    ("text", "project"),
    [
        ("{name: dash, services: {app: {image: 'plain:1'}}}", "dash"),
        ("x-a: |\n  b\nname: dash\nservices: {app: {image: 'plain:1'}}", "dash"),
        ("services:\n  app:\n    image: |-\n      x\n    labels: {name: other}", "homepage"),
    ],
)
def test_a_stack_in_a_repositorys_root_is_called_as_its_file_says(text: str, project: str) -> None:
    assert load_project(Files({"compose.yml": text}), "", "Home Page", ["compose.yml"], {}).name == project
