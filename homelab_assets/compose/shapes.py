"""The canonical model as tables: every section with its attributes, in the order in which Compose writes them.

The order is part of the truth: Compose's config hash is taken of the text (see `confighash`).
"""

from typing import Any

from homelab_assets.compose import values as v
from homelab_assets.compose.extensions import as_json
from homelab_assets.compose.sections import Entries, Items, Section
from homelab_assets.compose.shape_parts import (
    BLKIO_CONFIG,
    BUILD,
    DEPLOY,
    DEVELOP,
    DEVICE_REQUEST,
    FILE_REFERENCE,
    HEALTHCHECK,
    HOOK,
    NETWORK_ATTACHMENT,
    PORT,
    VOLUME_MOUNT,
)


def _unread(value: Any) -> Any:
    """What newer versions of Compose print in a form that is not known here."""
    return as_json(value) or v.OMIT


SERVICE = Section(
    {
        "profiles": v.strings,
        "annotations": v.texts,
        "attach": v.maybe_flag,
        "build": BUILD,
        "develop": DEVELOP,
        "blkio_config": BLKIO_CONFIG,
        "cap_add": v.strings,
        "cap_drop": v.strings,
        "cgroup_parent": v.string,
        "cgroup": v.string,
        "cpu_count": v.integer,
        "cpu_percent": v.number,
        "cpu_period": v.integer,
        "cpu_quota": v.integer,
        "cpu_rt_period": v.integer,
        "cpu_rt_runtime": v.integer,
        "cpus": v.number,
        "cpuset": v.string,
        "cpu_shares": v.integer,
        "command": v.command,
        "configs": Items(FILE_REFERENCE),
        "container_name": v.string,
        "credential_spec": Section({"config": v.string, "file": v.string, "registry": v.string}),
        "depends_on": Entries(
            Section({"condition": v.string, "restart": v.flag, "required": v.maybe_flag}, {"required": bool})
        ),
        "deploy": DEPLOY,
        "device_cgroup_rules": v.strings,
        "devices": Items(Section({"source": v.string, "target": v.string, "permissions": v.string})),
        "dns": v.strings,
        "dns_opt": v.strings,
        "dns_search": v.strings,
        "domainname": v.string,
        "entrypoint": v.command,
        "provider": Section({"type": v.string, "options": v.multiple}),
        "environment": v.environment,
        "env_file": Items(Section({"path": v.string, "required": v.maybe_flag, "format": v.string})),
        "expose": v.printed,
        "extends": Section({"file": v.string, "service": v.string}),
        "external_links": v.strings,
        "extra_hosts": v.hosts,
        "group_add": v.strings,
        "gpus": Items(DEVICE_REQUEST),
        "hostname": v.string,
        "healthcheck": HEALTHCHECK,
        "image": v.string,
        "init": v.maybe_flag,
        "ipc": v.string,
        "isolation": v.string,
        "labels": v.texts,
        "label_file": v.strings,
        "links": v.strings,
        "logging": Section({"driver": v.string, "options": v.texts}),
        "mem_limit": v.size,
        "mem_reservation": v.size,
        "memswap_limit": v.size,
        "mem_swappiness": v.size,
        "mac_address": v.string,
        "models": Entries(Section({"endpoint_var": v.string, "model_var": v.string}), nullable=True),
        "network_mode": v.string,
        "networks": Entries(NETWORK_ATTACHMENT, nullable=True),
        "oom_kill_disable": v.flag,
        "oom_score_adj": v.integer,
        "pid": v.string,
        "pids_limit": v.integer,
        "platform": v.string,
        "ports": Items(PORT),
        "privileged": v.flag,
        "pull_policy": v.string,
        "read_only": v.flag,
        "restart": v.string,
        "runtime": v.string,
        "scale": v.maybe_integer,
        "secrets": Items(FILE_REFERENCE),
        "security_opt": v.strings,
        "shm_size": v.size,
        "stdin_open": v.flag,
        "stop_grace_period": v.maybe_duration,
        "stop_signal": v.string,
        "storage_opt": v.string_map,
        "sysctls": v.texts,
        "tmpfs": v.strings,
        "tty": v.flag,
        "ulimits": Entries(v.ulimit),
        "use_api_socket": v.flag,
        "user": v.string,
        "userns_mode": v.string,
        "uts": v.string,
        "volumes": Items(VOLUME_MOUNT),
        "volumes_from": v.strings,
        "working_dir": v.string,
        "pre_start": _unread,
        "post_start": Items(HOOK),
        "pre_stop": Items(HOOK),
    },
    {"command": lambda: None, "entrypoint": lambda: None},
)
NETWORK = Section(
    {
        "name": v.string,
        "driver": v.string,
        "driver_opts": v.texts,
        "ipam": Section(
            {
                "driver": v.string,
                "config": Items(
                    Section({"subnet": v.string, "gateway": v.string, "ip_range": v.string, "aux_addresses": v.texts})
                ),
            }
        ),
        "external": v.flag,
        "internal": v.flag,
        "attachable": v.flag,
        "labels": v.texts,
        "enable_ipv4": v.maybe_flag,
        "enable_ipv6": v.maybe_flag,
    },
    {"ipam": dict},
)
VOLUME = Section({"name": v.string, "driver": v.string, "driver_opts": v.texts, "external": v.flag, "labels": v.texts})
FILE_OBJECT = Section(
    {
        "name": v.string,
        "file": v.string,
        "environment": v.string,
        "content": v.string,
        "external": v.flag,
        "labels": v.texts,
        "driver": v.string,
        "driver_opts": v.string_map,
        "template_driver": v.string,
    }
)
