"""Which variables running services use by their compose files, and when nobody can say so."""

from collections.abc import Mapping, Sequence
from typing import Any

import pytest

from homelab_assets.engine.compose_files import (
    Started,
    compose_file_lists,
    load_started,
    named_env_files,
    used_variables,
)
from homelab_assets.engine.host_files import read_host_files
from homelab_assets.secrecy import Vault

VAULT = Vault(b"a key for tests of 32 bytes long")
FILE = "/opt/web/compose.yml"
WEB = (
    b"services: {web: {image: 'web:${TAG:-1}', environment: {OWNER: $WHO, OTHER: '${TAG:-1}', BOTH: '${A:-1}${A:-2}'}}}"
)


def used(files: Mapping[str, bytes | None], services: set[str], vault: Vault = VAULT) -> Any:
    """The variables of the services, None where the files don't tell all."""
    project = load_started(list(files), Started(services=services), files.get)
    return None if project is None else used_variables(project, services, vault)


def labelled(files: object, service: object = "web") -> dict[str, object]:
    labels = {"com.docker.compose.project.config_files": files, "com.docker.compose.service": service}
    return {"Config": {"Labels": labels}}


def test_the_lists_are_those_of_the_labels_with_the_services_started_from_them() -> None:
    both = f"{FILE},/opt/web/more.yaml"
    containers = [
        labelled(FILE),
        labelled(FILE, "db"),
        labelled(both),
        {},
        {"Config": None},
        {"Config": {"Labels": None}},
    ]
    assert {files: started.services for files, started in compose_file_lists(containers).items()} == {
        FILE: {"web", "db"},
        both: {"web"},
    }


@pytest.mark.parametrize(
    "files",
    ["", "compose.yml", "/etc/shadow", "/proc/1/x.yml", f"{FILE},/etc/passwd", "/opt/\0/compose.yml", None, 1, [FILE]],
)
def test_labels_do_not_make_us_read_other_files(files: object) -> None:
    assert compose_file_lists([labelled(files)]) == {}


def test_each_variable_has_the_fingerprint_of_its_one_default() -> None:
    vault = Vault(b"a key for tests of 32 bytes long")
    found = used({FILE: WEB}, {"web"}, vault)
    assert found == {"web": {"TAG": vault.fingerprint("1"), "WHO": None, "A": None}}
    assert not vault.revealable(vault.fingerprint("1")), "what git may show is no secret from now on"


def test_a_service_uses_what_is_left_of_its_files() -> None:
    """Defaults that hold variables, what all services share, profiles that are off; not what a later file covers."""
    base = b"""
        x-unused: ${X}
        services:
          web: {image: 'web:${TAG:-1}', user: '${U:-${V:-0}}', volumes: ['data:/data']}
          db: {image: 'db:${TAG:-1}', profiles: ['${P:-p}']}
        volumes: {data: {name: '${D-d}'}}
    """
    over = b"services: {web: {image: 'web:2'}}"
    shared = {"D": VAULT.fingerprint("d")}
    assert used({FILE: base, "/opt/web/more.yml": over}, {"web", "db"}) == {
        "web": {**shared, "U": VAULT.fingerprint("${V:-0}"), "V": None},
        "db": {**shared, "TAG": VAULT.fingerprint("1"), "P": VAULT.fingerprint("p")},
    }


@pytest.mark.parametrize(
    ("more", "services"),
    [
        (None, {"web"}),
        (b"services: {web: [", {"web"}),
        (b"\xff\x00", {"web"}),
        (b"a: " + b"[" * 5000, {"web"}),
        (b"a: &a [$B]\n" + b"\n".join(b"x%d: &a [%s]" % (n, b",".join([b"*a"] * 9)) for n in range(12)), {"web"}),
        (b"include: [other.yml]", {"web"}),
        (b"services: {web: {extends: {file: other.yml, service: web}}}", {"web"}),
        (b"services: {other: {image: other}}", {"web", "db"}),
    ],
    ids=["gone", "broken", "no text", "deep", "aliases", "include", "extends", "another stack's by now"],
)
def test_files_that_do_not_tell_all_tell_nothing(more: bytes | None, services: set[str]) -> None:
    assert used({FILE: WEB, "/opt/web/more.yml": more}, services) is None
    assert used({FILE: WEB, "/opt/web/more.yml": b""}, {"web"}) is not None


ENV_FILES = b"""
services:
  web:
    image: web
    env_file:
      - web.env
      - {path: ../shared/.env.common, required: false}
      - ${WHERE}/other.env
      - /etc/passwd
      - {path: raw.env, format: raw}
  db: {image: db, env_file: db.env}
"""


def test_env_files_are_those_that_the_services_name_and_that_are_called_so() -> None:
    started = Started(services={"web"}, directory="/opt/web")
    project = load_started([FILE], started, {FILE: ENV_FILES}.get)
    assert project is not None
    assert named_env_files(project, started.services) == {"/opt/web/web.env", "/opt/shared/.env.common"}


@pytest.mark.parametrize(
    ("entry", "files"),
    [
        ("sub/app.yml", {"/opt/web/sub/.env", "/opt/web/sub/deep/.env"}),
        ("{path: sub/app.yml, env_file: other.env}", {"/opt/web/other.env", "/opt/web/sub/deep/.env"}),
        ("{path: sub/app.yml, project_directory: run}", {"/opt/web/run/.env", "/opt/web/sub/deep/.env"}),
        ("{path: sub/app.yml, env_file: /etc/passwd}", {"/opt/web/sub/deep/.env"}),
        ("{path: sub/gone.yml}", set()),
        ("{path: [sub/app.yml, sub/more.yml]}", {"/opt/web/sub/.env", "/opt/web/sub/deep/.env", "/opt/web/lent/.env"}),
    ],
)
def test_files_that_includes_take_variables_from_are_read(entry: str, files: set[str]) -> None:
    """Compose reads them where nobody names them: a `.env` beside an included file gives its variables values."""
    texts = {
        FILE: f"include: [{entry}]\nservices: {{web: {{image: web}}}}",
        "/opt/web/sub/app.yml": "include: [/opt/web/sub/deep/db.yml]\nservices: {app: {image: 'app:${TAG:-1}', env_file: app.env, label_file: app2.env}}",
        "/opt/web/sub/deep/db.yml": "services: {db: {image: db}}",
        "/opt/web/sub/more.yml": "{include: [../lent/a.yml], services: {app: {extends: {file: ../lent/b.yml, service: b}}}}",
        "/opt/web/lent/a.yml": "services: {a: {image: a}}",
        "/opt/web/lent/b.yml": "services: {b: {extends: {file: c.yml, service: c}}}",
        "/opt/web/lent/c.yml": "services: {c: {image: c}}",
        "/etc/passwd": "A=1",
        **dict.fromkeys(
            (
                f"/opt/web/{name}.env"
                for name in ("", "sub/", "sub/app", "sub/app2", "sub/deep/", "run/", "other", "lent/")
            ),
            "TAG=2",
        ),
    }
    containers = [labelled(FILE)]
    containers[0]["Config"]["Labels"]["com.docker.compose.project.working_dir"] = "/opt/web"
    found = read_host_files(
        containers, lambda paths: [text.encode() if (text := texts.get(path)) else None for path in paths], VAULT
    )
    assert found["env_files"] == {path: {"TAG": "2"} for path in files}
    assert bool(found["compose_variables"]) == bool(files)


def test_of_a_service_s_env_file_that_is_not_there_comes_nothing() -> None:
    """Compose does without it where it isn't required. One that can't be read may set anything, as may a `.env`."""
    texts = {
        FILE: "{include: [sub/app.yml], services: {web: {image: web, env_file: [{path: gone.env, required: false}, closed.env]}}}",
        "/opt/web/sub/app.yml": "services: {app: {image: app}}",
        "/opt/web/closed.env": None,
    }
    containers = [labelled(FILE)]
    containers[0]["Config"]["Labels"]["com.docker.compose.project.working_dir"] = "/opt/web"

    def content(path: str) -> bytes | FileNotFoundError | None:
        if path not in texts:
            return FileNotFoundError(path)
        return text.encode() if (text := texts[path]) else None

    found = read_host_files(containers, lambda paths: map(content, paths), VAULT)
    assert (found["dotenv"], found["env_files"]) == ({}, {"/opt/web/gone.env": {}})


def test_no_compose_file_keeps_the_audit_busy() -> None:
    texts = {FILE: f"{{include: {[f'{n}.yml' for n in range(2000)]}, services: {{web: {{image: web}}}}}}"}
    asked: list[str] = []

    def read_all(paths: Sequence[str]) -> list[bytes | None]:
        asked.extend(paths)
        return [text.encode() if (text := texts.get(path)) else None for path in paths]

    found = read_host_files([labelled(FILE)], read_all, VAULT)
    assert (asked, found["compose_variables"]) == ([FILE], {})


def test_where_and_by_which_compose_a_list_was_started() -> None:
    prefix = "com.docker.compose."
    more = {f"{prefix}project.working_dir": "/opt/web/", f"{prefix}project.environment_file": "a.env,/x/b.env"}
    containers: list[Any] = [labelled(FILE), labelled(FILE, "db")]
    containers[0]["Config"]["Labels"] |= more
    containers[1]["Config"]["Labels"] |= {f"{prefix}version": "1.29.2"}
    (started,) = compose_file_lists(containers).values()
    assert (started.directory, started.dotenv, started.v1) == ("/opt/web", ["/opt/web/a.env", "/x/b.env"], True)
