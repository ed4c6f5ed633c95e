"""A small world for the tests of orchestration: real clones with real remotes, recorded hosts, a real receiver."""

import json
import subprocess
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

from homelab_assets.lab.settings import Lab, load_lab

COMPOSE = "services:\n  web:\n    image: nginx:1.27\n"


def git(folder: Path, *arguments: str, moment: str | None = None) -> str:
    """Run git as somebody else would, with an identity and without the machine's settings; at a moment, if given."""
    environment = {
        "PATH": "/usr/bin:/bin:/usr/local/bin",
        "GIT_CONFIG_GLOBAL": "/dev/null",
        "GIT_CONFIG_NOSYSTEM": "1",
        **{f"GIT_{role}_{key}": "larry@home.arpa" for role in ("AUTHOR", "COMMITTER") for key in ("NAME", "EMAIL")},
        **({"GIT_AUTHOR_DATE": moment, "GIT_COMMITTER_DATE": moment} if moment else {}),
    }
    done = subprocess.run(
        ["git", "-C", str(folder), *arguments], env=environment, capture_output=True, text=True, check=True
    )
    return done.stdout.strip()


class Repository:
    """A bare remote, the clone that `lab.yaml` names, and another clone in which somebody works."""

    def __init__(self, folder: Path, name: str) -> None:
        self.name = name
        self.remote, self.clone, self.work = folder / f"{name}.git", folder / name, folder / f"{name}-work"
        folder.mkdir(parents=True, exist_ok=True)
        git(folder, "init", "-q", "--bare", "-b", "main", str(self.remote))
        git(folder, "init", "-q", "-b", "main", str(self.work))
        git(self.work, "remote", "add", "origin", str(self.remote))
        self.merge("stacks/web/docker-compose.yml", COMPOSE)
        git(folder, "clone", "-q", str(self.remote), str(self.clone))

    def merge(self, file: str, text: str, moment: str | None = None) -> str:
        """Commit a file (at a moment) and push it to main; return the commit."""
        path = self.work / file
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
        git(self.work, "add", "-A")
        git(self.work, "commit", "-q", "-m", f"chore: {file}", moment=moment)
        git(self.work, "push", "-q", "--force", "origin", "HEAD:main")
        return self.head

    def rewind(self, commit: str) -> None:
        """Force main back to an older commit."""
        git(self.work, "reset", "-q", "--hard", commit)
        git(self.work, "push", "-q", "--force", "origin", "HEAD:main")

    @property
    def head(self) -> str:
        """The commit that somebody works on, which is also the remote's."""
        return git(self.work, "rev-parse", "HEAD")


def make_lab(folder: Path, *, hosts: dict[str, str] | None = None, **sections: object) -> Lab:
    """Write and load a `lab.yaml`: Docker URLs by host (default: one recorded host), and other sections as they are."""
    urls = hosts or {"nas": "capture:captures/nas"}
    file = folder / "lab.yaml"
    file.write_text(json.dumps({"hosts": {name: {"docker": url} for name, url in urls.items()}, **sections}))
    return load_lab(str(file), {"PATH": "/usr/bin:/bin", "HOOK": "a-secret-path"})


@contextmanager
def receiver(status: int = 200) -> Iterator[tuple[str, list[dict[str, str]], "Answer"]]:
    """Run an HTTP server that keeps what it is sent; yields `host:port`, the messages, and its settable answer."""
    messages: list[dict[str, str]] = []
    answer = Answer(status)

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"])).decode()
            messages.append({"path": self.path, "body": body, **{k.lower(): v for k, v in self.headers.items()}})
            self.send_response(answer.status)
            if answer.location:
                self.send_header("Location", answer.location)
            self.send_header("Content-Length", "0")
            self.end_headers()

        def log_message(self, *arguments: object) -> None:
            """Say nothing."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever, args=(0.02,))
    thread.start()
    try:
        yield f"127.0.0.1:{server.server_port}", messages, answer
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


class Answer:
    """What the receiver answers from now on."""

    def __init__(self, status: int) -> None:
        self.status, self.location = status, ""
