"""What a compose file may hold: the Compose specification as Compose 2.40.3 enforces it, as data."""

from homelab_assets.compose.problems import refuse
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
from homelab_assets.compose.tree import Map, Seq
from homelab_assets.compose.yaml_nodes import Node

S = kinds("string")
FLAG = kinds("boolean", "string")
INTEGER = kinds("integer", "string")
NUMBER = kinds("number", "string")
STRINGS = array(S)
UNIQUE_STRINGS = array(S, unique=True)
TEXTS = one_of(("string", S), ("list", UNIQUE_STRINGS))
OPTIONS = mapping(others=NUMBER, pattern=".+", open_=True)
NAME = "[a-zA-Z0-9._-]+"


def _section(optional: bool = False, required: tuple[str, ...] = (), **keys: Check) -> Check:
    section = mapping(keys, required=required, extensions=True)
    return one_of(("mapping", section), ("null", anything)) if optional else section


LIST_OR_MAP = one_of(
    ("mapping", mapping(others=kinds("string", "number", "boolean", "null"), pattern="(?s:.+)")),
    ("list", UNIQUE_STRINGS),
)
HOSTS = one_of(
    ("mapping", mapping(others=one_of(("string", S), ("list", STRINGS)), pattern="(?s:.+)")), ("list", UNIQUE_STRINGS)
)
COMMAND = one_of(("null", anything), ("string", S), ("list", STRINGS))
FILES = array(one_of(("string", S), ("mapping", _section(source=S, target=S, uid=S, gid=S, mode=NUMBER))))
ULIMITS = mapping(
    others=one_of(
        ("string", S),
        ("number", kinds("integer")),
        ("mapping", _section(required=("soft", "hard"), hard=INTEGER, soft=INTEGER)),
    ),
    pattern="[a-z]+",
    open_=True,
)
HOOK = _section(required=("command",), command=COMMAND, user=S, privileged=FLAG, working_dir=S, environment=LIST_OR_MAP)
_DEVICE_REQUEST = {
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
        _section(
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
_UPDATE = _section(
    parallelism=INTEGER,
    delay=S,
    failure_action=S,
    monitor=S,
    max_failure_ratio=NUMBER,
    order=text(among=("start-first", "stop-first")),
)
DEPLOY = _section(
    optional=True,
    mode=S,
    endpoint_mode=S,
    replicas=INTEGER,
    labels=LIST_OR_MAP,
    rollback_config=_UPDATE,
    update_config=_UPDATE,
    resources=_section(
        limits=_section(cpus=NUMBER, memory=S, pids=INTEGER),
        reservations=_section(
            cpus=NUMBER,
            memory=S,
            generic_resources=array(_section(discrete_resource_spec=_section(kind=S, value=NUMBER))),
            devices=array(_section(required=("capabilities",), **_DEVICE_REQUEST)),
        ),
    ),
    restart_policy=_section(condition=S, delay=S, max_attempts=INTEGER, window=S),
    placement=_section(constraints=STRINGS, preferences=array(_section(spread=S)), max_replicas_per_node=INTEGER),
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
DEVELOP = _section(
    optional=True,
    watch=array(
        _section(
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
            others=_section(
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
        ("mapping", _section(name=S, mode=S, host_ip=S, target=INTEGER, published=INTEGER, protocol=S, app_protocol=S)),
    ),
    unique=True,
)
VOLUMES = array(
    one_of(
        ("string", S),
        (
            "mapping",
            _section(
                required=("type",),
                type=text(among=("bind", "volume", "tmpfs", "cluster", "npipe", "image")),
                source=S,
                target=S,
                read_only=FLAG,
                consistency=S,
                bind=_section(
                    propagation=S,
                    create_host_path=FLAG,
                    recursive=text(among=("enabled", "disabled", "writable", "readonly")),
                    selinux=text(among=("z", "Z")),
                ),
                volume=_section(labels=LIST_OR_MAP, nocopy=FLAG, subpath=S),
                tmpfs=_section(size=one_of(("number", within(0)), ("string", S)), mode=NUMBER),
                image=_section(subpath=S),
            ),
        ),
    ),
    unique=True,
)
_PROVIDER_VALUE = kinds("string", "number", "boolean")

SERVICE = mapping(
    {
        **dict.fromkeys(
            (
                "cgroup_parent",
                "cpuset",
                "domainname",
                "hostname",
                "image",
                "ipc",
                "isolation",
                "mac_address",
                "network_mode",
                "platform",
                "pull_refresh_after",
                "restart",
                "runtime",
                "stop_grace_period",
                "stop_signal",
                "user",
                "uts",
                "userns_mode",
                "working_dir",
            ),
            S,
        ),
        **dict.fromkeys(
            ("attach", "init", "oom_kill_disable", "privileged", "read_only", "stdin_open", "tty"),
            FLAG,
        ),
        **dict.fromkeys(
            (
                "cpu_shares",
                "cpu_quota",
                "cpu_period",
                "cpu_rt_period",
                "cpu_rt_runtime",
                "cpus",
                "mem_limit",
                "memswap_limit",
                "pids_limit",
                "shm_size",
            ),
            NUMBER,
        ),
        **dict.fromkeys(("mem_reservation", "mem_swappiness", "scale"), INTEGER),
        **dict.fromkeys(
            (
                "cap_add",
                "cap_drop",
                "device_cgroup_rules",
                "dns_opt",
                "external_links",
                "links",
                "profiles",
                "security_opt",
                "volumes_from",
            ),
            UNIQUE_STRINGS,
        ),
        **dict.fromkeys(("annotations", "environment", "labels", "sysctls"), LIST_OR_MAP),
        **dict.fromkeys(("command", "entrypoint"), COMMAND),
        **dict.fromkeys(("configs", "secrets"), FILES),
        **dict.fromkeys(("dns", "dns_search", "tmpfs"), TEXTS),
        **dict.fromkeys(("expose", "group_add"), array(NUMBER, unique=True)),
        **dict.fromkeys(("post_start", "pre_stop"), array(HOOK)),
        "blkio_config": BLKIO,
        "build": BUILD,
        "cgroup": text(among=("host", "private")),
        "container_name": text(matching="[a-zA-Z0-9][a-zA-Z0-9_.-]+"),
        "cpu_count": one_of(("string", S), ("number", within(0))),
        "cpu_percent": one_of(("string", S), ("number", within(0, 100))),
        "credential_spec": _section(config=S, file=S, registry=S),
        "depends_on": DEPENDS_ON,
        "deploy": DEPLOY,
        "develop": DEVELOP,
        "devices": array(
            one_of(("string", S), ("mapping", _section(required=("source",), source=S, target=S, permissions=S)))
        ),
        "env_file": ENV_FILES,
        "extends": one_of(("string", S), ("mapping", mapping({"service": S, "file": S}, required=("service",)))),
        "extra_hosts": HOSTS,
        "gpus": one_of(
            ("string", text(among=("all",))), ("list", array(mapping(_DEVICE_REQUEST, extensions=True, open_=True)))
        ),
        "healthcheck": _section(
            disable=FLAG,
            interval=S,
            retries=NUMBER,
            test=one_of(("string", S), ("list", STRINGS)),
            timeout=S,
            start_period=S,
            start_interval=S,
        ),
        "label_file": one_of(("string", S), ("list", STRINGS)),
        "logging": _section(
            driver=S, options=mapping(others=kinds("string", "number", "null"), pattern=".+", open_=True)
        ),
        "models": one_of(
            ("list", UNIQUE_STRINGS),
            (
                "mapping",
                mapping(others=_section(optional=True, endpoint_var=S, model_var=S), pattern=NAME, open_=True),
            ),
        ),
        "networks": NETWORKS,
        "oom_score_adj": one_of(("string", S), ("number", within(-1000, 1000))),
        "pid": kinds("string", "null"),
        "ports": PORTS,
        "provider": _section(
            required=("type",),
            type=S,
            options=mapping(
                others=one_of(
                    ("string", S), ("number", anything), ("boolean", anything), ("list", array(_PROVIDER_VALUE))
                ),
                pattern=".+",
                open_=True,
            ),
        ),
        "pull_policy": text(
            matching="always|never|build|if_not_present|missing|refresh|daily|weekly|every_([0-9]+[wdhms])+"
        ),
        "storage_opt": mapping(open_=True),
        "ulimits": ULIMITS,
        "use_api_socket": kinds("boolean"),
        "volumes": VOLUMES,
    },
    extensions=True,
)

_EXTERNAL = one_of(("boolean", anything), ("string", S), ("mapping", _section(name=S)))
_EXTERNAL_OPEN = one_of(("boolean", anything), ("string", S), ("mapping", mapping({"name": S}, open_=True)))
NETWORK = _section(
    optional=True,
    name=S,
    driver=S,
    driver_opts=OPTIONS,
    ipam=_section(
        driver=S,
        config=array(_section(subnet=S, ip_range=S, gateway=S, aux_addresses=mapping(others=S, pattern=".+"))),
        options=mapping(others=S, pattern=".+"),
    ),
    external=_EXTERNAL,
    internal=FLAG,
    enable_ipv4=FLAG,
    enable_ipv6=FLAG,
    attachable=FLAG,
    labels=LIST_OR_MAP,
)
VOLUME = _section(optional=True, name=S, driver=S, driver_opts=OPTIONS, external=_EXTERNAL, labels=LIST_OR_MAP)
_FILE_OBJECT = {
    "name": S,
    "environment": S,
    "file": S,
    "external": _EXTERNAL_OPEN,
    "labels": LIST_OR_MAP,
    "template_driver": S,
}
SECRET = mapping({**_FILE_OBJECT, "driver": S, "driver_opts": OPTIONS}, extensions=True)
CONFIG = mapping({**_FILE_OBJECT, "content": S}, extensions=True)
MODEL = _section(required=("model",), name=S, model=S, context_size=kinds("integer"), runtime_flags=STRINGS)
INCLUDE = one_of(("string", S), ("mapping", mapping({"path": TEXTS, "env_file": TEXTS, "project_directory": S})))

FILE = mapping(
    {
        "version": S,
        "name": S,
        "include": array(INCLUDE),
        "services": mapping(others=SERVICE, pattern=NAME),
        "models": mapping(others=MODEL, pattern=NAME, open_=True),
        "networks": mapping(others=NETWORK, pattern=NAME, open_=True),
        "volumes": mapping(others=VOLUME, pattern=NAME),
        "secrets": mapping(others=SECRET, pattern=NAME),
        "configs": mapping(others=CONFIG, pattern=NAME),
    },
    extensions=True,
)


def validate(tree: Map, place: Node) -> None:
    """Check a merged file against the specification.

    Raises:
        BaselineError: with the path of the wrong key and, as far as it is known, where it is written.
    """
    try:
        FILE(tree)
    except Violation as violation:
        path = violation.path[::-1]
        refuse(f"{'.'.join(map(str, path)) or 'the file'} {violation.what}", _place(tree, path) or place)


def _place(tree: Map, path: list[str | int]) -> Node | None:
    """The deepest place on the way to a path."""
    value: object = tree
    found = None
    for step in path:
        if isinstance(value, Map) and isinstance(step, str):
            found = value.places.get(step) or found
            value = value.get(step)
        elif isinstance(value, Seq) and isinstance(step, int):
            found = value.places[step] or found
            value = value[step]
    return found
