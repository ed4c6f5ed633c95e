"""Captures of engines that behave, and of engines that do not, through a real socket."""

import os
import socket
import ssl
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from homelab_assets.engine import capture_host, capture_hosts
from homelab_assets.lab.settings import HostSettings
from homelab_assets.model import Captured, CaptureResult, Unreachable
from homelab_assets.secrecy import Vault
from homelab_assets_tests.engine.fake_engine import (
    Answer,
    Handler,
    TcpEngine,
    UnixEngine,
    breaks_off,
    container,
    drips,
    engine_answers,
    fails,
    hangs,
    meets,
)

pytestmark = pytest.mark.scenario

VAULT = Vault(b"a key for tests of 32 bytes long")
NOON = datetime(2026, 11, 23, 12, 0, 0, tzinfo=UTC)


def capture(docker: str, *, timeout: int = 1, budget: int = 5, **more: Any) -> CaptureResult:
    settings = HostSettings(name="host", docker=docker, connect_timeout=timeout, budget=budget, **more)
    return capture_host(settings, vault=VAULT, clock=lambda: NOON)


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "docker.sock"


@pytest.fixture(autouse=True)
def no_thread_is_left() -> Iterator[None]:
    """Whatever goes wrong, a capture leaves no thread behind."""
    before = set(threading.enumerate())
    yield
    deadline = time.monotonic() + 5
    while left := [thread for thread in threading.enumerate() if thread not in before and not thread.daemon]:
        assert time.monotonic() < deadline, left
        time.sleep(0.02)


def test_everything_that_an_engine_says_is_captured(path: Path) -> None:
    with UnixEngine(path, engine_answers(container("b"), container("a", image="app:2"))) as engine:
        result = capture(f"unix://{path}")
    assert isinstance(result, Captured), result
    assert result.host == "host"
    assert result.captured_at == "2026-11-23T12:00:00Z"
    assert [one["Name"] for one in result.containers] == ["/a", "/b"]
    assert sorted(one["Id"] for one in result.images) == ["sha256:one", "sha256:two"], "also what the tag points to now"
    assert [one["Name"] for one in result.networks] == ["proxy"]
    assert [one["Name"] for one in result.volumes] == ["data"]
    assert result.engine["version"]["ApiVersion"] == "1.41"
    assert result.engine["info"]["Name"] == "fake"
    assert result.dotenv == {}
    assert engine.asked.count("/containers/id-a/json") == 1


@pytest.mark.parametrize(
    ("speaks", "oldest", "asked"),
    [("1.41", "1.12", "1.41"), ("1.56", "1.44", "1.51"), ("1.60", "1.53", "1.53"), ("1.47", None, "1.47")],
)
def test_a_newer_engine_is_asked_in_the_newest_api_that_was_tried(
    path: Path, speaks: str, oldest: str | None, asked: str
) -> None:
    paths: list[str] = []

    def info(handler: Handler) -> None:
        paths.append(handler.path)
        handler.answer(200, {"Name": "fake"})

    version = {"Version": "29.9.0", "ApiVersion": speaks, "MinAPIVersion": oldest}
    with UnixEngine(path, {**engine_answers(container("a")), "/version": version, "/info": info}):
        result = capture(f"unix://{path}")
    assert isinstance(result, Captured), result
    assert paths == [f"/v{asked}/info"]
    assert result.engine["version"]["ApiVersion"] == speaks, "what it says of itself is kept"


def test_secrets_are_sealed_at_the_door(path: Path) -> None:
    with UnixEngine(path, engine_answers(container("a"))):
        result = capture(f"unix://{path}")
    assert isinstance(result, Captured)
    assert "0123456789abcdef0123456789abcdef" not in repr(result)
    assert result.containers[0]["Config"]["Env"][0] == "TZ=UTC"


def test_a_container_that_vanishes_is_no_error(path: Path) -> None:
    answers = engine_answers(container("a"), container("b"))
    del answers["/containers/id-b/json"]
    with UnixEngine(path, answers):
        result = capture(f"unix://{path}")
    assert isinstance(result, Captured)
    assert [one["Name"] for one in result.containers] == ["/a"]


def test_an_image_and_a_network_that_vanish_are_no_error(path: Path) -> None:
    answers = engine_answers(container("a"))
    del answers["/images/sha256:one/json"], answers["/networks/net"]
    with UnixEngine(path, answers):
        result = capture(f"unix://{path}")
    assert isinstance(result, Captured)
    assert (result.images, result.networks) == ([], [])


def test_inspect_calls_run_side_by_side(path: Path) -> None:
    answers = engine_answers(*[container(f"c{number}") for number in range(12)])
    pairs = threading.Barrier(2, timeout=2)
    for number in range(12):
        answers[f"/containers/id-c{number}/json"] = meets(pairs, container(f"c{number}"))
    with UnixEngine(path, answers) as engine:
        result = capture(f"unix://{path}")
        assert isinstance(result, Captured)
        assert len(engine.connections) <= 6, "connections are reused"


FAULTS: dict[str, tuple[dict[str, Answer], str]] = {
    "hangs at once": ({"/version": hangs}, "the engine hangs: GET /version brings nothing for 3 s"),
    "hangs in the middle": ({"/containers/id-b/json": hangs}, "the engine hangs: GET /containers/id-b/json"),
    "one byte a time": ({"/containers/id-b/json": drips}, "did not finish within its budget of 5 s"),
    "breaks off": ({"/containers/id-b/json": breaks_off}, "the connection broke during GET /containers/id-b/json"),
    "is in trouble": ({"/containers/id-b/json": fails}, "answers 500 to GET /containers/id-b/json: layer does not"),
    "is no engine": ({"/version": {"hello": "world"}}, "what answers is no Docker engine"),
    "says no JSON": ({"/version": lambda handler: handler.answer(200, b"<html>")}, "answer to GET /version is no JSON"),
    "lists nonsense": ({"/containers/json": {"a": 1}}, "GET /containers/json with something else than a list"),
    "lists nothing": ({"/containers/json": None}, "GET /containers/json with something else than a list"),
    "gives a list": ({"/images/sha256:one/json": [["a"]]}, "the engine answers with images that are no JSON objects"),
    "lists strings": ({"/containers/json": ["a"]}, "GET /containers/json with something else than a list"),
}


@pytest.mark.parametrize("fault", FAULTS)
def test_a_fault_is_one_clear_message(fault: str, path: Path) -> None:
    answers, message = FAULTS[fault]
    with UnixEngine(path, {**engine_answers(container("a"), container("b")), **answers}):
        result = capture(f"unix://{path}")
    assert isinstance(result, Unreachable)
    assert message in result.error
    assert "\n" not in result.error
    assert result.hint, "it says what to do next"
    assert result.captured_at == "2026-11-23T12:00:00Z"


def test_a_dead_host_does_not_hold_up_the_others(tmp_path: Path) -> None:
    good, bad = tmp_path / "good.sock", tmp_path / "bad.sock"
    answers = engine_answers(container("a"))
    with UnixEngine(good, answers), UnixEngine(bad, {**answers, "/info": hangs}):
        hosts = [
            HostSettings(name="bad", docker=f"unix://{bad}", connect_timeout=1, budget=2),
            HostSettings(name="good", docker=f"unix://{good}"),
            HostSettings(name="gone", docker=f"unix://{tmp_path}/gone.sock"),
        ]
        results = capture_hosts(hosts, vault=VAULT)
    assert [type(result) for result in results] == [Unreachable, Captured, Unreachable]
    assert results[0].seconds < 4.5
    assert max(results[1].seconds, results[2].seconds) < results[0].seconds, "the others do not wait for it"


def test_no_hosts_give_no_results() -> None:
    assert capture_hosts([], vault=VAULT) == []


def test_a_socket_that_is_not_there(tmp_path: Path) -> None:
    result = capture(f"unix://{tmp_path}/none.sock")
    assert isinstance(result, Unreachable)
    assert result.error == f"there is no Docker socket {tmp_path}/none.sock"


def test_a_socket_that_nobody_listens_on(path: Path) -> None:
    with socket.socket(socket.AF_UNIX) as dead:
        dead.bind(str(path))
    result = capture(f"unix://{path}")
    assert isinstance(result, Unreachable)
    assert "no engine listens on the Docker socket" in result.error
    assert "systemctl start docker" in (result.hint or "")


@pytest.mark.skipif(os.geteuid() != 0, reason="needs root to become somebody else")
def test_a_socket_that_the_user_may_not_use() -> None:
    """A process of another user, because root may use everything."""
    path = Path(f"/tmp/homelab-{os.getpid()}.sock")
    script = (
        "import os, sys\n"
        "from homelab_assets.engine.streams import connect_unix\n"
        "from homelab_assets.errors import CaptureError\n"
        "os.setgid(65534); os.setuid(65534)\n"
        "try: connect_unix(sys.argv[1], 1)\n"
        "except CaptureError as error: print(error)\n"
    )
    with UnixEngine(path, {}):
        path.chmod(0o600)
        done = subprocess.run([sys.executable, "-c", script, str(path)], capture_output=True, text=True, cwd="/")
    path.unlink()
    assert f"this user may not use the Docker socket {path}" in done.stdout, done.stderr
    assert "usermod -aG docker" in done.stdout


def test_a_plain_tcp_engine() -> None:
    with TcpEngine(engine_answers(container("a"))) as engine:
        result = capture(f"tcp://127.0.0.1:{engine.server_address[1]}")  # type: ignore[index]
    assert isinstance(result, Captured)


def test_plain_tcp_is_warned_of(caplog: pytest.LogCaptureFixture) -> None:
    with TcpEngine(engine_answers()) as engine:
        capture(f"tcp://127.0.0.1:{engine.server_address[1]}")  # type: ignore[index]
    assert "host is reached over TCP without TLS" in caplog.text


def test_nobody_listens_on_the_port() -> None:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    result = capture(f"tcp://127.0.0.1:{port}")
    assert isinstance(result, Unreachable)
    assert result.error == f"127.0.0.1 is there, but nothing listens on port {port}"


@pytest.mark.parametrize("name", ["no-such-host.invalid", "nas..lan", "n" * 64])
@pytest.mark.parametrize("kind", ["tcp", "ssh"])
def test_a_name_without_an_address(kind: str, name: str) -> None:
    result = capture(f"{kind}://{name}:2376", budget=30)
    assert isinstance(result, Unreachable)
    assert result.error == f"no address is known for the name {name}"


def test_an_address_that_makes_no_sense() -> None:
    result = capture("http://somewhere")
    assert isinstance(result, Unreachable)
    assert "is no address of an engine" in result.error


@pytest.fixture(scope="module")
def certificates(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A CA, a server's certificate for localhost and 127.0.0.1, a client's, and its key locked by a passphrase."""
    folder = tmp_path_factory.mktemp("tls")

    def openssl(*words: str) -> None:
        subprocess.run(["openssl", *words], cwd=folder, check=True, capture_output=True)

    key = ("-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes")
    openssl("req", "-x509", *key, "-keyout", "ca-key.pem", "-out", "ca.pem", "-subj", "/CN=lab CA", "-days", "2")
    (folder / "names").write_text("subjectAltName=DNS:localhost,IP:127.0.0.1")
    for name in ("server", "client"):
        openssl("req", *key, "-keyout", f"{name}-key.pem", "-out", f"{name}.csr", "-subj", f"/CN={name}")
        more = ("-extfile", "names") if name == "server" else ()
        sign = ("-CA", "ca.pem", "-CAkey", "ca-key.pem", "-CAcreateserial", "-days", "2")
        openssl("x509", "-req", "-in", f"{name}.csr", *sign, "-out", f"{name}.pem", *more)
    openssl("pkey", "-in", "client-key.pem", "-aes128", "-passout", "pass:open", "-out", "locked.pem")
    return folder


@pytest.fixture
def tls_engine(certificates: Path) -> Iterator[str]:
    """An engine behind TLS that wants a client certificate; yields its address."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificates / "server.pem", certificates / "server-key.pem")
    context.load_verify_locations(certificates / "ca.pem")
    context.verify_mode = ssl.CERT_REQUIRED
    engine = TcpEngine(engine_answers(container("a")))
    engine.socket = context.wrap_socket(engine.socket, server_side=True)
    with engine:
        yield f"tcp://127.0.0.1:{engine.server_address[1]}"  # type: ignore[index]


def test_tls_with_a_client_certificate(tls_engine: str, certificates: Path) -> None:
    tls = {"ca": "ca.pem", "cert": "client.pem", "key": "client-key.pem"}
    result = capture(tls_engine, tls={key: str(certificates / name) for key, name in tls.items()})
    assert isinstance(result, Captured), result


@pytest.mark.parametrize(
    ("tls", "message"),
    [
        ({"verify": True}, "is not trusted"),
        ({"ca": "ca.pem"}, "broke"),
        ({"ca": "nowhere.pem"}, "there is no file"),
        ({"ca": "ca-key.pem"}, "the TLS files can't be used"),
        ({"ca": "ca.pem", "cert": "client.pem", "key": "locked.pem"}, "locked.pem is locked by a passphrase"),
        ({}, "connection broke"),
    ],
)
def test_tls_that_fails(tls: dict[str, Any], message: str, tls_engine: str, certificates: Path) -> None:
    paths = {key: value if key == "verify" else str(certificates / value) for key, value in tls.items()}
    result = capture(tls_engine, tls=paths)
    assert isinstance(result, Unreachable)
    assert message in result.error
    assert result.hint


def test_nothing_heavy_is_imported_before_it_is_needed() -> None:
    script = (
        "import sys, homelab_assets.engine\n"
        "print([name for name in ('docker', 'paramiko', 'requests', 'urllib3') if name in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


def test_proxies_and_netrc_of_the_environment_are_left_alone(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HTTP_PROXY", "http://127.0.0.1:9")
    monkeypatch.setenv("DOCKER_HOST", "tcp://127.0.0.1:9")
    with UnixEngine(path, engine_answers(container("a"))):
        assert isinstance(capture(f"unix://{path}"), Captured)
