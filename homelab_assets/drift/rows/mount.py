"""One mount, as compared, and the mounts that a container has."""

from collections.abc import Mapping
from typing import Any, NamedTuple

from homelab_assets.drift.view import Observed, clean, once
from homelab_assets.late import late

ANONYMOUS = ""
GENERATED_VOLUME = late(r"[0-9a-f]{64}")
_HOME = late(r"/root|(?:/[\w.-]+)?/(?:home|Users)/[^/]+")
_TILDE = late(r".*?/~(?=/|$)")

_DEFAULT_PROPAGATIONS = ("rprivate", "private", "rslave")
"""What an engine may choose by itself, by what the source is."""

BIND_OPTIONS = ("propagation", "selinux", "recursive")
"""Options of a bind, as compose calls them, that an inspect document shows."""

_RECURSION = {"NonRecursive": "disabled", "ReadOnlyNonRecursive": "writable", "ReadOnlyForceRecursive": "readonly"}
"""How an engine calls what becomes of the mounts below a bind's source, and how Compose does."""

_DATA_OF_ENGINE = "/var/lib/docker"
"""Where an engine keeps its data that doesn't say it."""


class Mount(NamedTuple):
    """One mount as compared. `source` is a host path, a volume's name, or "" for an anonymous volume and tmpfs.

    `read_only` is a text where a variable says it. `options` are pairs (name, value); of bind propagation only what git
    declares is compared.
    """

    type: str
    source: str
    read_only: bool | str
    options: tuple[tuple[str, Any], ...] = ()

    def is_as_asked_for(self, declared: "Mount | str | None", propagation: str | None) -> bool:
        """Whether this is word for word what git says, but for a `propagation` that the engine chose by itself."""
        return self == declared or (self.options == (("propagation", propagation),) and (*self[:3], ()) == declared)


def below_home(source: str) -> str | None:
    """What follows `~` in a bind's source, None where there is none: without a home it is a folder of that name to
    Compose, beside whichever file has it."""
    tilde = _TILDE.match(source) if "/~" in source else None
    return tilde and source[tilde.end() :]


def below_a_home(tail: str, running: str) -> bool:
    """Whether what follows `~` may be this path: whose home it was isn't known here."""
    home = running.removesuffix(tail)
    return len(home) < len(running) + (not tail) and _HOME.fullmatch(home) is not None


def _observed_mount(target: str, mount: Mapping[str, Any], container: Observed, requested: Mapping[str, Any]) -> Mount:
    kind = str(mount.get("Type") or "bind")
    source = str(mount.get("Source") or "")
    if kind == "volume":
        name = str(mount.get("Name") or "")
        source = ANONYMOUS if GENERATED_VOLUME.fullmatch(name) else name
    elif kind == "tmpfs":
        source = ""
    elif kind == "image":
        source = str(requested.get("Source") or source)
    else:
        source = clean(source)
    options = _visible_options(mount, requested, kind)
    if label := bound_labels(container).get(target):
        options = tuple(sorted((*options, ("selinux", label))))
    # An image is never writable; only what was asked for tells anything.
    read_only = bool(requested.get("ReadOnly")) if kind == "image" else mount.get("RW") is False
    return Mount(kind, source, read_only, options)


def _visible_options(mount: Mapping[str, Any], requested: Mapping[str, Any], kind: str) -> tuple[tuple[str, Any], ...]:
    if not requested and kind == "bind":
        return (("propagation", mount["Propagation"]),) if mount.get("Propagation") else ()
    tmpfs = requested.get("TmpfsOptions") or {}
    volume = requested.get("ImageOptions" if kind == "image" else "VolumeOptions") or {}
    options: dict[str, Any] = {}
    if volume.get("NoCopy") or (kind == "volume" and "nocopy" in str(mount.get("Mode"))):
        options["nocopy"] = True
    if volume.get("Subpath"):
        options["subpath"] = volume["Subpath"]
    if kind == "tmpfs" and tmpfs.get("SizeBytes"):
        options["size"] = tmpfs["SizeBytes"]
    if kind == "tmpfs" and tmpfs.get("Mode"):
        options["mode"] = tmpfs["Mode"]
    if kind == "bind" and mount.get("Propagation"):
        options["propagation"] = mount["Propagation"]
    for field, word in _RECURSION.items() if kind == "bind" else ():
        if (requested.get("BindOptions") or {}).get(field):
            options["recursive"] = word
    return tuple(sorted(options.items()))


def compare_recursion(wanted: Mapping[str, Any], options: dict[str, Any], container: Observed) -> None:
    """Leave of what becomes of the mounts below a bind's source what somebody chose; the rest is as git has it."""
    if "recursive" not in wanted:
        # What an engine does for a client of API 1.43 or before, it says as if it had been asked for.
        if options.get("recursive") == "writable":
            del options["recursive"]
    elif container.host.api < (1, 44) or (container.managed and container.compose < (2, 40)):
        # Engines before that know but one of the three; Compose 2.26 reads it and passes it on to nobody, 2.40 does.
        options.setdefault("recursive", wanted["recursive"])


@once
def _bind_options(container: Observed) -> dict[str, list[str]]:
    """The options with which binds were asked for in the short form, by the path in the container."""
    asked = {}
    # What podman lists there is its own rendering: a label until the first start, and the default propagation.
    for bind in () if container.host.podman else container.host_config.get("Binds") or ():
        target, _, options = str(bind).partition(":")[2].partition(":")
        asked[clean(target)] = options.split(",")
    return asked


@once
def bound_labels(container: Observed) -> dict[str, str]:
    """How SELinux is to label what is bound (`z`, `Z`, or "" for not at all), by the path in the container; of those
    mounts that were asked for in a way that can say so."""
    return {
        target: next((option for option in options if option in ("z", "Z")), "")
        for target, options in _bind_options(container).items()
    }


@once
def _propagations_asked_for(container: Observed) -> dict[str, str]:
    """How binds were asked to spread, where that isn't the default, by the path in the container."""
    asked = {
        target: option
        for target, options in _bind_options(container).items()
        for option in options
        if option in _DEFAULT_PROPAGATIONS
    }
    for target, mount in requested_mounts(container).items():
        asked[target] = str((mount.get("BindOptions") or {}).get("Propagation") or "")
    return {target: option for target, option in asked.items() if option not in ("", "rprivate")}


def propagation_of_engine(target: str, mount: Mount, container: Observed) -> str | None:
    """How the mount spreads where the engine chose that by itself, or would have."""
    chosen = dict(mount.options).get("propagation")
    if chosen not in _DEFAULT_PROPAGATIONS:
        return None
    # A folder that the engine's own data lie below, or above, it lends in no other way; it goes by the mere text, too.
    data = str(container.host.info.get("DockerRootDir") or _DATA_OF_ENGINE)
    as_always = data.startswith(mount.source) or mount.source.startswith(data)
    return chosen if as_always or target not in _propagations_asked_for(container) else None


@once
def requested_mounts(container: Observed) -> dict[str, Any]:
    return {clean(str(m.get("Target") or "")): m for m in container.host_config.get("Mounts") or ()}


@once
def generated_volumes(container: Observed) -> dict[str, str]:
    """Names of volumes that look like nobody gave them, by their path in the container."""
    mounts = container.container.get("Mounts") or ()
    names = {clean(str(m.get("Destination") or "")): str(m.get("Name") or "") for m in mounts}
    return {target: name for target, name in names.items() if GENERATED_VOLUME.fullmatch(name)}


@once
def mounts_of(container: Observed) -> dict[str, Mount]:
    """The mounts in effect by their path in the container, without `tmpfs:`."""
    wanted = requested_mounts(container)
    tmpfs = {clean(path) for path in container.host_config.get("Tmpfs") or ()}
    return {
        target: _observed_mount(target, mount, container, wanted.get(target, {}))
        for mount in container.container.get("Mounts") or ()
        if (target := clean(str(mount.get("Destination") or ""))) not in tmpfs
    }


@once
def own_binds(container: Observed) -> frozenset[str]:
    """The paths of those binds that the container itself was told of."""
    told = bound_labels(container).keys() | requested_mounts(container).keys()
    return frozenset(
        target for target, mount in mounts_of(container).items() if target in told and mount.type == "bind"
    )


@once
def lent(container: Observed) -> frozenset[str]:
    """Paths at which another container's mounts may be in effect (`volumes_from`); all, if that one is gone."""
    paths: set[str] = set()
    for entry in container.host_config.get("VolumesFrom") or ():
        other = container.host.by_reference(str(entry).partition(":")[0])
        lender = container.container if other is None else other
        paths.update(clean(str(mount.get("Destination") or "")) for mount in lender.get("Mounts") or ())
    return frozenset(paths)
