"""Apps that are worse than dead: silent ones, and ones that dribble."""

import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from typing import Literal


@contextmanager
def bad_app(kind: Literal["silent", "dribbling", "endless"]) -> Iterator[str]:
    """Listen, accept, and never come to an end. Yields the URL."""
    stop = threading.Event()
    listener = socket.create_server(("127.0.0.1", 0))
    listener.settimeout(0.1)

    def talk(connection: socket.socket) -> None:
        with connection, suppress(OSError):
            if kind == "endless":
                connection.sendall(b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n\r\n[")
            while not stop.wait(0.2):
                if kind == "dribbling":
                    connection.sendall(b"H")
                elif kind == "endless":
                    connection.sendall(b"1,")

    def serve() -> None:
        workers = []
        while not stop.is_set():
            with suppress(TimeoutError):
                connection, _ = listener.accept()
                workers.append(threading.Thread(target=talk, args=(connection,)))
                workers[-1].start()
        for worker in workers:
            worker.join()

    server = threading.Thread(target=serve)
    server.start()
    try:
        yield f"http://127.0.0.1:{listener.getsockname()[1]}"
    finally:
        stop.set()
        server.join()
        listener.close()
