"""What is declined, and whether the reason that is given is the true one; what is not declined any more."""

from typing import Any

import pytest

from homelab_assets.remediation.backport import Backported, NotBackported
from homelab_assets_tests.remediation.test_kept_text import FILE, result_of


def test_a_volume_that_an_included_file_declares_is_not_declared_again() -> None:
    files = {
        FILE: "include: [../common.yml]\nservices:\n  app:\n    image: app:1\n    volumes:\n      - data:/data\nvolumes:\n  data:\n",
        "stacks/common.yml": "services: {other: {image: 'x:1', volumes: ['certs:/certs']}}\nvolumes: {certs: {}}\n",
    }
    result = result_of(files, "volumes./ssl", "added", "certs:/ssl")
    assert isinstance(result, Backported), result
    assert result.files == {FILE: files[FILE].replace("data:/data\n", "data:/data\n      - certs:/ssl\n").encode()}


def test_the_reason_is_that_of_the_deciding_file() -> None:
    more = "stacks/app/docker-compose.override.yml"
    text = "services:\n  app:\n    image: app:1\n    networks: [back]\nnetworks: {back: {}}\n"
    files = {FILE: text, more: "services: {app: {mem_limit: 64m}}\n"}
    result = result_of(files, "networks.back", "removed", None, (FILE, more), baseline="back")
    assert isinstance(result, NotBackported)
    assert result.why == "git names no other network, and without any Compose attaches the service to `default`"


def test_an_include_by_a_variable_is_named() -> None:
    files = {FILE: "include: ['parts/$SITE/db.yml']\nservices: {app: {image: 'app:1'}}\n"}
    result = result_of(files, "restart", "added", "always")
    assert isinstance(result, NotBackported)
    assert result.why == (
        "cannot include stacks/app/parts/db.yml: no such file (`SITE` chooses a file, and its value is not known here)"
    )


def test_a_secret_that_gives_way_to_a_plain_value_is_replaced_by_it() -> None:
    text = "services:\n  app:\n    image: app:1\n    environment:\n      AUTH: s3cret\n"
    result = result_of({FILE: text}, "environment.AUTH", "changed", "true", baseline="<secret>", secret=True)
    assert isinstance(result, Backported), result
    assert result.files == {FILE: text.replace("s3cret", '"true"').encode()}


def test_a_secret_in_a_name_is_written_nowhere() -> None:
    text = "services:\n  app:\n    image: app:1\n"
    result = result_of({FILE: text}, "extra_hosts.a.<secret>", "added", "10.9.8.7")
    assert isinstance(result, NotBackported)
    assert result.why == "a secret is a part of its name"


def test_a_secret_inside_a_command_becomes_a_variable() -> None:
    text = "services:\n  app:\n    image: app:1\n    command: larry:s3cret:1001:::upload\n"
    running = ["larry:<secret changed>:1001:::upload"]
    baseline = ["larry:<secret>:1001:::upload"]
    result = result_of({FILE: text}, "command", "changed", running, baseline=baseline, secret=True)
    assert isinstance(result, Backported), result
    assert result.variables == ("APP_COMMAND",)
    assert b"larry:${APP_COMMAND}:1001:::upload" in result.files[FILE]


def test_a_tag_that_names_another_image_now_is_pulled_whatever_else_differs() -> None:
    note = "the tag now names another image on this host"
    text = "services: {app: {image: 'app:1'}}\n"
    result = result_of({FILE: text}, "image", "changed", "app:1", baseline="app:1", note=note)
    assert isinstance(result, NotBackported)
    assert result.why == f"{note}: pull it, git is right"


@pytest.mark.parametrize(("change", "running"), [("removed", None), ("changed", "no")])
def test_a_label_whose_name_a_variable_makes_is_not_said_twice(change: str, running: str | None) -> None:
    text = "services: {app: {image: 'app:1', labels: ['router.${COMPOSE_PROJECT_NAME}.tls=yes']}}\n"
    result = result_of({FILE: text}, "labels.router.app.tls", change, running, baseline="yes")
    assert isinstance(result, NotBackported), result
    assert result.why == "git makes its name with a variable, or has it elsewhere: change it by hand"


@pytest.mark.parametrize(
    ("path", "running", "present"),
    [("labels.caddy", "home.arpa", "caddy.tls=internal"), ("volumes./x", "/x:/x", "/y:/x.conf")],
)
def test_a_name_is_not_that_of_another_one_that_begins_with_it(path: str, running: str, present: str) -> None:
    text = f"services:\n  app:\n    image: app:1\n    {path.partition('.')[0]}:\n      - {present}\n"
    result = result_of({FILE: text}, path, "added", running)
    assert isinstance(result, Backported), result
    line = f"      - {running}\n" if path.startswith("volumes") else f"      - caddy={running}\n"
    assert result.files == {FILE: (text + line).encode()}


BUILT: dict[str, Any] = {"baseline": "Host(`a.${DOMAIN}`)", "variables": ("DOMAIN",), "secret": True}


@pytest.mark.parametrize(
    ("labels", "written"),
    [
        ('\n      rule: Host(`a.${DOMAIN}`)', '\n      rule: Host(`b.${DOMAIN}`) || Host(`$$x`)'),
        ('\n      - "rule=Host(`a.${DOMAIN}`)"  # ours', '\n      - "rule=Host(`b.${DOMAIN}`) || Host(`$$x`)"  # ours'),
    ],
)  # fmt: skip
def test_the_text_around_a_variable_is_written_and_the_variable_stays(labels: str, written: str) -> None:
    text = f"services:\n  app:\n    image: app:1\n    labels:{labels}\n"
    result = result_of({FILE: text}, "labels.rule", "changed", "Host(`b.${DOMAIN}`) || Host(`$x`)", **BUILT)
    assert isinstance(result, Backported), result
    assert result.files == {FILE: text.replace(labels, written).encode()}


@pytest.mark.parametrize("running", ["<secret changed>", "Host(`b.lan`)", "Host(`b.${DOMAIN}`) && Key(`<secret>`)"])
def test_what_can_not_be_said_with_the_variables_of_git_is_refused(running: str) -> None:
    text = "services:\n  app:\n    image: app:1\n    labels:\n      rule: Host(`a.${DOMAIN}`)\n"
    result = result_of({FILE: text}, "labels.rule", "changed", running, **BUILT)
    assert isinstance(result, NotBackported)
    assert result.why == (
        "git builds it with `DOMAIN`, whose value is never written to git: change the text around it by hand"
    )
