"""Byte streams through an SSH connection: to a Unix socket on the far side, or to a command's input and output."""

import io
import socket
import threading
import time
from typing import Any

from paramiko import Channel, ChannelException, Message, SSHException, Transport
from paramiko.common import cMSG_CHANNEL_OPEN

_QUICKACK: int | None = getattr(socket, "TCP_QUICKACK", None)
_WINDOW = 4 * 1024 * 1024


class PromptSocket(socket.socket):
    """A TCP socket that acknowledges what it receives at once.

    sshd leaves Nagle's algorithm on while a connection has no session: the second half of each answer would wait for
    the acknowledgement of the first, which the kernel likes to delay by 40 ms.
    """

    def recv(self, size: int, flags: int = 0, /) -> bytes:
        data = super().recv(size, flags)
        if _QUICKACK is not None:
            self.setsockopt(socket.IPPROTO_TCP, _QUICKACK, 1)
        return data


def prompt(stream: socket.socket) -> PromptSocket:
    """Make a connected socket a prompt one; the given one is used up."""
    timeout = stream.gettimeout()
    prompt_stream = PromptSocket(fileno=stream.detach())
    prompt_stream.settimeout(timeout)
    return prompt_stream


class StreamTransport(Transport):
    """A transport that can also open a channel to a Unix socket of the server, as `ssh -L port:/path` does."""

    # One operation for encryption and integrity: the cheapest for Python.
    _preferred_ciphers = ("aes128-gcm@openssh.com", *Transport._preferred_ciphers)

    def open_unix_socket(self, path: str, timeout: float) -> Channel:
        """Open a channel to the socket `path` on the server (OpenSSH's PROTOCOL, section 2.4).

        Raises:
            ChannelException: the server forbids it (code 1), or its user can't connect to the socket (code 2).
        """
        # paramiko's open_channel() can't say where such a channel leads, so this repeats what it does.
        with self.lock:
            number = self._next_channel()
            message = Message()
            message.add_byte(cMSG_CHANNEL_OPEN)
            message.add_string("direct-streamlocal@openssh.com")
            message.add_int(number)
            message.add_int(_WINDOW)
            message.add_int(self.default_max_packet_size)
            message.add_string(path)
            message.add_string("")
            message.add_int(0)
            channel = Channel(number)
            self._channels.put(number, channel)
            self.channel_events[number] = answered = threading.Event()
            self.channels_seen[number] = True
            channel._set_transport(self)
            channel._set_window(_WINDOW, self.default_max_packet_size)
        self._send_user_message(message)
        deadline = time.monotonic() + timeout
        while not answered.wait(0.1):
            if not self.active:
                raise SSHException("the SSH connection broke")
            if time.monotonic() > deadline:
                raise TimeoutError("timed out")
        # A connection that breaks wakes its callers too, and may by then have ended all channels but the newest.
        opened = self._channels.get(number)
        if opened is None or not self.active:
            error = self.get_exception()
            raise error if isinstance(error, ChannelException) else SSHException("the SSH connection broke")
        return opened

    def open_command(self, command: str, timeout: float) -> Channel:
        """Open a channel to the input and output of a command on the server."""
        channel = self.open_session(window_size=_WINDOW, timeout=timeout)
        channel.settimeout(timeout)
        channel.exec_command(command)
        return channel


class _ChannelReader(io.RawIOBase):
    """Lets C's buffered reader do what paramiko's own file object does slowly."""

    def __init__(self, channel: Channel) -> None:
        self._channel = channel

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int:
        data = self._channel.recv(len(buffer))
        buffer[: len(data)] = data
        return len(data)


class ChannelSocket:
    """A channel with the part of a socket's interface that `http.client` uses."""

    def __init__(self, channel: Channel, timeout: float) -> None:
        self.channel = channel
        channel.settimeout(timeout)

    def sendall(self, data: bytes) -> None:
        self.channel.sendall(data)

    def settimeout(self, timeout: float | None) -> None:
        self.channel.settimeout(timeout)

    def makefile(self, mode: str = "rb", *_: Any, **__: Any) -> io.BufferedReader:
        return io.BufferedReader(_ChannelReader(self.channel), 1 << 16)

    def shutdown(self, how: int) -> None:
        self.channel.shutdown(how)

    def close(self) -> None:
        self.channel.close()
