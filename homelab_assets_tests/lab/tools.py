"""Where the programs are that the lab is made of. `.ci/provision` installs them."""

import os
import shutil
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

_SYSTEM = ("dockerd", "containerd", "runc", "sshd", "ssh-keygen", "unshare", "nsenter", "busybox", "git")
_PATH = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"


@dataclass(frozen=True, slots=True, kw_only=True)
class Tools:
    """Programs by name.

    Attributes:
        sshd, busybox, docker: absolute paths.
        compose: version to standalone program, newest first; `1.29.2` is Compose v1.
        engines: `system` and, where it was provisioned, `newest`, to the PATH that its programs are found in.
    """

    sshd: str
    busybox: str
    docker: str
    compose: Mapping[str, Path]
    engines: Mapping[str, str]

    def compose_for(self, version: str) -> Path:
        """Return the Compose program for `v2` (the newest), `v1`, or an exact version."""
        exact = {"v2": next(iter(self.compose)), "v1": "1.29.2"}.get(version, version)
        return self.compose[exact]


def tools_directory() -> Path:
    """Return the folder that `.ci/provision` fills."""
    cache = os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache"
    return Path(os.environ.get("HOMELAB_LAB_TOOLS") or Path(cache) / "homelab-lab")


def use_provisioned_compose() -> None:
    """Let `docker compose` be what `.ci/provision` fetched, if it did, unless somebody chose otherwise."""
    folder = tools_directory() / "docker-config"
    if folder.is_dir():
        os.environ.setdefault("DOCKER_CONFIG", str(folder))


def why_unavailable() -> str | None:
    """Say why this machine can't run the lab, in one line; None when it can."""
    if os.geteuid() != 0:
        return "the lab needs root"
    missing = [name for name in _SYSTEM if shutil.which(name, path=_PATH) is None]
    if missing:
        return f"the lab needs {', '.join(missing)}: run `bash .ci/provision`"
    if not list(tools_directory().glob("compose/2*/docker-compose")):
        return "the lab needs Compose v2: run `bash .ci/provision`"
    return None


def find_tools() -> Tools:
    """Find all programs. Call it only where `why_unavailable()` is None."""
    folder = tools_directory()
    compose = {path.parent.name: path for path in folder.glob("compose/[0-9]*/docker-compose")}
    engines = {"system": _PATH}
    newest = folder / "engine" / "sid"
    if (newest / "dockerd").exists():
        engines["newest"] = f"{newest}:{_PATH}"
    return Tools(
        sshd=str(shutil.which("sshd", path=_PATH)),
        busybox=str(shutil.which("busybox", path=_PATH)),
        docker="/usr/bin/docker" if Path("/usr/bin/docker").exists() else "docker",
        compose=dict(sorted(compose.items(), key=lambda item: _version(item[0]), reverse=True)),
        engines=engines,
    )


def _version(text: str) -> tuple[int, ...]:
    return tuple(int(part) for part in text.split("."))
