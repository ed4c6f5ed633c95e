"""Volumes, binds and tmpfs, by the path inside the container."""

from collections.abc import Mapping
from typing import Any

from homelab_assets.compose.short_syntax import UNDECIDED
from homelab_assets.drift.leaf import ANYTHING, UNKNOWN, Given, Leaf, Row
from homelab_assets.drift.rows.files import file_targets, is_file_of_git
from homelab_assets.drift.rows.mount import (
    ANONYMOUS,
    BIND_OPTIONS,
    GENERATED_VOLUME,
    Mount,
    below_a_home,
    below_home,
    bound_labels,
    compare_recursion,
    generated_volumes,
    lent,
    mounts_of,
    own_binds,
    propagation_of_engine,
    requested_mounts,
)
from homelab_assets.drift.rows.shapes import as_bytes, boolean, has_marker, number, unseen, write_bytes
from homelab_assets.drift.view import Declared, Observed, clean, once
from homelab_assets.labels import REPLACES, WORKING_DIR

_FLAGS = ("access_mode", "propagation", "selinux")
"""Options that the short syntax has words for."""

_API_SOCKET = "/var/run/docker.sock"


def _same(expected: Mount, observed: Mount) -> bool:
    if expected.type != observed.type or expected.read_only != observed.read_only:
        return False
    at_home = expected.source.startswith("~") and below_a_home(expected.source[1:], observed.source)
    if expected.source != observed.source and not at_home:
        return False
    wanted, found = dict(expected.options), dict(observed.options)
    if "propagation" not in found:
        wanted.pop("propagation", None)
    return wanted == found


def _from_home(source: str) -> str:
    """A host path, `~/x` where that may be meant."""
    tail = below_home(source)
    return source if tail is None else f"~{tail}"


def _as_deployed(source: str, container: Observed, declared: Declared) -> str:
    """A host path as if the container had been deployed from the project's folder: one may be from a copy of it."""
    folder, home = str(container.labels.get(WORKING_DIR) or "").rstrip("/"), declared.project.directory
    below = folder and folder != home and source.startswith(folder + "/")
    return home + source.removeprefix(folder) if below else source


def _options(entry: Mapping[str, Any], kind: str) -> tuple[tuple[str, Any], ...]:
    """The options of a canonical volume entry that are visible on a container."""
    tmpfs, bind = entry.get("tmpfs") or {}, entry.get("bind") or {}
    volume = entry.get("image" if kind == "image" else "volume") or {}
    if kind != "tmpfs" and not volume and bind.keys().isdisjoint(BIND_OPTIONS):
        return ()
    options = {
        "nocopy": boolean(volume.get("nocopy")) or None,
        "subpath": volume.get("subpath") or None,
        **{name: bind.get(name) or None for name in BIND_OPTIONS},
    }
    if options["recursive"] == "enabled":
        options["recursive"] = None
    if kind == "tmpfs":
        options |= {"size": as_bytes(tmpfs.get("size") or 0) or None, "mode": number(tmpfs.get("mode")) or None}
    return tuple(sorted((name, value) for name, value in options.items() if value is not None))


def _declared_mount(entry: Mapping[str, Any], declared: Declared) -> Mount:
    kind, source = str(entry.get("type") or "volume"), entry.get("source") or ""
    if kind == "volume" and source:
        source = declared.project.volume_name(source)
    elif kind == "bind":
        source = _from_home(clean(source))
    if mode := entry.get("access_mode"):
        return Mount(kind, source, False, (("access_mode", mode),))
    return Mount(kind, source, boolean(entry.get("read_only") or False), _options(entry, kind))


@once
def _volumes(declared: Declared) -> dict[str, Mount | str]:
    """The volumes of a service by their path in the container."""
    found: dict[str, Mount | str] = {}
    for entry in declared.get("volumes") or ():
        if isinstance(entry, str):
            found[entry] = entry
        else:
            found[clean(str(entry.get("target") or ""))] = _declared_mount(entry, declared)
    return found


@once
def _expected_volumes(declared: Declared) -> dict[str, Leaf]:
    volumes = _volumes(declared).items()
    return {f"volumes.{target}": _declared_leaf(target, mount, declared) for target, mount in volumes}


def _declared_leaf(target: str, mount: Mount | str, declared: Declared) -> Leaf:
    if isinstance(mount, str):
        return Leaf(mount, mount)
    if "/../" in f"{mount.source}/" and has_marker(mount.source):
        return unseen("it lies above a folder that a variable names, which isn't known here")
    return Leaf(mount, write(target, mount, declared))


def write(target: str, mount: Mount, declared: Declared) -> Any:
    """A mount as a person would write it: short syntax where that says everything."""
    source = mount.source
    if mount.type == "bind":
        source = declared.project.relative(source)
    elif mount.type == "volume" and source:
        source = declared.project.volume_key(source)
    # The short syntax is cut at colons.
    short = ":" not in f"{source}{target}" and not has_marker(mount.read_only)
    if target and short and not mount.options and mount.type in ("bind", "volume", UNDECIDED):
        return (f"{source}:{target}" if source else target) + (":ro" if mount.read_only else "")
    options = {name: value for name, value in mount.options if name not in _FLAGS or ":" in source}
    if mount.type in ("bind", "volume") and short and not options:
        flags = [*(["ro"] if mount.read_only else []), *(value for _, value in mount.options)]
        return ":".join(part for part in (source, target, ",".join(flags)) if part)
    long: dict[str, Any] = {"type": mount.type, "target": target}
    if source:
        long["source"] = source
    if mount.read_only:
        long["read_only"] = mount.read_only
    if options:
        if isinstance(options.get("size"), int):
            options["size"] = write_bytes(options["size"])
        long[mount.type] = options
    return long


def _with_comparable_options(target: str, mount: Mount, declared: Any, container: Observed) -> Mount:
    """Without the engine's own propagation; with git's subpath where engine or Compose are too old to know of any, and
    git's label for SELinux where the mount could not be asked for with one; in words where a variable in git is all."""
    wanted = dict(declared.options) if isinstance(declared, Mount) else {}
    options = dict(mount.options)
    if not wanted and not options:
        return mount
    if "propagation" not in wanted and propagation_of_engine(target, mount, container):
        del options["propagation"]
    too_old = container.host.podman or container.host.api < (1, 45) or container.made_before(2, 26)
    if too_old and "subpath" in wanted:
        options.setdefault("subpath", wanted["subpath"])
    if "selinux" in wanted and target not in bound_labels(container):
        options["selinux"] = wanted["selinux"]
    compare_recursion(wanted, options, container)
    if "access_mode" in wanted:
        words = ("nocopy" if name == "nocopy" else str(value) for name, value in sorted(options.items()))
        mode = ",".join(["ro" if mount.read_only else "rw", *words])
        return mount._replace(read_only=False, options=(("access_mode", mode),))
    return mount._replace(options=tuple(sorted(options.items())))


def _as_asked_for(target: str, mount: Mount, declared: Any, container: Observed) -> Mount:
    """Git's volume where this is it all the same: one named by its generated name, or an anonymous one's heir."""
    if not isinstance(declared, Mount) or declared.type != "volume":
        return mount
    if declared.source and generated_volumes(container).get(target) == declared.source:
        return mount._replace(source=declared.source)
    if declared.source == ANONYMOUS and mount.type != "tmpfs" and _inherits(container):
        return declared
    return mount


def _inherits(container: Observed) -> bool:
    """Whether Compose may have given it mounts of its predecessor."""
    return REPLACES in container.labels and container.proven is not False


def _observed_volumes(container: Observed, declared: Declared) -> dict[str, Leaf]:
    expected = _volumes(declared)
    elsewhere = file_targets(declared)
    leaves = {}
    for target, mount in _podmans_tmpfs(container, expected).items():
        leaves[f"volumes.{target}"] = Leaf(mount, write(target, mount, declared))
    for target, mount in mounts_of(container).items():
        if target not in expected and (target in elsewhere or is_file_of_git(target, mount, container, declared)):
            continue
        if mount.is_as_asked_for(expected.get(target), propagation_of_engine(target, mount, container)):
            leaves[f"volumes.{target}"] = _expected_volumes(declared)[f"volumes.{target}"]
            continue
        mount = _with_comparable_options(target, mount, expected.get(target), container)
        mount = _as_asked_for(target, mount, expected.get(target), container)
        if mount.type == "bind":
            mount = mount._replace(source=_from_home(_as_deployed(mount.source, container, declared)))
        leaves[f"volumes.{target}"] = Leaf(mount, write(target, mount, declared))
    return leaves


def _given_volumes(container: Observed, declared: Declared) -> Given:
    given: dict[str, Any] = {}
    own = container.image_config.get("Volumes") or {}
    if container.image is None:
        own = container.config.get("Volumes") or {}
    anonymous = (Mount("volume", ANONYMOUS, False),)
    for target in own:
        # Compose carries any old mount at a path of the image's VOLUMEs over to the new container, but to one of git's.
        path = f"volumes.{clean(target)}"
        given[path] = UNKNOWN if _inherits(container) and path not in _expected_volumes(declared) else anonymous
    if REPLACES in container.labels:
        for target, requested in requested_mounts(container).items():
            if GENERATED_VOLUME.fullmatch(str(requested.get("Source") or "")):
                given.setdefault(f"volumes.{target}", anonymous)
    given |= {f"volumes.{target}": UNKNOWN for target in lent(container) - own_binds(container)}
    if declared.get("use_api_socket"):
        given[f"volumes.{_API_SOCKET}"] = ANYTHING
    return given


def _expected_api_socket(declared: Declared) -> dict[str, Leaf]:
    return {"use_api_socket": Leaf(True)} if boolean(declared.get("use_api_socket")) else {}


def _observed_api_socket(container: Observed, declared: Declared) -> dict[str, Leaf]:
    """There where git asks for it; elsewhere it's a bind like any other."""
    wanted = _expected_api_socket(declared)
    return wanted if wanted and _API_SOCKET in mounts_of(container) else {}


def _tmpfs_options(text: str) -> frozenset[str]:
    """The options of a tmpfs, sizes in bytes."""
    options = (option.partition("=") for option in text.split(",") if option)
    return frozenset(f"{name}{equals}{as_bytes(value) if name == 'size' else value}" for name, equals, value in options)


def _expected_tmpfs(declared: Declared) -> dict[str, Leaf]:
    entries = declared.get("tmpfs") or ()
    leaves = {}
    for entry in [entries] if isinstance(entries, str) else entries:
        path, _, options = str(entry).partition(":")
        leaves[f"tmpfs.{clean(path)}"] = Leaf(entry if has_marker(options) else _tmpfs_options(options), entry)
    return leaves


def _observed_tmpfs(container: Observed, declared: Declared) -> dict[str, Leaf]:
    found: Mapping[str, str] = container.host_config.get("Tmpfs") or {}
    if container.host.podman:
        wanted = _expected_tmpfs(declared)
        volumes = _podmans_tmpfs(container, _volumes(declared))
        paths = {f"tmpfs.{clean(path)}": path for path in found if clean(path) not in volumes}
        return {key: _as_podman_says(path, found[path] or "", wanted.get(key)) for key, path in paths.items()}
    return {
        f"tmpfs.{clean(path)}": Leaf(_tmpfs_options(options or ""), f"{path}:{options}" if options else path)
        for path, options in found.items()
    }


_SIZE_AND_RIGHTS = ("size=", "mode=")


def _given_tmpfs(container: Observed, declared: Declared) -> Given:
    """Podman leaves a read-only container a few places to write to."""
    if not container.host.podman or not container.host_config.get("ReadonlyRootfs"):
        return {}
    return {f"tmpfs.{path}": ANYTHING for path in ("/dev", "/dev/shm", "/run", "/tmp", "/var/tmp")}  # noqa: S108


def _as_podman_says(path: str, text: str, wanted: Leaf | None) -> Leaf:
    """One place of `tmpfs`: of what podman shows beside its own options, size and rights are sure to be asked for."""
    if wanted is not None and not isinstance(wanted.value, frozenset):
        return wanted
    asked = wanted.value if wanted is not None else frozenset()
    others = {option for option in asked if not option.startswith(_SIZE_AND_RIGHTS)}
    options = others | {option for option in _tmpfs_options(text) if option.startswith(_SIZE_AND_RIGHTS)}
    if wanted is not None and options == asked:
        return wanted
    return Leaf(frozenset(options), f"{path}:{','.join(sorted(options))}" if options else path)


def _podmans_tmpfs(container: Observed, volumes: Mapping[str, Mount | str]) -> dict[str, Mount]:
    """Git's volumes of type tmpfs, with the size that they have: podman shows them as if written under `tmpfs`."""
    found = {}
    for path, text in (container.host_config.get("Tmpfs") or {}).items() if container.host.podman else ():
        mount = volumes.get(clean(path))
        if not isinstance(mount, Mount) or mount.type != "tmpfs":
            continue
        options = dict(mount.options)
        if not has_marker(options.get("size")):
            shown = (option.partition("=") for option in str(text or "").split(","))
            options["size"] = next((as_bytes(size) for name, _, size in shown if name == "size"), None)
        options = {name: value for name, value in options.items() if value is not None}
        found[clean(path)] = mount._replace(options=tuple(sorted(options.items())))
    return found


ROWS: tuple[Row, ...] = (
    Row(
        key="volumes", kind="keyed", where="Mounts, HostConfig.Mounts", same=_same,
        image="`Volumes` become anonymous volumes", engine="old mounts at the image's volumes, by Compose at recreate",
        expected=_expected_volumes, observed=_observed_volumes, given=_given_volumes,
    ),
    Row(
        key="tmpfs", kind="keyed", where="HostConfig.Tmpfs", still=("HostConfig.Tmpfs",),
        expected=_expected_tmpfs, observed=_observed_tmpfs, given=_given_tmpfs,
    ),
    Row(
        key="use_api_socket", kind="scalar", where="Mounts", still=(),
        expected=_expected_api_socket, observed=_observed_api_socket,
    ),
)  # fmt: skip
