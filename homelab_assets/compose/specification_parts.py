"""Parts of the Compose specification: the sections that services are made of, as data."""

from typing import Any

from homelab_assets.compose.interpolation import OPEN
from homelab_assets.compose.schema import (
    Check,
    Violation,
    anything,
    array,
    kinds,
    mapping,
    one_of,
    text,
    within,
)
from homelab_assets.compose.short_syntax import UNDECIDED

S = kinds("string")
FLAG = kinds("boolean", "string")
INTEGER = kinds("integer", "string")
NUMBER = kinds("number", "string")
STRINGS = array(S)
UNIQUE_STRINGS = array(S, unique=True)
TEXTS = one_of(("string", S), ("list", UNIQUE_STRINGS))
OPTIONS = mapping(others=NUMBER, pattern=".+", open_=True)
NAME = "[a-zA-Z0-9._-]+"


def section(optional: bool = False, required: tuple[str, ...] = (), **keys: Check) -> Check:
    """A mapping of known keys and `x-` keys; `optional`: or null."""
    check = mapping(keys, required=required, extensions=True)
    return one_of(("mapping", check), ("null", anything)) if optional else check


LIST_OR_MAP = one_of(
    ("mapping", mapping(others=kinds("string", "number", "boolean", "null"), pattern="(?s:.+)")),
    ("list", UNIQUE_STRINGS),
)
HOSTS = one_of(
    ("mapping", mapping(others=one_of(("string", S), ("list", STRINGS)), pattern="(?s:.+)")), ("list", UNIQUE_STRINGS)
)
COMMAND = one_of(("null", anything), ("string", S), ("list", STRINGS))
FILES = array(one_of(("string", S), ("mapping", section(source=S, target=S, uid=S, gid=S, mode=NUMBER))))
ULIMITS = mapping(
    others=one_of(
        ("string", S),
        ("number", kinds("integer")),
        ("mapping", section(required=("soft", "hard"), hard=INTEGER, soft=INTEGER)),
    ),
    pattern="[a-z]+",
    open_=True,
)
HOOK = section(required=("command",), command=COMMAND, user=S, privileged=FLAG, working_dir=S, environment=LIST_OR_MAP)
DEVICE_REQUEST = {
    "capabilities": UNIQUE_STRINGS,
    "count": INTEGER,
    "device_ids": UNIQUE_STRINGS,
    "driver": S,
    "options": LIST_OR_MAP,
}
BUILD = one_of(
    ("string", S),
    (
        "mapping",
        section(
            context=S,
            dockerfile=S,
            dockerfile_inline=S,
            entitlements=STRINGS,
            args=LIST_OR_MAP,
            ssh=LIST_OR_MAP,
            labels=LIST_OR_MAP,
            cache_from=STRINGS,
            cache_to=STRINGS,
            no_cache=FLAG,
            additional_contexts=LIST_OR_MAP,
            network=S,
            provenance=FLAG,
            sbom=FLAG,
            pull=FLAG,
            target=S,
            shm_size=INTEGER,
            extra_hosts=HOSTS,
            isolation=S,
            privileged=FLAG,
            secrets=FILES,
            tags=STRINGS,
            ulimits=ULIMITS,
            platforms=STRINGS,
        ),
    ),
)
_LIMIT = array(mapping({"path": S, "rate": INTEGER}))
BLKIO = mapping(
    {
        "device_read_bps": _LIMIT,
        "device_read_iops": _LIMIT,
        "device_write_bps": _LIMIT,
        "device_write_iops": _LIMIT,
        "weight": INTEGER,
        "weight_device": array(mapping({"path": S, "weight": INTEGER})),
    }
)
_UPDATE = section(
    parallelism=INTEGER,
    delay=S,
    failure_action=S,
    monitor=S,
    max_failure_ratio=NUMBER,
    order=text(among=("start-first", "stop-first")),
)
DEPLOY = section(
    optional=True,
    mode=S,
    endpoint_mode=S,
    replicas=INTEGER,
    labels=LIST_OR_MAP,
    rollback_config=_UPDATE,
    update_config=_UPDATE,
    resources=section(
        limits=section(cpus=NUMBER, memory=S, pids=INTEGER),
        reservations=section(
            cpus=NUMBER,
            memory=S,
            generic_resources=array(section(discrete_resource_spec=section(kind=S, value=NUMBER))),
            devices=array(mapping(DEVICE_REQUEST, required=("capabilities",), extensions=True)),
        ),
    ),
    restart_policy=section(condition=S, delay=S, max_attempts=INTEGER, window=S),
    placement=section(constraints=STRINGS, preferences=array(section(spread=S)), max_replicas_per_node=INTEGER),
)
DEPENDS_ON = one_of(
    ("list", UNIQUE_STRINGS),
    (
        "mapping",
        mapping(
            others=mapping(
                {
                    "restart": FLAG,
                    "required": kinds("boolean"),
                    "condition": text(among=("service_started", "service_healthy", "service_completed_successfully")),
                },
                required=("condition",),
                extensions=True,
            ),
            pattern=NAME,
        ),
    ),
)
DEVELOP = section(
    optional=True,
    watch=array(
        section(
            required=("path", "action"),
            ignore=TEXTS,
            include=TEXTS,
            path=S,
            action=text(among=("rebuild", "sync", "restart", "sync+restart", "sync+exec")),
            target=S,
            exec=HOOK,
            initial_sync=kinds("boolean"),
        )
    ),
)
ENV_FILES = one_of(
    ("string", S),
    (
        "list",
        array(
            one_of(("string", S), ("mapping", mapping({"path": S, "format": S, "required": FLAG}, required=("path",))))
        ),
    ),
)
NETWORKS = one_of(
    ("list", UNIQUE_STRINGS),
    (
        "mapping",
        mapping(
            others=section(
                optional=True,
                aliases=UNIQUE_STRINGS,
                interface_name=S,
                ipv4_address=S,
                ipv6_address=S,
                link_local_ips=UNIQUE_STRINGS,
                mac_address=S,
                driver_opts=OPTIONS,
                priority=kinds("number"),
                gw_priority=kinds("number"),
            ),
            pattern=NAME,
        ),
    ),
)
PORTS = array(
    one_of(
        ("number", anything),
        ("string", S),
        ("mapping", section(name=S, mode=S, host_ip=S, target=INTEGER, published=INTEGER, protocol=S, app_protocol=S)),
    ),
    unique=True,
)
_VOLUME_TYPE = text(among=("bind", "volume", "tmpfs", "cluster", "npipe", "image"))


def _volume_type(value: Any) -> None:
    """What a volume is. The very object `UNDECIDED`, which no file can hold, stands where only a variable knows."""
    if value is not UNDECIDED:
        _VOLUME_TYPE(value)


def _access_mode(value: Any) -> None:
    """All options of a volume, where only a variable knows them; no file can say this."""
    if type(value) is not str or OPEN not in value:
        raise Violation("additional properties 'access_mode' not allowed")


VOLUMES = array(
    one_of(
        ("string", S),
        (
            "mapping",
            section(
                required=("type",),
                type=_volume_type,
                source=S,
                target=S,
                read_only=FLAG,
                consistency=S,
                access_mode=_access_mode,
                bind=section(
                    propagation=S,
                    create_host_path=FLAG,
                    recursive=text(among=("enabled", "disabled", "writable", "readonly")),
                    selinux=text(among=("z", "Z")),
                ),
                volume=section(labels=LIST_OR_MAP, nocopy=FLAG, subpath=S),
                tmpfs=section(size=one_of(("number", within(0)), ("string", S)), mode=NUMBER),
                image=section(subpath=S),
            ),
        ),
    ),
    unique=True,
)
PROVIDER_VALUE = kinds("string", "number", "boolean")
