"""Channels of an SSH connection that breaks at the worst moment."""

import socket
from collections.abc import Iterator

import pytest
from paramiko import SSHException

from homelab_assets.engine.ssh_transport import StreamTransport

pytestmark = pytest.mark.scenario


@pytest.fixture
def transport() -> Iterator[StreamTransport]:
    here, there = socket.socketpair()
    transport = StreamTransport(here)
    transport.active = True
    yield transport
    transport.active = False
    here.close()
    there.close()


def test_a_channel_that_is_opened_while_the_connection_ends(
    transport: StreamTransport, monkeypatch: pytest.MonkeyPatch
) -> None:
    def end(message: object) -> None:
        # What paramiko's thread does after it has ended the channels that it knew.
        transport.active = False
        for event in transport.channel_events.values():
            event.set()

    monkeypatch.setattr(transport, "_send_user_message", end)
    with pytest.raises(SSHException, match="broke"):
        transport.open_unix_socket("/run/docker.sock", 1)


def test_a_channel_that_is_answered(transport: StreamTransport, monkeypatch: pytest.MonkeyPatch) -> None:
    def answer(message: object) -> None:
        for event in transport.channel_events.values():
            event.set()

    monkeypatch.setattr(transport, "_send_user_message", answer)
    assert not transport.open_unix_socket("/run/docker.sock", 1).closed
