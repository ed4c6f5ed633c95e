"""What runs and as whom: image, command, user."""

import json
import re
from collections.abc import Mapping
from functools import lru_cache
from typing import Any

from homelab_assets.drift.leaf import UNKNOWN, Leaf, Row
from homelab_assets.drift.rows.shapes import (
    as_nanoseconds,
    boolean,
    dig,
    duration_forms,
    has_marker,
    on_podman,
    scalar,
    unseen,
    usual,
    write_duration,
)
from homelab_assets.drift.view import Declared, Observed, clean
from homelab_assets.late import late

_OF_PODMAN = "localhost/"
"""What podman puts before the names of images that come from no registry; to Docker it's a registry like any other."""

_BARE = late(r"[\w@%+=:,./-]+")
_IMAGE_ID = late(r"(?:sha256:)?[0-9a-f]{12,64}")


@lru_cache(maxsize=8192)
def reference(text: str) -> str:
    """An image reference in one spelling: without Docker Hub's host, `library/` and `:latest`."""
    for host in ("docker.io/", "index.docker.io/", "registry-1.docker.io/"):
        text = text.removeprefix(host)
    text = text.removeprefix("library/")
    name, at, digest = text.partition("@")
    if name.rpartition("/")[2].endswith(":latest"):
        name = name[: -len(":latest")]
    return name + at + digest


def image_forms(text: str) -> tuple[str, ...]:
    """An image reference in all usual spellings."""
    short = reference(text)
    tagged = short if "@" in short or ":" in short.rpartition("/")[2] else f"{short}:latest"
    forms = [text, short, tagged]
    if "/" not in short:
        forms += [f"library/{tagged}", f"docker.io/{tagged}", f"docker.io/library/{tagged}"]
    elif "." not in short.partition("/")[0]:
        forms.append(f"docker.io/{tagged}")
    return tuple(dict.fromkeys(forms))


def _expected_image(declared: Declared) -> dict[str, Leaf]:
    image = declared.get("image")
    if image:
        return {"image": Leaf(reference(image), image)}
    if declared.get("build") is None:
        return {}
    return {"image": Leaf(f"{declared.project.name}-{declared.name}")}


def _observed_image(container: Observed, declared: Declared) -> dict[str, Leaf]:
    text = str(container.config.get("Image") or container.container.get("ImageName") or "")
    if not text:
        return {}
    if container.host.podman and not str(declared.get("image") or "").startswith(_OF_PODMAN):
        text = text.removeprefix(_OF_PODMAN)
    built = (f"{declared.project.name}{dash}{declared.name}" for dash in "-_")
    if not declared.get("image") and reference(text) in built:
        text = f"{declared.project.name}-{declared.name}"
    wanted = str(declared.get("image") or "")
    if _IMAGE_ID.fullmatch(wanted) and _is_id_of(wanted, str(container.container.get("Image") or "")):
        return {"image": Leaf(reference(wanted), wanted)}
    if _IMAGE_ID.fullmatch(text) and (tags := (container.image or {}).get("RepoTags")):
        wanted = reference(wanted)
        text = next((tag for tag in tags if reference(tag) == wanted), tags[0])
    return {"image": Leaf(reference(text), text)}


def _is_id_of(text: str, identity: str) -> bool:
    return identity.removeprefix("sha256:").startswith(text.removeprefix("sha256:"))


def _same_image(container: Observed, declared: Declared) -> int | None:
    image = declared.get("image")
    return 1 if image and image == container.config.get("Image") and not _IMAGE_ID.fullmatch(image) else None


def _expected_platform(declared: Declared) -> dict[str, Leaf]:
    text = declared.get("platform")
    return {"platform": Leaf(_platform(text), text)} if text else {}


def _platform(text: str) -> Any:
    if has_marker(text):
        return text
    system, _, rest = text.lower().partition("/")
    architecture = rest.partition("/")[0]
    if "/" not in text and system not in ("linux", "windows"):
        system, architecture = "linux", system
    return system, {"x86_64": "amd64", "aarch64": "arm64", "x86-64": "amd64"}.get(architecture, architecture)


def _observed_platform(container: Observed, declared: Declared) -> dict[str, Leaf]:
    if not declared.get("platform"):
        return {}
    platform = dig(container.container, "ImageManifestDescriptor", "platform")
    if platform:
        system, architecture = platform.get("os"), platform.get("architecture")
    elif container.image is None or "Manifests" in container.image or not container.image.get("Architecture"):
        return {"platform": unseen("the image's own platform isn't known")}
    else:
        system, architecture = container.image.get("Os"), container.image.get("Architecture")
    return {"platform": Leaf((system, architecture), f"{system}/{architecture}")}


def _same_platform(expected: Any, observed: Any) -> bool:
    return bool(
        expected == observed or (isinstance(expected, tuple) and not expected[1] and expected[0] == observed[0])
    )


def _arguments(value: Any) -> Any:
    if isinstance(value, str):
        return value
    return tuple(str(part) for part in value) if value else ()


def _cleared(value: Any) -> Any:
    return () if value in ((), ("",)) else value


def _expected_entrypoint(declared: Declared) -> dict[str, Leaf]:
    value = declared.get("entrypoint")
    return {} if value is None else {"entrypoint": Leaf(_cleared(_arguments(value)), value)}


def _observed_entrypoint(container: Observed, declared: Declared) -> dict[str, Leaf]:
    value = _cleared(_arguments(container.config.get("Entrypoint")))
    cleared = declared.get("entrypoint") is not None or container.image_config.get("Entrypoint")
    return {"entrypoint": Leaf(value, list(value))} if value or cleared else {}


def _entrypoint_of_image(container: Observed, declared: Declared) -> Mapping[str, Any]:
    image = container.image_config
    if container.image is None:
        return {"entrypoint": UNKNOWN}
    if image.get("Cmd") and not container.config.get("Cmd"):
        # Only an entrypoint of its own, be it the same one, makes a container lose the image's command.
        return {}
    return {"entrypoint": (_cleared(_arguments(image.get("Entrypoint"))),)}


def _expected_command(declared: Declared) -> dict[str, Leaf]:
    value = declared.get("command")
    return {"command": Leaf(_arguments(value), value)} if value else {}


def _observed_command(container: Observed, declared: Declared) -> dict[str, Leaf]:
    value = _arguments(container.config.get("Cmd"))
    return {"command": Leaf(value, list(value))} if value else {}


def _command_of_image(container: Observed, declared: Declared) -> Mapping[str, Any]:
    # One that is emptied (`[]`) leaves the image's command, one empty word (`[""]`) does not.
    entrypoint = declared.get("entrypoint")
    if entrypoint and not has_marker(entrypoint):
        return {}
    return {"command": UNKNOWN if container.image is None else (_arguments(container.image_config.get("Cmd")),)}


def _grace_period(value: Any) -> Any:
    """In whole seconds, as the engine keeps it; a number counts seconds already."""
    nanoseconds = as_nanoseconds(value)
    return nanoseconds // 10**9 if isinstance(nanoseconds, int) and not isinstance(value, int) else nanoseconds


def _runtime_given(container: Observed, declared: Declared) -> tuple[Any, ...]:
    default = container.host.info.get("DefaultRuntime")
    return ("runc", "oci", "crun", "io.containerd.runc.v2", default, *usual("runtime", "Runtime", container))


ROWS: tuple[Row, ...] = (
    Row(
        key="image", kind="scalar", where="Config.Image", keys=("image", "build"), seal="reference",
        expected=_expected_image, observed=_observed_image, at_once=_same_image,
        forms=lambda leaf: image_forms(leaf.shown),
        engine="built images are named `<project>-<service>` by Compose",
    ),
    Row(
        key="platform", kind="scalar", where="image Os/Architecture", still=(),
        expected=_expected_platform, observed=_observed_platform, same=_same_platform,
    ),
    Row(
        key="entrypoint", kind="ordered", where="Config.Entrypoint", seal="arguments", image="`Entrypoint`",
        inherited=("Entrypoint", "Cmd"),
        expected=_expected_entrypoint, observed=_observed_entrypoint, given=_entrypoint_of_image,
        forms=lambda leaf: _argument_forms(leaf),
    ),
    Row(
        key="command", kind="ordered", where="Config.Cmd", seal="arguments", keys=("command", "entrypoint"),
        image="`Cmd`, dropped by any entrypoint but an empty one", inherited=("Cmd",),
        expected=_expected_command, observed=_observed_command, given=_command_of_image,
        forms=lambda leaf: _argument_forms(leaf),
    ),
    scalar("working_dir", "Config.WorkingDir", normal=clean, image="WorkingDir", default=("", "/")),
    scalar("user", "Config.User", normal=str, image="User"),
    scalar("tty", "Config.Tty", normal=boolean, default=False),
    scalar("stdin_open", "Config.OpenStdin", normal=boolean, default=False),
    scalar("stop_signal", "Config.StopSignal", normal=str, image="StopSignal", default=("SIGTERM", "15")),
    scalar(
        "stop_grace_period", "Config.StopTimeout", normal=_grace_period, default=(10,), explicit_default=True,
        write=lambda seconds: write_duration(seconds * 10**9) if isinstance(seconds, int) else seconds,
        forms=lambda leaf: duration_forms(leaf.value * 10**9),
    ),
    scalar("init", "HostConfig.Init", normal=boolean, still=("HostConfig.Init",), given=on_podman((False,))),
    scalar(
        "runtime", "HostConfig.Runtime", given=_runtime_given, daemon=True, still=("HostConfig.Runtime",),
        engine="the daemon's default",
    ),
    scalar("isolation", "HostConfig.Isolation", default=("", "default")),
)  # fmt: skip


def _argument_forms(leaf: Leaf) -> tuple[str, ...]:
    """A command line as text: words joined by blanks, quoted in either way, and as JSON."""
    words = [str(word) for word in leaf.value]
    return " ".join(map(_quote, words)), " ".join(words), json.dumps(words), " ".join(map(_quote_doubly, words))


def _quote(word: str) -> str:
    return word if _BARE.fullmatch(word) else "'" + word.replace("'", "'\"'\"'") + "'"


def _quote_doubly(word: str) -> str:
    return word if _BARE.fullmatch(word) else '"' + re.sub(r'(["\\])', r"\\\1", word) + '"'
