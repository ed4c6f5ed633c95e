"""A homelab in which everything that others may name is named by one of `hostile_texts`: a recorded host, a repository
with its history and branches, a forge, media apps that answer with such texts."""

import json
import os
import re
import subprocess
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import yaml

from homelab_assets.compose.normalise import normalised_name
from homelab_assets_tests.forge.gitea_server import GiteaFace
from homelab_assets_tests.forge.server import serving
from homelab_assets_tests.forge.state import Repository
from homelab_assets_tests.security.hostile_texts import TEXTS
from homelab_assets_tests.security.leaky_homelab import inspect

_IDENTITY = {f"GIT_{role}_{key}": "larry@home.arpa" for role in ("AUTHOR", "COMMITTER") for key in ("NAME", "EMAIL")}


def folder_of(text: str) -> str:
    """Return a text as the name of a folder, as far as a file system and git allow."""
    name = re.sub(r"[\ud800-\udfff]", "\udcff", text.replace("\0", "").replace("/", "\u2215"))
    return "" if name in {"", ".", ".."} else os.fsdecode(os.fsencode(name)[:180])


STACKS = {text: folder for text in list(TEXTS.values())[::7] if (folder := folder_of(text))}
"""The texts that are also stacks of the repository, with their folders: proposals are proved against all of them."""


def compose_of(text: str) -> str:
    """Return a compose file that is valid, and holds the text wherever a file may."""
    said = re.sub(r"[\ud800-\udfff\0]", "", text).replace("$", "$$")
    service = {
        "image": "app:1", "environment": {"SAID": said, "PLAIN": "git"}, "labels": {f"home.{said}": said, "home.plain": "git"}, "command": ["serve", said], "hostname": "plain",
        "volumes": [{"type": "bind", "source": "/opt/data", "target": f"/{said}".replace(":", "")}], "healthcheck": {"test": ["CMD", said or "true"]},
    }  # fmt: skip
    return yaml.safe_dump({"services": {"app": service}, "x-said": said}, allow_unicode=False)


def containers() -> list[dict[str, Any]]:
    """Return a container for each text that git does not know; for those of `STACKS` one that it knows, changed by hand."""
    made = []
    for number, (kind, text) in enumerate(TEXTS.items()):
        everywhere: dict[str, Any] = {
            "Env": [f"SAID={text}", f"{text}={text}", "PLAIN=host"], "Cmd": ["serve", text], "Hostname": text, "WorkingDir": text, "User": text, "Image": "app:1",
            "Healthcheck": {"Test": ["CMD-SHELL", text]},
        }  # fmt: skip
        labels = {
            f"home.{text}": text, "home.plain": "host", "homepage.description": text, "homepage.group": text, "homepage.icon": text, "homepage.href": text, "org.opencontainers.image.source": text,
            f"traefik.http.routers.r{number}.rule": f"Host(`{text}`) || Host(`h{number}.lan`) && PathPrefix(`/{text}`)", "com.docker.compose.depends_on": f"{text}:service_started:false",
        }  # fmt: skip
        host = {
            "Binds": [f"/opt/{text}:/{text}:rw"], "NetworkMode": text, "ExtraHosts": [f"{text}:10.0.0.1"], "CapAdd": [text], "Runtime": text,
            "PortBindings": {"80/tcp": [{"HostIp": text, "HostPort": str(1000 + number)}]}, "RestartPolicy": {"Name": text},
        }  # fmt: skip
        known = inspect(
            f"known-{number}",
            stack=normalised_name(folder_of(text)) or f"s{number}",
            service="app",
            folder=f"/opt/{folder_of(text)}",
            Labels=labels,
            host=host,
            **everywhere,
        )
        stranger = inspect(
            text or kind,
            stack=text,
            service=text,
            Labels=labels,
            host=host,
            **{**everywhere, "Image": f"registry/{text}:1"},
        )
        if number % 2:
            stranger["Config"]["Labels"] = {k: v for k, v in labels.items() if not k.startswith("com.docker.compose")}
        for document, place in ((known, "known"), (stranger, "stranger")):
            document["Id"] = f"{place}{number}".encode().hex().rjust(64, "a")
            document["Mounts"] = [
                {"Type": "bind", "Source": f"/opt/{text}", "Destination": f"/{text}", "RW": True},
                {"Type": "volume", "Name": text, "Source": text, "Destination": "/v", "RW": True},
            ]
            document["NetworkSettings"] = {
                "Networks": {text: {"Aliases": [text], "NetworkID": text, "IPAddress": text}},
                "Ports": {"80/tcp": [{"HostIp": text, "HostPort": text}]},
            }
            document["State"] |= {"Error": text, "Health": {"Status": text, "Log": [{"Output": text}]}}
            if place == "stranger" or text in STACKS:
                made.append(document)
    return made


def capture() -> Mapping[str, Any]:
    """Return the recorded host."""
    texts = TEXTS.values()
    digest = "sha256:" + "ab12" * 16
    return {
        "containers": containers(),
        "images": [{"Id": digest, "RepoTags": [f"{text}:1" for text in texts], "Config": {"Env": [f"{t}={t}" for t in texts], "Labels": {t: t for t in texts}}}],
        "networks": [{"Id": f"{n:064x}", "Name": text, "Driver": text, "Scope": text, "Options": {text: text}, "Labels": {text: text}} for n, text in enumerate(texts)],
        "volumes": [{"Name": text, "Driver": text, "Mountpoint": text, "Labels": {text: text}, "Options": {text: text}} for text in texts],
        "engine": {"version": {"ApiVersion": "1.46", "Version": TEXTS["ansi colour"]}, "info": {"Name": TEXTS["html script"], "OperatingSystem": TEXTS["md image"], "NCPU": 4, "ServerVersion": "28"}},
    }  # fmt: skip


def repository(root: Path) -> int:
    """Make origin and clone, by `git fast-import`, which takes what `git commit` would refuse; return the commits."""
    targets = yaml.safe_dump({folder: ["nas"] for folder in STACKS.values() if folder.isprintable()})
    files = {f"stacks/{folder}/docker-compose.yml": compose_of(text) for text, folder in STACKS.items()}
    files |= {"stack-targets.yml": targets, "stacks/web/docker-compose.yml": "services: {web: {image: 'app:1'}}\n"}
    stream = [_commit("larry", "feat: everything", {os.fsencode(path): text.encode() for path, text in files.items()})]
    for text in TEXTS.values():
        plain = text.encode("utf-8", "replace")
        author = re.sub(rb"[<>\n\0]", b"", plain).strip() or b"larry"
        stream.append(_commit(author, plain.replace(b"\0", b"") or b"x", {b"stacks/web/NOTES.md": plain}))
    origin, clone = root / "origin.git", root / "clone"
    _git(root, "init", "-q", "--bare", "-b", "main", str(origin))
    _git(origin, "fast-import", "--quiet", stdin=b"".join(stream))
    head = _git(origin, "rev-parse", "main").strip()
    names = [f"refs/heads/{text}" for text in TEXTS.values() if len(text) < 200]
    good = [name for name in names if not _refused(origin, name)]
    _git(origin, "update-ref", "--stdin", "-z", stdin=b"".join(f"create {name}\0{head}\0".encode() for name in good))
    _git(root, "clone", "-q", str(origin), str(clone))
    return len(stream)


def _refused(origin: Path, name: str) -> bool:
    if re.search(r"[\x00-\x20\x7f~^:?*\[\\\ud800-\udfff]|\.\.|@\{|\.lock$|[/.]$|/\.|//", name):
        return True
    return bool(subprocess.run(["git", "-C", str(origin), "check-ref-format", name], check=False).returncode)


def _commit(author: str | bytes, message: str | bytes, files: Mapping[bytes, bytes]) -> bytes:
    name = author.encode() if isinstance(author, str) else author
    said = message.encode() if isinstance(message, str) else message
    who = name + b" <larry@home.arpa> 1767225600 +0000\n"
    parts = [b"commit refs/heads/main\nauthor " + who + b"committer " + who + b"data %d\n" % len(said) + said + b"\n"]
    for path, data in files.items():
        quoted = b"".join(b"\\%03o" % byte for byte in path)
        parts.append(b'M 100644 inline "' + quoted + b'"\ndata %d\n' % len(data) + data + b"\n")
    return b"".join(parts) + b"\n"


def _git(folder: Path, *arguments: str, stdin: bytes | None = None) -> str:
    environment = {**os.environ, **_IDENTITY, "GIT_CONFIG_GLOBAL": os.devnull, "GIT_CONFIG_NOSYSTEM": "1"}
    done = subprocess.run(["git", "-C", str(folder), *arguments], input=stdin, env=environment, capture_output=True)
    assert done.returncode == 0, done.stderr
    return done.stdout.decode("utf-8", "replace")


@contextmanager
def hostile_homelab(root: Path) -> Iterator[GiteaFace]:
    """Lay everything out below `root`, with its `lab.yaml` in `root/home`, and serve the forge."""
    recorded = root / "capture"
    recorded.mkdir()
    for name, part in capture().items():
        (recorded / f"{name}.json").write_text(json.dumps(part))
    repository(root)
    home = root / "home"
    home.mkdir()
    with serving(GiteaFace(Repository(root / "origin.git"))) as face:
        forge = {"kind": "gitea", "url": face.url, "slug": "larry/homelab-apps"}
        lab = {
            "hosts": {"nas": {"docker": f"capture:{recorded}", "description": TEXTS["html script"]}, "gone": {"docker": f"capture:{root}/{TEXTS['ansi colour'][:5]}"}},
            "repositories": {"homelab-apps": {"path": str(root / "clone"), "ref": "origin/main", "forge": forge}},
            "remediation": {"max_open": 1000, "max_new_per_run": 1000},
        }  # fmt: skip
        (home / "lab.yaml").write_text(yaml.safe_dump(lab))
        yield face
