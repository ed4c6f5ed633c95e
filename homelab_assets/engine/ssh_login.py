"""Logging in to a host: its key is verified, then ours are offered. Nothing is ever accepted or written silently."""

import shlex
import socket
from collections.abc import Iterator, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any

import paramiko
from paramiko import SSHException
from paramiko.ssh_exception import AuthenticationException, BadAuthenticationType, PasswordRequiredException

from homelab_assets.engine.known_hosts import KnownHost, fingerprint, host_name, judge, known_types, parse_known_hosts
from homelab_assets.engine.ssh_settings import SshTarget
from homelab_assets.engine.ssh_transport import StreamTransport, prompt
from homelab_assets.engine.streams import connect_tcp
from homelab_assets.errors import CaptureError

_SIGNATURES = {"ssh-rsa": ("rsa-sha2-512", "rsa-sha2-256")}


def log_in(target: SshTarget, timeout: float, through: paramiko.Transport | None = None) -> StreamTransport:
    """Log in to a host and return the connection.

    Args:
        timeout: seconds for each step: connection, handshake, each key.
        through: a connection to the host before it in the chain of ProxyJump.

    Raises:
        CaptureError: it can't be reached, its key is not the known one, or it refuses our keys.
    """
    known = [line for file in target.known_hosts for line in _read_known_hosts(file)]
    name = target.key_name or host_name(target.host, target.port)
    transport = StreamTransport(_open(target, timeout, through))
    transport.daemon = True
    try:
        transport.auth_timeout = transport.channel_timeout = timeout
        # Our own limit, in _shake_hands(), comes first: it knows what to say.
        transport.banner_timeout = transport.handshake_timeout = 2 * timeout
        _prefer(transport, known_types(known, name))
        _shake_hands(transport, target, timeout)
        _verify(transport, target, known, name)
        _authenticate(transport, target)
    except BaseException:
        transport.close()
        raise
    return transport


def _open(target: SshTarget, timeout: float, through: paramiko.Transport | None) -> Any:
    if through is not None:
        try:
            return through.open_channel("direct-tcpip", (target.host, target.port), ("127.0.0.1", 0), timeout=timeout)
        except SSHException as error:
            raise CaptureError(
                f"the jump host can't reach {target.host}:{target.port}: {error}",
                hint="look at ProxyJump and HostName in ssh_config",
            ) from None
    if target.command and target.command.lower() != "none":
        return paramiko.ProxyCommand(target.command)
    return prompt(connect_tcp(target.host, target.port, timeout, service="SSH server"))


def _read_known_hosts(file: Path) -> Sequence[KnownHost]:
    with suppress(OSError):
        return parse_known_hosts(file.read_text(encoding="utf-8", errors="replace"))
    return ()


def _prefer(transport: paramiko.Transport, types: Sequence[str]) -> None:
    """Ask the host for a key of a kind that is known, so that a host with several keys is recognised."""
    options = transport.get_security_options()
    wanted = [algorithm for kind in types for algorithm in _SIGNATURES.get(kind, (kind,))]
    first = [algorithm for algorithm in wanted if algorithm in options.key_types]
    options.key_types = [*dict.fromkeys(first), *(item for item in options.key_types if item not in first)]


def _shake_hands(transport: paramiko.Transport, target: SshTarget, timeout: float) -> None:
    where = f"{target.host}:{target.port}"
    try:
        transport.start_client(timeout=timeout)
        if not transport.initial_kex_done:  # It returns without a word when time is up.
            raise TimeoutError
    except (SSHException, EOFError, OSError) as error:
        if isinstance(error, TimeoutError) or "timeout" in str(error).lower():
            raise CaptureError(
                f"{where} does not finish the SSH handshake within {timeout:g} s",
                hint=f"is it an SSH server? try `{target.ssh_words()}`; for a slow one raise `connect_timeout`",
            ) from None
        raise CaptureError(
            f"{where} listens, but no SSH handshake comes about: {str(error) or 'it closed the connection'}",
            hint=f"is it really an SSH server? try `{target.ssh_words()}`",
        ) from None


def _verify(transport: paramiko.Transport, target: SshTarget, known: Sequence[KnownHost], name: str) -> None:
    """Refuse a host whose key is not the known one, and say which command mends it."""
    key = transport.get_remote_server_key()
    verdict = judge(known, name, key.get_name(), key.asbytes())
    if verdict == "known":
        return
    shown = fingerprint(key.asbytes())
    file = shlex.quote(str(target.known_hosts[0]))
    learn = _learning_command(target, key.get_name(), file)
    forget = f"ssh-keygen -R {shlex.quote(name)} -f {file}"
    if verdict == "unknown":
        raise CaptureError(
            f"the host key of {name} is unknown ({key.get_name()} {shown})",
            hint=f"if that is the fingerprint that the host itself shows, run: {learn}",
        )
    if verdict == "revoked":
        raise CaptureError(
            f"the host key of {name} is revoked ({shown})", hint=f"do not connect; {file} marks this key as revoked"
        )
    raise CaptureError(
        f"the host key of {name} has changed: it shows {key.get_name()} {shown}, which is not the known one",
        hint=f"somebody may be in between. If the host was set up anew, run: {forget} && {learn}",
    )


def _learning_command(target: SshTarget, kind: str, file: str) -> str:
    if target.jumps or target.command or target.key_name:
        return f"{target.ssh_words()} -o UserKnownHostsFile={file} -o StrictHostKeyChecking=ask exit"
    algorithm = "ecdsa" if kind.startswith("ecdsa") else kind.removeprefix("ssh-")
    port = f" -p {target.port}" if target.port != 22 else ""
    return f"ssh-keyscan -t {algorithm}{port} {shlex.quote(target.host)} >> {file}"


def _authenticate(transport: paramiko.Transport, target: SshTarget) -> None:
    where = f"{target.user}@{target.host}:{target.port}"
    refused: list[str] = []
    locked: list[str] = []
    agent = paramiko.Agent()
    try:
        for label, key in _keys(target, agent, locked):
            try:
                if not transport.auth_publickey(target.user, key):
                    return
            except BadAuthenticationType as error:
                raise CaptureError(
                    f"{where} accepts no SSH keys, only {', '.join(error.allowed_types)}",
                    hint="allow PubkeyAuthentication in its sshd_config",
                ) from None
            except AuthenticationException:
                pass
            refused.append(label)
    except (SSHException, EOFError, OSError) as error:
        raise CaptureError(
            f"{where} ended the login after {len(refused)} refused keys: {error}",
            hint="name the right one: `identity_file` in lab.yaml, or IdentityFile with IdentitiesOnly in ssh_config",
        ) from None
    finally:
        agent.close()
    raise _refused(target, where, refused, locked)


def _refused(target: SshTarget, where: str, refused: Sequence[str], locked: Sequence[str]) -> CaptureError:
    if locked:
        return CaptureError(
            f"{where}: the key {locked[0]} is locked by a passphrase; the agent does not hold it",
            hint=f"run: ssh-add {shlex.quote(locked[0])}",
        )
    if not refused:
        return CaptureError(
            f"{where}: there is no SSH key to log in with",
            hint="make one with ssh-keygen, or name it: `identity_file` in lab.yaml",
        )
    identity = next(iter(target.identities), Path("~/.ssh/id_ed25519"))
    return CaptureError(
        f"{where} refuses the SSH key ({', '.join(refused)})",
        hint=f"run: {target.ssh_words(f'ssh-copy-id -i {shlex.quote(str(identity))}.pub')}",
    )


def _keys(target: SshTarget, agent: paramiko.Agent, locked: list[str]) -> Iterator[tuple[str, paramiko.PKey]]:
    """Yield the keys to offer, as `ssh` does: identities first (by the agent, if it holds them), then its others."""
    held = {key.asbytes(): key for key in agent.get_keys()}
    for path in target.identities:
        if (key := held.pop(_public_key(path), None)) is not None:
            yield f"agent: {path}", key
            continue
        try:
            yield str(path), paramiko.PKey.from_path(path)
        except PasswordRequiredException:
            locked.append(str(path))
        except TypeError:  # paramiko passes on what cryptography says of a passphrase that is missing.
            locked.append(str(path))
        except (SSHException, ValueError, OSError):
            continue
    if not target.only_identities:
        for key in held.values():
            yield f"agent: {key.get_name()}", key


def _public_key(path: Path) -> bytes:
    with suppress(OSError, SSHException, ValueError):
        return paramiko.PublicBlob.from_file(f"{path}.pub").key_blob
    return b""


def is_timeout(error: BaseException) -> bool:
    """Say whether an error of paramiko or of a socket means that time ran out."""
    return isinstance(error, TimeoutError | socket.timeout) or "timed out" in str(error).lower()
