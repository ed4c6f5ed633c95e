"""Captures of real engines behind real sshds, well and ill."""

import json
import os
import re
import shutil
import socket
import subprocess
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

import pytest
from msgspec.structs import replace

from homelab_assets.engine import capture_host, capture_hosts, read_capture, write_capture
from homelab_assets.lab.settings import HostSettings
from homelab_assets.model import Captured, CaptureResult, Unreachable
from homelab_assets.secrecy import Vault
from homelab_assets_tests.lab import RealLab
from homelab_assets_tests.lab.ssh import Sshd, client_block, generate_key, known_host, start_sshd

KEY = b"a key for tests of 32 bytes long"
HOST = "ct-docker-01"


def settings(lab: RealLab, host: str = HOST, **more: Any) -> HostSettings:
    files = {"ssh_config": lab.ssh_config, "known_hosts": lab.known_hosts}
    return HostSettings(**{"name": host, "docker": f"ssh://root@{host}", "connect_timeout": 5, **files, **more})


def capture(lab: RealLab, host: str = HOST, vault: Vault | None = None, **more: Any) -> CaptureResult:
    return capture_host(settings(lab, host, **more), vault=vault or Vault(KEY))


def captured(result: CaptureResult) -> Captured:
    assert isinstance(result, Captured), result
    return result


def unreachable(result: CaptureResult) -> Unreachable:
    assert isinstance(result, Unreachable), result
    assert result.hint
    assert "\n" not in result.error
    return result


class MeddlingVault(Vault):
    """Does something to the world when the first document arrives: in the middle of a capture."""

    def __init__(self, meddle: Callable[[], None]) -> None:
        super().__init__(KEY)
        self._meddle = [meddle]

    def seal_inspect(self, document: Any) -> Any:
        with suppress(IndexError):
            self._meddle.pop()()
        return super().seal_inspect(document)


# --- what is captured ---------------------------------------------------------------------------------------------


def test_both_hosts_side_by_side(deployed_lab: RealLab) -> None:
    lab = deployed_lab
    results = [captured(one) for one in capture_hosts([settings(lab, host) for host in lab.hosts], vault=Vault(KEY))]
    for result in results:
        names = lab.hosts[result.host].docker("ps", "-a", "--format", "{{.Names}}").split()
        assert [one["Name"].lstrip("/") for one in result.containers] == sorted(names)
        volumes = lab.hosts[result.host].docker("volume", "ls", "-q").split()
        assert sorted(one["Name"] for one in result.volumes) == sorted(volumes)
        assert {"proxy", "bridge", "host", "none"} <= {one["Name"] for one in result.networks}
        assert {one["Image"] for one in result.containers} == {one["Id"] for one in result.images}
        assert result.engine["info"]["Name"] == result.host, "each sshd leads to its own engine"


def test_documents_are_those_of_docker_inspect(deployed_lab: RealLab) -> None:
    vault = Vault(KEY)
    result = captured(capture(deployed_lab, "ct-media-01", vault))
    for document in result.containers:
        raw = json.loads(deployed_lab.hosts["ct-media-01"].docker("inspect", document["Id"]))[0]
        expected = vault.seal_inspect(raw)
        # What moves by itself (a health check is an exec), or comes in any order.
        for one in (expected, document):
            one.pop("State"), one.pop("NetworkSettings"), one.pop("ExecIDs")
            one["Mounts"] = sorted(one["Mounts"], key=str)
        assert document == expected


def test_env_files_beside_the_compose_files_are_read_and_sealed(deployed_lab: RealLab) -> None:
    vault = Vault(KEY)
    result = captured(capture(deployed_lab, vault=vault))
    env = result.dotenv["/opt/homelab-apps/stacks/infra-core/.env"]
    assert env["DOMAIN"] == "home.arpa"
    assert vault.reveal(env["CF_DNS_API_TOKEN"]) == "Zk3vR8_lab-Planted0cloudflare1token2Qw"
    assert "/opt/homelab-apps/stacks/organizr/.env" not in result.dotenv, "there is none"


def test_the_running_compose_files_tell_which_variables_they_use(deployed_lab: RealLab) -> None:
    vault = Vault(KEY)
    result = captured(capture(deployed_lab, vault=vault))
    used = result.compose_variables["/opt/homelab-apps/stacks/infra-core/docker-compose.yml"]
    assert {name: default for variables in used.values() for name, default in variables.items()}.items() >= {
        "TZ": vault.fingerprint("Europe/Brussels"),
        "CF_DNS_API_TOKEN": None,
    }.items()


def test_no_planted_secret_is_in_a_capture(deployed_lab: RealLab, tmp_path: Path) -> None:
    result = captured(capture(deployed_lab))
    write_capture(result, tmp_path)
    written = "".join(file.read_text() for file in tmp_path.iterdir())
    planted = re.compile("planted|IgXLP6ewTrSuBkTrqE8wj", re.IGNORECASE)
    assert not planted.findall(repr(result))
    assert not planted.findall(written)


def test_a_recording_is_the_same_as_the_live_host(deployed_lab: RealLab, tmp_path: Path) -> None:
    live = captured(capture(deployed_lab))
    write_capture(live, tmp_path)
    recorded = captured(read_capture(HOST, tmp_path, Vault(KEY)))
    for part in ("host", "captured_at", "engine", "containers", "images", "networks", "volumes"):
        assert getattr(recorded, part) == getattr(live, part), part


def test_env_files_can_be_left_alone(deployed_lab: RealLab) -> None:
    result = captured(capture(deployed_lab, read_env=False))
    assert (result.dotenv, result.compose_variables) == ({}, {})


def test_an_engine_behind_its_forwarded_socket_gives_no_local_files(deployed_lab: RealLab) -> None:
    result = captured(capture(deployed_lab, docker=f"unix://{deployed_lab.hosts[HOST].socket}"))
    assert result.dotenv == {}, "the paths are the host's, not this machine's"


def test_the_newest_engine(lab: RealLab) -> None:
    if "newest" not in lab.tools.engines:
        pytest.skip("no newer engine was provisioned")
    machine = lab.hosts.get("ct-new-01") or lab.start_host("ct-new-01")
    machine.docker("run", "-d", "--name", "new", "redis:7.2-alpine")
    result = captured(capture(lab, "ct-new-01"))
    assert [one["Name"] for one in result.containers] == ["/new"]
    assert result.engine["version"]["ApiVersion"] >= "1.51"


# --- ways in ------------------------------------------------------------------------------------------------------


@contextmanager
def extra_sshd(
    lab: RealLab, folder: Path, *lines: str, host: str = HOST, trusted: bool = True
) -> Iterator[tuple[Sshd, HostSettings]]:
    """One more sshd on a host, configured by these lines, and the settings that lead to it."""
    machine = lab.hosts[host]
    sshd = start_sshd(
        machine, folder / "sshd", address="127.0.0.5", authorized=lab.directory / "authorized_keys", more=lines
    )
    known = folder / "known_hosts"
    known.write_text(known_host(sshd) if trusted else "")
    config = folder / "ssh_config"
    config.write_text(client_block("extra", sshd, lab.identity, known))
    try:
        yield sshd, settings(lab, name="extra", docker="ssh://extra", ssh_config=config, known_hosts=known)
    finally:
        sshd.stop()


def run(options: HostSettings, vault: Vault | None = None) -> CaptureResult:
    return capture_host(options, vault=vault or Vault(KEY))


def test_without_socket_forwarding_the_docker_command_is_used(lab: RealLab, tmp_path: Path) -> None:
    with extra_sshd(lab, tmp_path, "AllowStreamLocalForwarding no") as (sshd, options):
        assert captured(run(options)).engine["info"]["Name"] == HOST
        elsewhere = replace(options, socket=str(lab.hosts[HOST].socket))
        assert captured(run(elsewhere)).engine["info"]["Name"] == HOST
        assert sshd.log.count("Starting session: command") > 2


def test_a_jump_host(lab: RealLab, tmp_path: Path) -> None:
    media, docker = lab.sshds["ct-media-01"], lab.sshds[HOST]
    config = tmp_path / "config"
    included = tmp_path / "jump.conf"
    included.write_text(client_block("jump", docker, lab.identity, lab.known_hosts))
    config.write_text(
        f"Include {included}\n" + client_block("media", media, lab.identity, lab.known_hosts) + "    ProxyJump jump\n"
    )
    before = docker.log.count("Accepted publickey")
    result = captured(capture(lab, docker="ssh://media", ssh_config=config))
    assert result.engine["info"]["Name"] == "ct-media-01"
    assert docker.log.count("Accepted publickey") == before + 1, "it went through the jump host"


def test_a_jump_host_that_refuses_us(lab: RealLab, tmp_path: Path) -> None:
    wrong = generate_key(tmp_path / "wrong")
    config = tmp_path / "config"
    config.write_text(
        client_block("jump", lab.sshds[HOST], wrong, lab.known_hosts)
        + client_block("media", lab.sshds["ct-media-01"], lab.identity, lab.known_hosts)
        + "    ProxyJump jump\n"
    )
    result = unreachable(capture(lab, docker="ssh://media", ssh_config=config))
    assert result.error.startswith("jump host jump: root@127.0.0.2")
    assert "refuses the SSH key" in result.error


@pytest.fixture
def agent(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """An SSH agent of our own, in the environment."""
    path = f"/tmp/homelab-agent-{os.getpid()}"
    process = subprocess.Popen(["ssh-agent", "-D", "-a", path], stdout=subprocess.DEVNULL)
    monkeypatch.setenv("SSH_AUTH_SOCK", path)
    deadline = time.monotonic() + 5
    while not Path(path).exists():
        assert time.monotonic() < deadline
        time.sleep(0.02)
    yield
    process.terminate()
    process.wait(5)


def _config_without_identity(lab: RealLab, file: Path, identity: Path | None = None) -> Path:
    sshd = lab.sshds[HOST]
    named = f"    IdentityFile {identity}\n    IdentitiesOnly yes\n" if identity else "    IdentityFile /none\n"
    file.write_text(f"Host plain\n    HostName {sshd.address}\n    Port {sshd.port}\n{named}")
    return file


def test_a_key_in_the_agent(lab: RealLab, tmp_path: Path, agent: None) -> None:
    config = _config_without_identity(lab, tmp_path / "config")
    result = unreachable(capture(lab, docker="ssh://root@plain", ssh_config=config))
    assert "there is no SSH key to log in with" in result.error
    subprocess.run(["ssh-add", "-q", str(lab.identity)], check=True)
    captured(capture(lab, docker="ssh://root@plain", ssh_config=config))


def test_a_key_with_a_passphrase(lab: RealLab, tmp_path: Path, agent: None) -> None:
    locked = tmp_path / "locked"
    shutil.copy(lab.identity, locked)
    shutil.copy(lab.identity.with_suffix(".pub"), tmp_path / "locked.pub")
    subprocess.run(["ssh-keygen", "-q", "-p", "-N", "horse battery", "-P", "", "-f", str(locked)], check=True)
    config = _config_without_identity(lab, tmp_path / "config", locked)
    result = unreachable(capture(lab, docker="ssh://root@plain", ssh_config=config))
    assert "is locked by a passphrase; the agent does not hold it" in result.error
    assert result.hint == f"run: ssh-add {locked}"
    subprocess.run(["ssh-add", "-q", str(lab.identity)], check=True)
    captured(capture(lab, docker="ssh://root@plain", ssh_config=config))


@pytest.mark.parametrize("kind", ["rsa", "ecdsa", "ed25519"])
def test_all_kinds_of_keys(kind: str, lab: RealLab, tmp_path: Path) -> None:
    key = generate_key(tmp_path / "key", kind)
    authorized = tmp_path / "authorized_keys"
    shutil.copy(key.with_suffix(".pub"), authorized)
    folder = tmp_path / "sshd"
    folder.mkdir()
    generate_key(folder / "host_key", kind)
    sshd = start_sshd(lab.hosts[HOST], folder, address="127.0.0.5", authorized=authorized)
    known = tmp_path / "known_hosts"
    known.write_text(known_host(sshd))
    subprocess.run(["ssh-keygen", "-q", "-H", "-f", str(known)], check=True, capture_output=True)
    try:
        captured(capture(lab, docker=f"ssh://root@{sshd.address}:{sshd.port}", known_hosts=known, identity_file=key))
    finally:
        sshd.stop()


# --- host keys ----------------------------------------------------------------------------------------------------


def shell(command: str) -> None:
    subprocess.run(["sh", "-c", command], check=True, capture_output=True, timeout=30)


def command_in(hint: str | None) -> str:
    return str(hint).partition("run: ")[2]


def test_an_unknown_host_key_is_refused_and_the_command_mends_it(lab: RealLab, tmp_path: Path) -> None:
    with extra_sshd(lab, tmp_path, trusted=False) as (sshd, options):
        result = unreachable(run(options))
        assert f"the host key of [127.0.0.5]:{sshd.port} is unknown" in result.error
        shown = subprocess.run(["ssh-keygen", "-lf", str(sshd.key)], capture_output=True, text=True).stdout
        assert shown.split()[1] in result.error, "the fingerprint, as ssh-keygen shows it"
        assert (tmp_path / "known_hosts").read_text() == "", "nothing is added silently"
        shell(command_in(result.hint))
        captured(run(options))


def test_a_changed_host_key_is_refused_and_the_command_mends_it(lab: RealLab, tmp_path: Path) -> None:
    with extra_sshd(lab, tmp_path) as (sshd, options):
        other = generate_key(tmp_path / "other").with_suffix(".pub").read_text()
        known = tmp_path / "known_hosts"
        known.write_text(f"[{sshd.address}]:{sshd.port} {other}")
        before = known.read_text()
        result = unreachable(run(options))
        assert "has changed" in result.error
        assert "somebody may be in between" in str(result.hint)
        assert known.read_text() == before
        shell(command_in(result.hint))
        captured(run(options))


def test_a_revoked_host_key_is_refused(lab: RealLab, tmp_path: Path) -> None:
    with extra_sshd(lab, tmp_path) as (_, options):
        known = tmp_path / "known_hosts"
        known.write_text(known.read_text() + "@revoked * " + known.read_text().partition(" ")[2])
        assert "is revoked" in unreachable(run(options)).error


# --- refusals -----------------------------------------------------------------------------------------------------


def test_a_key_that_is_refused(lab: RealLab, tmp_path: Path) -> None:
    wrong = generate_key(tmp_path / "wrong")
    result = unreachable(capture(lab, identity_file=wrong))
    assert f"refuses the SSH key ({wrong})" in result.error
    assert f"ssh-copy-id -i {wrong}.pub" in str(result.hint)


def test_a_user_who_may_not_use_the_socket(lab: RealLab, tmp_path: Path) -> None:
    as_nobody = 'ForceCommand setpriv --reuid=65534 --clear-groups sh -c "$SSH_ORIGINAL_COMMAND"'
    with extra_sshd(lab, tmp_path, "AllowStreamLocalForwarding no", as_nobody) as (_, options):
        lab.hosts[HOST].run("chmod", "660", "/run/docker.sock")
        result = unreachable(run(options))
    assert result.error == "the user root may not use the Docker socket /var/run/docker.sock"
    assert "usermod -aG docker root" in str(result.hint)


def test_a_host_without_docker(lab: RealLab, tmp_path: Path) -> None:
    with extra_sshd(lab, tmp_path, "AllowStreamLocalForwarding no", "SetEnv PATH=/nowhere") as (_, options):
        assert "there is no Docker here" in unreachable(run(options)).error


def test_an_engine_that_does_not_run(lab: RealLab) -> None:
    machine = lab.hosts[HOST]
    machine.stop_engine()
    try:
        first, second = capture_hosts([settings(lab), settings(lab, "ct-media-01")], vault=Vault(KEY))
        assert "the Docker engine does not run" in unreachable(first).error
        assert "systemctl start docker" in str(first.hint)  # type: ignore[union-attr]
        captured(second)
    finally:
        machine.start_engine()
    captured(capture(lab))


# --- trouble on the way -------------------------------------------------------------------------------------------


def test_an_engine_that_freezes_in_the_middle(lab: RealLab) -> None:
    machine = lab.hosts[HOST]
    machine.docker("run", "-d", "--name", "one", "redis:7.2-alpine")
    try:
        vault = MeddlingVault(lambda: machine.signal_engine("STOP"))
        result = unreachable(capture(lab, vault=vault, connect_timeout=1))
        assert "the engine hangs" in result.error
        assert result.seconds < 8
    finally:
        machine.signal_engine("CONT")
        lab.clear(HOST)
    captured(capture(lab))


def test_an_engine_that_is_killed_in_the_middle(lab: RealLab) -> None:
    machine = lab.hosts[HOST]
    machine.docker("run", "-d", "--name", "one", "redis:7.2-alpine")
    try:
        result = unreachable(capture(lab, vault=MeddlingVault(lambda: machine.stop_engine("KILL"))))
        assert re.search("broke|does not run", result.error)
    finally:
        machine.start_engine()
        lab.clear(HOST)


def test_ssh_that_drops_in_the_middle(lab: RealLab, tmp_path: Path) -> None:
    machine = lab.hosts[HOST]
    machine.docker("run", "-d", "--name", "one", "redis:7.2-alpine")
    try:
        with extra_sshd(lab, tmp_path) as (sshd, options):
            result = unreachable(run(options, MeddlingVault(sshd.stop)))
        assert "broke" in result.error
    finally:
        lab.clear(HOST)


@contextmanager
def listener(serve: Callable[[socket.socket], None]) -> Iterator[int]:
    """A port of this machine where each connection is handed to `serve`, in a thread of its own."""
    server = socket.create_server(("127.0.0.1", 0))
    connections: list[socket.socket] = []

    def accept() -> None:
        with suppress(OSError):
            while True:
                connection, _ = server.accept()
                connections.append(connection)
                threading.Thread(target=serve, args=(connection,), daemon=True).start()

    thread = threading.Thread(target=accept, daemon=True)
    thread.start()
    try:
        yield server.getsockname()[1]
    finally:
        with suppress(OSError):
            server.shutdown(socket.SHUT_RDWR)
        server.close()
        thread.join(5)
        for connection in connections:
            with suppress(OSError):
                connection.shutdown(socket.SHUT_RDWR)
            connection.close()


def test_ssh_of_one_byte_a_second(lab: RealLab, tmp_path: Path) -> None:
    sshd = lab.sshds[HOST]

    def serve(client: socket.socket) -> None:
        with suppress(OSError), socket.create_connection((sshd.address, sshd.port)) as server:
            while data := server.recv(1):
                client.sendall(data)
                time.sleep(1)

    with listener(serve) as port:
        started = time.monotonic()
        known = tmp_path / "known"
        known.write_text(f"[127.0.0.1]:{port} {sshd.public_key}\n")
        result = unreachable(
            capture(lab, docker=f"ssh://root@127.0.0.1:{port}", known_hosts=known, connect_timeout=30, budget=3)
        )
    assert "did not finish within its budget of 3 s" in result.error
    assert time.monotonic() - started < 8


@pytest.mark.parametrize("greeting", [b"", b"HTTP/1.1 400 Bad Request\r\n\r\n"])
def test_something_else_listens(greeting: bytes) -> None:
    def serve(client: socket.socket) -> None:
        with suppress(OSError):
            client.sendall(greeting)

    with listener(serve) as port:
        options = HostSettings(name="x", docker=f"ssh://root@127.0.0.1:{port}", connect_timeout=1, budget=10)
        result = unreachable(run(options))
    assert f"127.0.0.1:{port} does not finish the SSH handshake within 1 s" in result.error


def test_something_hangs_up_at_once() -> None:
    with listener(lambda client: client.shutdown(socket.SHUT_RDWR)) as port:
        options = HostSettings(name="x", docker=f"ssh://root@127.0.0.1:{port}", connect_timeout=1, budget=10)
        result = unreachable(run(options))
    assert "listens, but no SSH handshake comes about" in result.error


# --- endurance ----------------------------------------------------------------------------------------------------


def test_captures_leave_nothing_open(lab: RealLab) -> None:
    def open_files() -> int:
        return len(os.listdir("/proc/self/fd"))

    captured(capture(lab))
    time.sleep(0.3)
    files, threads = open_files(), threading.active_count()
    for _ in range(5):
        captured(capture(lab))
        unreachable(capture(lab, docker="ssh://root@127.0.0.1:1"))
    time.sleep(0.3)
    assert open_files() <= files
    assert threading.active_count() <= threads
