"""Which `.env` files containers point to."""

import os
import socket
from typing import Any

import pytest

from homelab_assets.engine.connection import FILE_LIMIT, UnixConnection
from homelab_assets.engine.environment_files import environment_files, sealed_variables
from homelab_assets.secrecy import Vault

P = "com.docker.compose.project."


def paths(**labels: Any) -> list[str]:
    return list(environment_files([{"Config": {"Labels": {P + key: value for key, value in labels.items()}}}]))


CASES: list[tuple[dict[str, Any], list[str]]] = [
    ({}, []),
    ({"working_dir": "/opt/a"}, ["/opt/a/.env"]),
    ({"working_dir": "/opt/a", "environment_file": ""}, ["/opt/a/.env"]),
    ({"working_dir": "/opt/a", "environment_file": "/opt/b/stack.env"}, ["/opt/b/stack.env"]),
    ({"working_dir": "/opt/a", "environment_file": "../x.env,/opt/.env.prod"}, ["/opt/.env.prod", "/opt/x.env"]),
    ({"working_dir": "relative"}, []),
    ({"working_dir": "/opt/a", "environment_file": "/etc/shadow"}, []),
    ({"working_dir": "/opt/a", "environment_file": "/root/.ssh/id_rsa"}, []),
    ({"working_dir": "/opt/a", "environment_file": "/opt/a/.env/../../../etc/passwd"}, []),
    ({"working_dir": "/proc/1/environ", "environment_file": ".env"}, []),
    ({"working_dir": 7}, []),
]


@pytest.mark.parametrize(("labels", "expected"), CASES)
def test_paths(labels: dict[str, Any], expected: list[str]) -> None:
    assert paths(**labels) == expected


def test_containers_without_labels() -> None:
    assert environment_files([{}, {"Config": None}, {"Config": {"Labels": None}}]) == {}


def test_values_are_sealed_by_their_names() -> None:
    vault = Vault(b"a key for tests of 32 bytes long")
    found = sealed_variables(b"TZ=Europe/Brussels\nAPI_KEY='planted 42'\n", "/opt/.env", vault)
    assert found is not None
    assert found["TZ"] == "Europe/Brussels"
    assert "planted" not in found["API_KEY"]
    assert vault.reveal(found["API_KEY"]) == "planted 42"


V1 = """\
A="q+J9=w$$x#Z"
B="a\\$b"
C=$$literal$$key
D='x ${A}'
E=${NOPE:-def}
export F=1 # c
G=
H=a $F
I=${HOME}/x
J
"""
READ = {
    "A": "q+J9=w$$x#Z",
    "B": "a\\$b",
    "C": "$$literal$$key",
    "D": "x q+J9=w$$x#Z",
    "E": "def",
    "F": "1",
    "G": "",
    "H": "a $F",
}


def test_compose_v1_reads_a_file_in_its_own_way() -> None:
    """As 1.29.2 prints them; what the shell gives, and what has no value, isn't known."""
    vault = Vault(b"a key for tests of 32 bytes long")
    found = sealed_variables(V1.encode(), "/opt/.env", vault, v1=True)
    assert found is not None
    assert {name: value and vault.reveal(value) for name, value in found.items() if value is not None} == READ


def test_what_only_the_shell_of_whoever_deploys_knows_is_unknown() -> None:
    text = "A=$HOME/media\nB=${A}/tv\nC='$HOME'\nD=plain\nE=$D\nF=${G:-x}\nBARE\n"
    found = sealed_variables(text.encode(), "/opt/.env", Vault(b"a key for tests of 32 bytes long"))
    assert found == {"A": None, "B": None, "C": "$HOME", "D": "plain", "E": "plain", "F": None, "BARE": None}


def test_a_file_is_read_as_v1_does_if_nobody_else_reads_it() -> None:
    def labels(version: str) -> dict[str, Any]:
        own = {P + "working_dir": "/opt/a", "com.docker.compose.version": version}
        return {"Config": {"Labels": own}}

    assert environment_files([labels("1.29.2")]) == {"/opt/a/.env": True}
    assert environment_files([labels("1.29.2"), labels("2.40.3")]) == {"/opt/a/.env": False}


@pytest.mark.parametrize("text", ["A B=1", 'A="open', "A=${"])
def test_what_compose_refuses_is_left_out(text: str) -> None:
    assert sealed_variables(text.encode(), "/opt/.env", Vault(b"a key for tests of 32 bytes long")) is None


def test_what_is_no_text_is_left_out() -> None:
    assert sealed_variables(b"\xff\xfe\x00", "/opt/.env", Vault(b"a key for tests of 32 bytes long")) is None


def test_local_files_are_read_only_for_an_engine_of_this_machine(tmp_path: Any) -> None:
    file, large, pipe = tmp_path / ".env", tmp_path / "large.env", tmp_path / "pipe.env"
    file.write_text("A=1")
    large.write_bytes(b"x" * (FILE_LIMIT + 1))
    os.mkfifo(pipe)
    connection = UnixConnection("/none", 1)
    here = {"Name": socket.gethostname()}
    assert connection.read_file(str(file), here) == b"A=1"
    assert connection.read_file(str(file), {"Name": "another"}) is None
    assert connection.read_file(str(large), here) is None
    assert connection.read_file(str(pipe), here) is None
    assert connection.read_file(str(tmp_path), here) is None
    with pytest.raises(FileNotFoundError):
        connection.read_file("/no/such/.env", here)


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("A=1\nB=\"x $A\"\nC='$A'\n", {"A": "1", "B": "x 1", "C": "$A"}),
        ("URL=http://$DOMAIN/\nTZ\n", {"URL": "http://home.arpa/", "TZ": "UTC"}),
        ("A=$HOME/x\n", {"A": None}),
        ("A=${MORE:-x}\n", {"A": None}),
        ("MORE\n", {"MORE": None}),
        ("A B=1\n", None),
    ],
    ids=["of its own", "of the .env", "of the shell", "a default", "passed on", "broken"],
)
def test_an_env_file_refers_to_the_dotenv(text: str, found: dict[str, str | None] | None) -> None:
    vault = Vault(b"a key for tests of 32 bytes long")
    known = {"DOMAIN": vault.token("home.arpa"), "TZ": "UTC"}
    assert sealed_variables(text.encode(), "/opt/web.env", vault, environment=known) == found
