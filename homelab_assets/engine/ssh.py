"""An engine behind SSH: one login, many streams.

A stream is a forwarded Unix socket, which costs a round trip. Where the server forbids that, or the engine's socket is
elsewhere, it is `docker system dial-stdio`, which starts a process on the host for each stream.
"""

import logging
import shlex
import socket
import stat
import threading
from collections.abc import Mapping
from contextlib import suppress
from typing import Any

from paramiko import Channel, ChannelException, SFTPClient, SSHException

from homelab_assets.engine.address import Address
from homelab_assets.engine.connection import FILE_LIMIT, Stream
from homelab_assets.engine.ssh_login import is_timeout, log_in
from homelab_assets.engine.ssh_settings import SshTarget, resolve_target
from homelab_assets.engine.ssh_transport import ChannelSocket, StreamTransport
from homelab_assets.errors import CaptureError
from homelab_assets.lab.settings import HostSettings
from homelab_assets.secrecy import redact

_DEFAULT_SOCKET = "/var/run/docker.sock"
_PING = b"GET /_ping HTTP/1.1\r\nHost: docker\r\nConnection: close\r\n\r\n"

# paramiko would print what we report ourselves, in better words.
logging.getLogger("paramiko").addHandler(logging.NullHandler())


class SshConnection:
    """One SSH login to an engine's host, through jump hosts where `ssh_config` says so."""

    def __init__(self, address: Address, settings: HostSettings) -> None:
        self._socket = settings.socket
        self._timeout = float(settings.connect_timeout)
        self._target = resolve_target(address, settings)
        self._transports: list[StreamTransport] = []
        self._command: str | None = None
        self._sftp: SFTPClient | None = None
        self._sftp_lock = threading.Lock()
        try:
            for hop in [*self._target.jumps, self._target]:
                through = self._transports[-1] if self._transports else None
                self._transports.append(_log_in(hop, self._target, self._timeout, through))
            self._choose_way()
        except BaseException:
            self.close()
            raise

    @property
    def _transport(self) -> StreamTransport:
        return self._transports[-1]

    def _choose_way(self) -> None:
        """Find out which kind of stream reaches the engine."""
        try:
            self._transport.open_unix_socket(self._socket, self._timeout).close()
        except ChannelException:
            command = ["docker", *([] if self._socket == _DEFAULT_SOCKET else ["-H", f"unix://{self._socket}"])]
            self._command = shlex.join([*command, "system", "dial-stdio"])
            self._try_command()
        except (SSHException, EOFError, OSError) as error:
            raise self._broken(error) from None

    def _try_command(self) -> None:
        """See whether an engine answers through the command, else say what the command says."""
        try:
            channel = self._transport.open_command(str(self._command), self._timeout)
        except (SSHException, EOFError, OSError) as error:
            raise self._broken(error) from None
        try:
            channel.settimeout(self._timeout)
            channel.sendall(_PING)
            if channel.recv(12).startswith(b"HTTP/"):
                return
            raise self._refused(_last_words(channel))
        except (TimeoutError, OSError) as error:
            raise self._refused(_last_words(channel)) if channel.exit_status_ready() else self._broken(error) from None
        finally:
            channel.close()

    def open_stream(self) -> Stream:
        try:
            if self._command is None:
                channel = self._transport.open_unix_socket(self._socket, self._timeout)
            else:
                channel = self._transport.open_command(self._command, self._timeout)
        except (SSHException, EOFError, OSError) as error:
            raise self._broken(error) from None
        return ChannelSocket(channel, self._timeout)

    def read_file(self, path: str, info: Mapping[str, Any]) -> bytes | None:
        # One SFTP session serves all files: sshd bounds the sessions of a connection, and it is one after the other.
        try:
            with self._sftp_lock:
                if self._sftp is None:
                    channel = self._transport.open_session(timeout=self._timeout)
                    channel.settimeout(self._timeout)
                    channel.invoke_subsystem("sftp")
                    self._sftp = SFTPClient(channel)
                status = self._sftp.stat(path)
                if stat.S_ISREG(status.st_mode or 0) and (status.st_size or 0) <= FILE_LIMIT:
                    with self._sftp.open(path, "rb") as file:
                        data: bytes = file.read(FILE_LIMIT)
                        return data
        except FileNotFoundError:
            raise
        except (SSHException, EOFError, OSError):
            pass
        return None

    def close(self) -> None:
        for transport in reversed(self._transports):
            transport.close()

    def _broken(self, error: BaseException) -> CaptureError:
        if is_timeout(error):
            return CaptureError(
                f"{self._target.host} is logged in to, but opens no channel within {self._timeout:g} s",
                hint=f"try `{self._target.ssh_words()} docker version`",
            )
        return CaptureError(
            f"the SSH connection to {self._target.host} broke: {error or 'closed by the host'}",
            hint="run it again; if it stays, look at sshd's log on the host",
        )

    def _refused(self, words: str) -> CaptureError:
        """Explain why neither the socket nor the command leads to an engine. `words` are the command's own."""
        user, lower = self._target.user, words.lower()
        login = self._target.ssh_words()
        if "permission denied" in lower:
            return CaptureError(
                f"the user {user} may not use the Docker socket {self._socket}",
                hint=f"run: {login} -t 'sudo usermod -aG docker {user}'",
            )
        if "not found" in lower or "no such file or directory: docker" in lower:
            return CaptureError(
                f"there is no Docker here: neither the socket {self._socket} nor a `docker` command can be used",
                hint="install Docker on the host, or name its socket: `socket` in lab.yaml",
            )
        if any(sign in lower for sign in ("cannot connect", "connection refused", "dial unix")):
            return CaptureError(
                f"the Docker engine does not run (nothing answers on {self._socket})",
                hint=f"run: {login} -t 'sudo systemctl start docker'",
            )
        said = redact(words.splitlines()[0]) if words else "it says nothing"
        return CaptureError(
            f"the host gives no access to its Docker engine: {said}", hint=f"try `{login} docker version`"
        )


def _log_in(hop: SshTarget, last: SshTarget, timeout: float, through: StreamTransport | None) -> StreamTransport:
    try:
        return log_in(hop, timeout, through)
    except CaptureError as error:
        if hop is last:
            raise
        raise CaptureError(f"jump host {hop.alias}: {error.what}", hint=error.hint) from None


def _last_words(channel: Channel) -> str:
    """Return what an ended command wrote to its error output, at most a few lines."""
    words = b""
    with suppress(socket.timeout, OSError):
        while len(words) < 4096 and (chunk := channel.recv_stderr(4096)):
            words += chunk
    return words.decode("utf-8", "replace").strip()
