"""Limits. Most can be changed on a living container with `docker update`; the kernel ignores what it can't do."""

from collections.abc import Iterator, Mapping
from typing import Any

from homelab_assets.drift.leaf import ANYTHING, UNKNOWN, Given, Leaf, Row
from homelab_assets.drift.rows.shapes import as_bytes, number, on_podman, scalar, size_forms, unseen, usual, write_bytes
from homelab_assets.drift.view import Declared, Observed
from homelab_assets.late import late

_LIMITS = ("deploy", "resources", "limits")
_CPU_TOLERANCE = 1e-6
_SHM_SIZE = 67108864
_PROCESSOR = late(r"[0-9]{1,4}")


def _size_row(key: str, field: str, **options: Any) -> Row:
    return scalar(
        key, f"HostConfig.{field}", normal=as_bytes,
        write=lambda size: write_bytes(size) if isinstance(size, int) and size >= 0 else size,
        forms=lambda leaf: size_forms(leaf.value) if isinstance(leaf.value, int) else (str(leaf.value),), **options,
    )  # fmt: skip


def _swap_given(container: Observed, declared: Declared) -> Any:
    """Twice the memory limit.

    After `docker update --memory` that of git's, which the container was created with, or the new limit itself: it
    can't be raised above the old one alone, and most give both the same. Where git has a limit of its own, that is
    another value all the same.
    """
    memory = container.host_config.get("Memory") or 0
    wanted = as_bytes(declared.get("mem_limit") or declared.deploy("resources", "limits", "memory") or 0)
    if memory != wanted and (container.host.podman or not isinstance(wanted, int)):
        return UNKNOWN
    if not memory:
        return (0, -1)
    if memory == wanted:
        return (2 * memory,)
    return (2 * memory, 2 * wanted, *([] if declared.get("memswap_limit") else [memory]))


def _cpus(value: Any) -> Any:
    cpus = number(value)
    return cpus if isinstance(cpus, str) else float(cpus)


def _expected_cpus(declared: Declared) -> dict[str, Leaf]:
    for path, value in (("deploy.resources.limits.cpus", declared.deploy("resources", "limits", "cpus")),
                        ("cpus", declared.get("cpus"))):  # fmt: skip
        if value not in (None, ""):
            return {path: Leaf(_cpus(value), value)}
    return {}


def _observed_cpus(container: Observed, declared: Declared) -> dict[str, Leaf]:
    wanted = _expected_cpus(declared)
    path = next(iter(wanted), "cpus")
    nano = container.host_config.get("NanoCpus") or 0
    value = round(nano / 1e9, 6)
    if not container.host.can("CpuCfsQuota"):
        return {path: unseen("the host's kernel ignores it")} if wanted else {}
    return {path: Leaf(value, float(f"{value:g}") if value % 1 else int(value))} if nano else {}


def _same_cpus(expected: Any, observed: Any) -> bool:
    return isinstance(expected, float) and abs(expected - observed) <= max(_CPU_TOLERANCE * abs(expected), 2e-6)


def _processors(text: Any) -> Any:
    """The numbers in a list of processors (`0-2,4`); what is none, or more than any kernel has, stays text."""
    ranges = [part.strip().partition("-") for part in str(text).split(",")]
    if not all(_PROCESSOR.fullmatch(first) and _PROCESSOR.fullmatch(last or first) for first, _, last in ranges):
        return text
    return {number for first, _, last in ranges for number in range(int(first), int(last or first) + 1)}


def _same_processors(expected: Any, observed: Any) -> bool:
    return bool(_processors(expected) == _processors(observed))


def _limit(value: Any) -> tuple[Any, Any]:
    if isinstance(value, Mapping):
        # Compose prints a limit of zero as an empty mapping.
        single = value.get("single", 0)
        return number(value.get("soft", single)), number(value.get("hard", single))
    return number(value), number(value)


def _write_limit(limit: tuple[Any, Any]) -> Any:
    return limit[0] if limit[0] == limit[1] else {"soft": limit[0], "hard": limit[1]}


def _expected_ulimits(declared: Declared) -> dict[str, Leaf]:
    return {
        f"ulimits.{name}": Leaf(_limit(value), _write_limit(_limit(value)))
        for name, value in (declared.get("ulimits") or {}).items()
    }


def found_ulimits(container: Observed) -> Iterator[tuple[str, tuple[Any, Any]]]:
    """The container's limits: name as compose spells it, soft and hard."""
    for limit in container.host_config.get("Ulimits") or ():
        yield str(limit.get("Name")).lower().removeprefix("rlimit_"), (limit.get("Soft"), limit.get("Hard"))


def _observed_ulimits(container: Observed, declared: Declared) -> dict[str, Leaf]:
    return {f"ulimits.{name}": Leaf(limit, _write_limit(limit)) for name, limit in found_ulimits(container)}


_PODMANS_LIMITS = ("nofile", "nproc")
"""Limits that podman sets in every container, and shows as if they had been asked for."""


def _given_ulimits(container: Observed, declared: Declared) -> Given:
    asked = declared.get("ulimits") or {}
    return {
        f"ulimits.{name}": ANYTHING
        for name, limit in found_ulimits(container)
        if (container.host.podman and name in _PODMANS_LIMITS and name not in asked)
        or container.host.habits.usual(f"ulimits.{name}", limit, container)
    }


_BLKIO_DEVICES = {
    "weight_device": ("BlkioWeightDevice", "Weight"),
    "device_read_bps": ("BlkioDeviceReadBps", "Rate"),
    "device_write_bps": ("BlkioDeviceWriteBps", "Rate"),
    "device_read_iops": ("BlkioDeviceReadIOps", "Rate"),
    "device_write_iops": ("BlkioDeviceWriteIOps", "Rate"),
}


def _expected_blkio(declared: Declared) -> dict[str, Leaf]:
    config: Mapping[str, Any] = declared.get("blkio_config") or {}
    leaves = {"blkio_config.weight": Leaf(number(config["weight"]))} if config.get("weight") else {}
    for key in _BLKIO_DEVICES:
        for entry in config.get(key) or ():
            value = next((entry[name] for name in ("rate", "weight", "Rate", "Weight") if name in entry), None)
            leaves[f"blkio_config.{key}.{entry.get('path', entry.get('Path'))}"] = Leaf(as_bytes(value), value)
    return leaves


def _observed_blkio(container: Observed, declared: Declared) -> dict[str, Leaf]:
    found = {}
    if weight := container.host_config.get("BlkioWeight"):
        found["blkio_config.weight"] = Leaf(weight)
    for key, (field, amount) in _BLKIO_DEVICES.items():
        for entry in container.host_config.get(field) or ():
            found[f"blkio_config.{key}.{entry.get('Path')}"] = Leaf(entry.get(amount))
    # The engine drops what the kernel can't do and says so only when it creates the container.
    for path in _expected_blkio(declared):
        if path not in found and not any(other.rpartition(".")[0] == path.rpartition(".")[0] for other in found):
            found[path] = unseen("the host's kernel seems to ignore it")
    return found


def _podmans_quota(container: Observed, declared: Declared) -> Any:
    """Podman writes `cpus` as period and quota too: `cpus` is what is compared."""
    return ANYTHING if container.host.podman and container.host_config.get("NanoCpus") else ()


def _given_cpus(container: Observed, declared: Declared) -> Given:
    quota = declared.get("cpu_quota") or declared.get("cpu_period")
    return {"cpus": ANYTHING} if container.host.podman and quota else {}


def _realtime(key: str, field: str) -> Row:
    return scalar(key, f"HostConfig.{field}", normal=number, default=0, live=True,
                  needs="CPURealtimePeriod" if "Period" in field else "CPURealtimeRuntime")  # fmt: skip


def _expected_swappiness(declared: Declared) -> dict[str, Leaf]:
    value = declared.get("mem_swappiness")
    return {"mem_swappiness": Leaf(number(value))} if value not in (None, "") else {}


def _observed_swappiness(container: Observed, declared: Declared) -> dict[str, Leaf]:
    value = container.host_config.get("MemorySwappiness")
    if value is None and _expected_swappiness(declared) and str(container.host.info.get("CgroupVersion")) == "2":
        return {"mem_swappiness": unseen("control groups v2 don't have it")}
    return {"mem_swappiness": Leaf(value)} if value is not None else {}


ROWS: tuple[Row, ...] = (
    _size_row("mem_limit", "Memory", default=0, live=True, needs="MemoryLimit", aliases=[(*_LIMITS, "memory")]),
    _size_row("memswap_limit", "MemorySwap", default=0, live=True, needs="MemoryLimit SwapLimit", given=_swap_given,
              keys=("memswap_limit", "mem_limit", "deploy"), still=("HostConfig.MemorySwap", "HostConfig.Memory"),
              engine="twice the memory limit"),
    _size_row("mem_reservation", "MemoryReservation", default=0, live=True, needs="MemoryLimit",
              aliases=[("deploy", "resources", "reservations", "memory")]),
    Row(key="mem_swappiness", kind="scalar", where="HostConfig.MemorySwappiness", nothing=(0, -1),
        still=("HostConfig.MemorySwappiness",), expected=_expected_swappiness, observed=_observed_swappiness),
    Row(key="cpus", kind="scalar", where="HostConfig.NanoCpus", live=True, same=_same_cpus, nothing=(0.0,),
        keys=("cpus", "deploy", "cpu_quota", "cpu_period"), still=("HostConfig.NanoCpus",),
        expected=_expected_cpus, observed=_observed_cpus, given=_given_cpus, forms=lambda leaf: _cpu_forms(leaf.value)),
    scalar("cpu_shares", "HostConfig.CpuShares", normal=number, default=0, live=True, needs="CPUShares"),
    scalar("cpuset", "HostConfig.CpusetCpus", normal=str, same=_same_processors, live=True, needs="CPUSet"),
    scalar("cpu_period", "HostConfig.CpuPeriod", normal=number, default=0, live=True, needs="CpuCfsPeriod",
           given=_podmans_quota, still=("HostConfig.CpuPeriod",)),
    scalar("cpu_quota", "HostConfig.CpuQuota", normal=number, default=(0, -1), live=True, needs="CpuCfsQuota",
           given=_podmans_quota, still=("HostConfig.CpuQuota",)),
    _realtime("cpu_rt_period", "CpuRealtimePeriod"),
    _realtime("cpu_rt_runtime", "CpuRealtimeRuntime"),
    scalar("cpu_count", "HostConfig.CpuCount", normal=number, default=0),
    scalar("pids_limit", "HostConfig.PidsLimit", normal=number, default=(0, -1), live=True, needs="PidsLimit",
           given=on_podman((2048,)), still=("HostConfig.PidsLimit",), aliases=[(*_LIMITS, "pids")]),
    _size_row("shm_size", "ShmSize", default=(_SHM_SIZE, 65536000, 0), daemon=True, still=("HostConfig.ShmSize",),
              given=lambda container, declared: usual("shm_size", "ShmSize", container),
              engine="64m, or the daemon's default"),
    Row(key="ulimits", kind="keyed", where="HostConfig.Ulimits", daemon=True, engine="the daemon's default limits",
        still=("HostConfig.Ulimits",),
        expected=_expected_ulimits, observed=_observed_ulimits, given=_given_ulimits),
    scalar("oom_kill_disable", "HostConfig.OomKillDisable", default=False, needs="OomKillDisable"),
    scalar("oom_score_adj", "HostConfig.OomScoreAdj", normal=number, default=0),
    Row(key="blkio_config", kind="keyed", where="HostConfig.Blkio*", live=True,
        still=("HostConfig.BlkioWeight", *(f"HostConfig.{field}" for field, _ in _BLKIO_DEVICES.values())),
        expected=_expected_blkio, observed=_observed_blkio),
)  # fmt: skip


def _cpu_forms(value: float) -> tuple[str, ...]:
    return tuple(
        dict.fromkeys([f"{value:g}", f"{value:.1f}", f"{value:.2f}"] if value % 1 else [f"{value:g}", f"{value:.1f}"])
    )
