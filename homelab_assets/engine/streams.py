"""Sockets on this machine: to a host's port, plain or with TLS, and to a Unix socket. Errors say what to do."""

import socket
import ssl
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from homelab_assets.errors import CaptureError


def connect_tcp(host: str, port: int, timeout: float, *, service: str) -> socket.socket:
    """Connect to a port of a host.

    Args:
        timeout: seconds. service: what should listen there, for the message.

    Raises:
        CaptureError: no such name, nobody listens, or no answer in time.
    """
    try:
        stream = socket.create_connection((host, port), timeout)
        # Requests are small: waiting to fill a packet would cost 40 ms each time.
        stream.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        return stream
    except (socket.gaierror, UnicodeError):  # Of `nas..lan` the resolver is not even asked.
        raise CaptureError(
            f"no address is known for the name {host}",
            hint=f"correct the name, or see why `getent hosts {host}` finds nothing",
        ) from None
    except TimeoutError:
        raise CaptureError(
            f"{host}:{port} does not answer within {timeout:g} s",
            hint="is the host switched on, and the address right?",
        ) from None
    except ConnectionRefusedError:
        raise CaptureError(
            f"{host} is there, but nothing listens on port {port}", hint=f"start its {service}, or correct the port"
        ) from None
    except OSError as error:
        raise CaptureError(
            f"{host}:{port} can't be reached: {error.strerror or error}",
            hint="look at the network between here and there",
        ) from None


def connect_unix(path: str, timeout: float) -> socket.socket:
    """Connect to a Unix socket of this machine.

    Raises:
        CaptureError: there is none, this user may not use it, or no engine listens on it.
    """
    stream = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    stream.settimeout(timeout)
    try:
        stream.connect(path)
    except OSError as error:
        stream.close()
        raise socket_refusal(path, error) from None
    return stream


def socket_refusal(path: str, error: OSError) -> CaptureError:
    """Explain why an engine's socket can't be used."""
    if isinstance(error, PermissionError):
        return CaptureError(
            f"this user may not use the Docker socket {path}",
            hint='run: sudo usermod -aG docker "$USER", then log in anew',
        )
    if isinstance(error, FileNotFoundError):
        return CaptureError(f"there is no Docker socket {path}", hint="is Docker installed and started here?")
    if isinstance(error, ConnectionRefusedError):
        return CaptureError(
            f"no engine listens on the Docker socket {path}", hint="start it: sudo systemctl start docker"
        )
    if isinstance(error, TimeoutError | BlockingIOError):
        return CaptureError(
            f"the engine on {path} accepts no connection", hint="it may hang: sudo systemctl restart docker"
        )
    return CaptureError(f"the Docker socket {path} can't be used: {error.strerror or error}", hint="is it a socket?")


def connect_tls(host: str, port: int, timeout: float, tls: Mapping[str, Any]) -> socket.socket:
    """Connect to an engine's TCP port, with TLS if `tls` says anything.

    Args:
        tls: paths `ca`, `cert`, `key` (PEM, as in `$DOCKER_CERT_PATH`), and `verify` (default True).
    """
    stream = connect_tcp(host, port, timeout, service="Docker engine on TCP")
    if not tls:
        return stream
    try:
        return tls_context(tls).wrap_socket(stream, server_hostname=host)
    except (ssl.SSLError, OSError) as error:
        stream.close()
        raise _tls_refusal(host, port, error) from None
    except BaseException:
        stream.close()
        raise


def tls_context(tls: Mapping[str, Any]) -> ssl.SSLContext:
    """Make the TLS settings of a host; an unreadable file is a CaptureError that names it."""
    context = ssl.create_default_context()
    for key in ("ca", "cert", "key"):
        if tls.get(key) and not Path(tls[key]).is_file():
            raise CaptureError(f"there is no file {tls[key]}", hint=f"correct `tls.{key}` in lab.yaml")

    def passphrase() -> str:
        # OpenSSL itself would ask on the terminal, in the middle of an audit and for each connection anew.
        raise CaptureError(
            f"the key {tls.get('key') or tls['cert']} is locked by a passphrase",
            hint="unlock a copy of it: openssl pkey -in KEY -out UNLOCKED, and name that as `tls.key` in lab.yaml",
        )

    try:
        if tls.get("ca"):
            context.load_verify_locations(tls["ca"])
        if tls.get("cert"):
            context.load_cert_chain(tls["cert"], tls.get("key"), passphrase)
    except (ssl.SSLError, OSError) as error:
        raise CaptureError(
            f"the TLS files can't be used: {error}", hint="`tls` in lab.yaml wants PEM files: ca, cert, key"
        ) from None
    if tls.get("verify") is False:
        context.check_hostname = False
        context.verify_mode = ssl.CERT_NONE
    return context


def _tls_refusal(host: str, port: int, error: Exception) -> CaptureError:
    if isinstance(error, ssl.SSLCertVerificationError):
        return CaptureError(
            f"the TLS certificate of {host}:{port} is not trusted: {error.verify_message}",
            hint="give its CA as `tls.ca` in lab.yaml, and use the name that the certificate is for",
        )
    reason = getattr(error, "reason", None) or getattr(error, "strerror", None) or str(error)
    return CaptureError(
        f"no TLS connection with {host}:{port}: {reason}",
        hint="it wants a client certificate of its own CA (`tls.cert`, `tls.key`), or speaks no TLS on this port",
    )
