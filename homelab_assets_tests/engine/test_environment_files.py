"""Which `.env` files containers point to."""

from typing import Any

import pytest

from homelab_assets.engine.connection import FILE_LIMIT, UnixConnection
from homelab_assets.engine.environment_files import environment_file_paths, sealed_variables
from homelab_assets.secrecy import Vault

P = "com.docker.compose.project."


def paths(**labels: Any) -> list[str]:
    return environment_file_paths([{"Config": {"Labels": {P + key: value for key, value in labels.items()}}}])


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
    assert environment_file_paths([{}, {"Config": None}, {"Config": {"Labels": None}}]) == []


def test_values_are_sealed_by_their_names() -> None:
    vault = Vault(b"a key for tests of 32 bytes long")
    found = sealed_variables(b"TZ=Europe/Brussels\nAPI_KEY='planted 42'\n", "/opt/.env", vault)
    assert found is not None
    assert found["TZ"] == "Europe/Brussels"
    assert "planted" not in found["API_KEY"]
    assert vault.reveal(found["API_KEY"]) == "planted 42"


@pytest.mark.parametrize("text", ["A B=1", 'A="open', "A=${"])
def test_what_compose_refuses_is_left_out(text: str) -> None:
    assert sealed_variables(text.encode(), "/opt/.env", Vault(b"a key for tests of 32 bytes long")) is None


def test_what_is_no_text_is_left_out() -> None:
    assert sealed_variables(b"\xff\xfe\x00", "/opt/.env", Vault(b"a key for tests of 32 bytes long")) is None


def test_local_files_are_read_only_for_an_engine_of_this_machine(tmp_path: Any) -> None:
    import os
    import socket

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
    assert connection.read_file("/no/such/.env", here) is None
