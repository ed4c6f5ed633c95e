"""Which project is a stack's: by the name in its files, its folder, the names of its containers."""

from typing import Any

import pytest

from homelab_assets.drift.document import DriftDocument
from homelab_assets.model import Baseline
from homelab_assets_tests.drift.containers import container, image
from homelab_assets_tests.drift.world import audit, baseline, capture, found, statuses

IMAGES = [image("plain:1", Cmd=["run"])]
FOLDER = "/opt/apps/stacks/web"
EARLIER = "2026-10-01T00:00:00Z"


def run(containers: list[dict[str, Any]], *baselines: Baseline) -> DriftDocument:
    return audit(capture(containers, images=IMAGES), baselines)


def stack(*services: str, **more: Any) -> dict[str, Any]:
    return {"services": {name: {"image": "plain:1"} for name in services or ("app",)}, **more}


def bound(source: str) -> dict[str, Any]:
    return {"Type": "bind", "Source": source, "Destination": "/c", "RW": True, "Propagation": "rprivate"}


@pytest.mark.parametrize("old", ["web", "custom", "zzz"])
@pytest.mark.parametrize(
    "git",
    [
        baseline("web", stack(name="named")),
        baseline("web", stack(), variables={"COMPOSE_PROJECT_NAME": "named"}),
    ],
)
@pytest.mark.parametrize("created", [EARLIER, "2026-11-20T00:00:00Z"])
def test_the_name_in_git_tells_which_of_several_projects_counts(old: str, git: Baseline, created: str) -> None:
    before = container(old, "app", directory=FOLDER, created=created)
    document = run([before, container("named", "app", directory=FOLDER)], git)
    assert statuses(document) == {"named-app-1": "clean", f"{old}-app-1": "orphan"}
    (orphan,) = (one for one in document.services if one.status == "orphan")
    assert (orphan.stack, orphan.repository, orphan.remedy) == (old, "apps", "remove")
    assert orphan.note == "a copy of web, which counts as another project here"


def test_of_projects_that_git_does_not_name_the_last_one_counts() -> None:
    before = container("one", "app", directory=FOLDER, created=EARLIER)
    seen = [before, container("two", "app", directory=FOLDER)]
    for running in (seen, seen[::-1]):
        assert statuses(run(running, baseline("web", stack()))) == {"two-app-1": "clean", "one-app-1": "orphan"}


def test_a_project_of_another_name_than_git_s_is_noticed() -> None:
    document = run([container("web", "app")], baseline("web", stack(name="named")))
    assert statuses(document) == {"web-app-1": "clean"}
    assert document.notices == (
        "web runs on host as project `web`, its files call it `named`: "
        "without `-p web` Compose starts it anew, beside what runs",
    )
    assert not run([container("named", "app")], baseline("web", stack(name="named"))).notices


def test_stacks_may_share_a_project() -> None:
    git = [
        baseline(name, stack(service, name="home")) for name, service in (("one", "a"), ("two", "b"), ("three", "a"))
    ]
    running = [
        container("home", service, directory=f"/opt/apps/stacks/{name}")
        for name, service in (("one", "a"), ("two", "b"))
    ]
    document = run(running, *git)
    assert sorted((one.stack or "", one.status) for one in document.services) == [
        ("one", "clean"), ("three", "missing"), ("two", "clean"),
    ]  # fmt: skip


def test_portainer_may_call_a_stack_as_it_likes_where_its_containers_have_names() -> None:
    app = {"image": "plain:1", "container_name": "app", "volumes": ["./c:/c"]}
    git = baseline("web", {"services": {"app": app, "more": {"image": "plain:1"}}})
    mounts = [bound("/data/compose/8/c")]
    running = [
        container("my-web", "app", name="app", directory="/data/compose/8", mounts=mounts),
        container("my-web", "more", directory="/data/compose/8"),
        container("my-web", "old", directory="/data/compose/8"),
    ]
    document = run(running, git)
    assert statuses(document) == {"app": "clean", "my-web-more-1": "clean", "my-web-old-1": "orphan"}
    running[0] = container("my-web", "app", name="app", directory="/data/compose/8", mounts=[bound("/elsewhere")])
    assert [found(one) for one in run(running, git).services if one.items] == [[("volumes./c", "changed", "breaking")]]


def test_a_stack_is_where_a_container_of_its_name_is_in_whatever_project() -> None:
    git = baseline("web", {"services": {"app": {"image": "plain:1", "container_name": "app"}}}, endpoint=None)
    other = baseline("else", {"services": {"x": {"image": "plain:1"}}}, endpoint="a")
    running = container("my-web", "app", name="app", directory="/data/compose/8")
    captures = [
        capture([container("else", "x", name="app")], images=IMAGES, host="a"),
        capture([running], images=IMAGES, host="b"),
    ]
    document = audit(captures, [git, other])
    assert ("b", "web", "app", "clean") in [
        (one.host, one.stack, one.container, one.status) for one in document.services
    ]
    assert not [one for one in document.services if (one.host, one.stack) == ("a", "web")]


@pytest.mark.parametrize("labels", [{}, {"com.docker.compose.project": "own", "com.docker.compose.service": "other"}])
def test_a_declared_name_is_the_service_whatever_started_it(labels: dict[str, str]) -> None:
    git = baseline(
        "web", {"services": {"app": {"image": "plain:1", "container_name": "app", "network_mode": "bridge"}}}
    )
    assert statuses(run([container(None, "app", name="app", networks={}, labels=labels)], git)) == {"app": "clean"}


@pytest.mark.parametrize(
    ("image_of_git", "stack_of_container"),
    [
        ("plain:2", "two"),
        ("docker.io/library/plain", "two"),
        ("lscr.io/more/plain@sha256:0a", "two"),
        ("redis:1", None),
    ],
)
def test_what_is_only_called_like_a_service_has_its_image(image_of_git: str, stack_of_container: str | None) -> None:
    one, two = (baseline(name, {"services": {"db": {"image": text}}}) for name, text in (
        ("one", "postgres:1"), ("two", image_of_git),
    ))  # fmt: skip
    document = run([container(None, "db", name="db", networks={})], one, two)
    assert [verdict.stack for verdict in document.services if verdict.container] == [stack_of_container]


@pytest.mark.parametrize("last", ["2026-10-31T00:00:00Z", "2026-11-02T00:00:00Z"])
@pytest.mark.parametrize(("source", "clean"), [("/srv/copy/web/x", True), ("/srv/else/x", False)])
def test_a_service_may_have_been_deployed_from_a_copy_of_the_folder(source: str, clean: bool, last: str) -> None:
    git = {
        "services": {"a": {"image": "plain:1", "volumes": ["./x:/x"]}, "b": {"image": "plain:1", "volumes": ["./x:/x"]}}
    }

    def mounted(service: str, source: str, **more: Any) -> dict[str, Any]:
        return container(
            "web", service, mounts=[{"Type": "bind", "Source": source, "Destination": "/x", "RW": True}], **more
        )

    seen = [mounted("a", "/srv/web/x", directory="/srv/web"),
            mounted("b", source, directory="/srv/copy/web", created=last)]  # fmt: skip
    document = audit(capture(seen, images=[image("plain:1", Cmd=["run"])]), [baseline("web", git)])
    assert {one.service: not one.items for one in document.services} == {"a": True, "b": clean}


@pytest.mark.parametrize("last", ["a", "b"])
def test_the_environment_file_of_the_last_deploy_counts(last: str) -> None:
    git = {"services": {name: {"image": "plain:1", "environment": {"X": "${X}"}} for name in "ab"}}
    files = {"/opt/web/.env": {"X": "1"}, "/opt/web/prod.env": {"X": "2"}}
    seen = [
        container(
            "web", name, directory="/opt/web", env={"X": "2"}, created=f"2026-11-0{2 if name == last else 1}T00:00:00Z",
            labels={"com.docker.compose.project.environment_file": "/opt/web/prod.env"} if name == last else {},
        )
        for name in "ab"
    ]  # fmt: skip
    document = audit(capture(seen, images=[image("plain:1", Cmd=["run"])], dotenv=files), [baseline("web", git)])
    assert [one.status for one in document.services] == ["clean", "clean"]
