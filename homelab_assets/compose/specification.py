"""What a compose file may hold: the Compose specification as Compose 2.40.3 enforces it, as data."""

from homelab_assets.compose.problems import refuse
from homelab_assets.compose.schema import (
    Violation,
    anything,
    array,
    kinds,
    mapping,
    one_of,
    text,
    within,
)
from homelab_assets.compose.specification_parts import (
    BLKIO,
    BUILD,
    COMMAND,
    DEPENDS_ON,
    DEPLOY,
    DEVELOP,
    DEVICE_REQUEST,
    ENV_FILES,
    FILES,
    FLAG,
    HOOK,
    HOSTS,
    INTEGER,
    LIST_OR_MAP,
    NAME,
    NETWORKS,
    NUMBER,
    OPTIONS,
    PORTS,
    PROVIDER_VALUE,
    STRINGS,
    TEXTS,
    ULIMITS,
    UNIQUE_STRINGS,
    VOLUMES,
    S,
    section,
)
from homelab_assets.compose.tree import Map, Seq
from homelab_assets.compose.yaml_nodes import Node

_SERVICE = {
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
    "credential_spec": section(config=S, file=S, registry=S),
    "depends_on": DEPENDS_ON,
    "deploy": DEPLOY,
    "develop": DEVELOP,
    "devices": array(
        one_of(("string", S), ("mapping", section(required=("source",), source=S, target=S, permissions=S)))
    ),
    "env_file": ENV_FILES,
    "extends": one_of(("string", S), ("mapping", mapping({"service": S, "file": S}, required=("service",)))),
    "extra_hosts": HOSTS,
    "gpus": one_of(
        ("string", text(among=("all",))), ("list", array(mapping(DEVICE_REQUEST, extensions=True, open_=True)))
    ),
    "healthcheck": section(
        disable=FLAG,
        interval=S,
        retries=NUMBER,
        test=one_of(("string", S), ("list", STRINGS)),
        timeout=S,
        start_period=S,
        start_interval=S,
    ),
    "label_file": one_of(("string", S), ("list", STRINGS)),
    "logging": section(driver=S, options=mapping(others=kinds("string", "number", "null"), pattern=".+", open_=True)),
    "models": one_of(
        ("list", UNIQUE_STRINGS),
        (
            "mapping",
            mapping(others=section(optional=True, endpoint_var=S, model_var=S), pattern=NAME, open_=True),
        ),
    ),
    "networks": NETWORKS,
    "oom_score_adj": one_of(("string", S), ("number", within(-1000, 1000))),
    "pid": kinds("string", "null"),
    "ports": PORTS,
    "provider": section(
        required=("type",),
        type=S,
        options=mapping(
            others=one_of(("string", S), ("number", anything), ("boolean", anything), ("list", array(PROVIDER_VALUE))),
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
}
SERVICE = mapping(_SERVICE, extensions=True)

_EXTERNAL = one_of(("boolean", anything), ("string", S), ("mapping", section(name=S)))
_EXTERNAL_OPEN = one_of(("boolean", anything), ("string", S), ("mapping", mapping({"name": S}, open_=True)))
NETWORK = section(
    optional=True,
    name=S,
    driver=S,
    driver_opts=OPTIONS,
    ipam=section(
        driver=S,
        config=array(section(subnet=S, ip_range=S, gateway=S, aux_addresses=mapping(others=S, pattern=".+"))),
        options=mapping(others=S, pattern=".+"),
    ),
    external=_EXTERNAL,
    internal=FLAG,
    enable_ipv4=FLAG,
    enable_ipv6=FLAG,
    attachable=FLAG,
    labels=LIST_OR_MAP,
)
VOLUME = section(optional=True, name=S, driver=S, driver_opts=OPTIONS, external=_EXTERNAL, labels=LIST_OR_MAP)
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
MODEL = section(required=("model",), name=S, model=S, context_size=kinds("integer"), runtime_flags=STRINGS)
INCLUDE = one_of(("string", S), ("mapping", mapping({"path": TEXTS, "env_file": TEXTS, "project_directory": S})))

_FILE = {
    "version": S,
    "name": S,
    "include": array(INCLUDE),
    "services": mapping(others=SERVICE, pattern=NAME),
    "models": mapping(others=MODEL, pattern=NAME, open_=True),
    "networks": mapping(others=NETWORK, pattern=NAME, open_=True),
    "volumes": mapping(others=VOLUME, pattern=NAME),
    "secrets": mapping(others=SECRET, pattern=NAME),
    "configs": mapping(others=CONFIG, pattern=NAME),
}
FILE = mapping(_FILE, extensions=True)

_SINCE = {"pre_start": "5.3", "jobs": "5.6"}
"""What newer versions of Compose take besides: it runs once, and shapes no container of a service."""

_NEWER_SERVICE = mapping({**_SERVICE, "pre_start": array(anything)}, extensions=True)
NEWER_FILE = mapping(
    {**_FILE, "services": mapping(others=_NEWER_SERVICE, pattern=NAME), "jobs": mapping(others=anything, pattern=NAME)},
    extensions=True,
)


def validate(tree: Map, place: Node, newer: bool) -> None:
    """Check a merged file against the specification. `newer`: Compose 5 is to read it.

    Raises:
        BaselineError: with the path of the wrong key and, as far as it is known, where it is written.
    """
    try:
        (NEWER_FILE if newer else FILE)(tree)
    except Violation as violation:
        path = violation.path[::-1]
        written = [] if violation.key is None else [violation.key]
        since = _SINCE.get(violation.key or "")
        refuse(
            f"{'.'.join(map(str, path)) or 'the file'} {violation.what}",
            _place(tree, [*path, *written]) or place,
            hint=f"Compose knows it from {since} on" if since else None,
        )


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
