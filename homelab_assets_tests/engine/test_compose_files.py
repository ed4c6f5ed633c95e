"""Which variables running services use by their compose files, and when nobody can say so."""

import pytest

from homelab_assets.engine.compose_files import compose_file_lists, used_variables
from homelab_assets.secrecy import Vault

VAULT = Vault(b"a key for tests of 32 bytes long")
FILE = "/opt/web/compose.yml"
WEB = (
    b"services: {web: {image: 'web:${TAG:-1}', environment: {OWNER: $WHO, OTHER: '${TAG:-1}', BOTH: '${A:-1}${A:-2}'}}}"
)


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
    assert compose_file_lists(containers) == {FILE: {"web", "db"}, both: {"web"}}


@pytest.mark.parametrize(
    "files",
    ["", "compose.yml", "/etc/shadow", "/proc/1/x.yml", f"{FILE},/etc/passwd", "/opt/\0/compose.yml", None, 1, [FILE]],
)
def test_labels_do_not_make_us_read_other_files(files: object) -> None:
    assert compose_file_lists([labelled(files)]) == {}


def test_each_variable_has_the_fingerprint_of_its_one_default() -> None:
    vault = Vault(b"a key for tests of 32 bytes long")
    found = used_variables({FILE: WEB}, {"web"}, vault)
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
    assert used_variables({FILE: base, "/opt/web/more.yml": over}, {"web", "db"}, VAULT) == {
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
    assert used_variables({FILE: WEB, "/opt/web/more.yml": more}, services, VAULT) is None
    assert used_variables({FILE: WEB, "/opt/web/more.yml": b""}, {"web"}, VAULT) is not None
