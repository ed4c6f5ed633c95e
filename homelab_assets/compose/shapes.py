"""The canonical model as tables: every section with its attributes, in the order in which Compose writes them.

The order is part of the truth: Compose's config hash is taken of the text (see `confighash`).
"""

from typing import Any

from homelab_assets.compose import values as v
from homelab_assets.compose.sections import Entries, Items, Section
from homelab_assets.compose.values import Decode


def _renamed(section: Section, **names: str) -> Decode:
    """Print the attributes of a section under other names, all of them."""

    def decode(value: Any) -> Any:
        decoded = section(value)
        return {shown: decoded[name] for name, shown in names.items()}

    return decode


_PATH_AND_WEIGHT = _renamed(
    Section({"path": v.string, "weight": v.maybe_unsigned}, {"path": str, "weight": int}), path="Path", weight="Weight"
)
_PATH_AND_RATE = _renamed(
    Section({"path": v.string, "rate": v.sized}, {"path": str, "rate": lambda: "0"}), path="Path", rate="Rate"
)
HOOK = Section(
    {
        "command": v.command,
        "user": v.string,
        "privileged": v.flag,
        "working_dir": v.string,
        "environment": v.environment,
    },
    {"command": lambda: None},
)
FILE_REFERENCE = Section({"source": v.string, "target": v.string, "uid": v.string, "gid": v.string, "mode": v.mode})
DEVICE_REQUEST = Section(
    {
        "capabilities": v.strings,
        "driver": v.string,
        "count": v.count,
        "device_ids": v.strings,
        "options": v.texts,
    }
)
BUILD = Section(
    {
        "context": v.string,
        "dockerfile": v.string,
        "dockerfile_inline": v.string,
        "entitlements": v.strings,
        "args": v.environment,
        "provenance": v.string,
        "sbom": v.string,
        "ssh": v.ssh,
        "labels": v.texts,
        "cache_from": v.strings,
        "cache_to": v.strings,
        "no_cache": v.flag,
        "additional_contexts": v.texts,
        "pull": v.flag,
        "extra_hosts": v.hosts,
        "isolation": v.string,
        "network": v.string,
        "target": v.string,
        "secrets": Items(FILE_REFERENCE),
        "shm_size": v.size,
        "tags": v.strings,
        "ulimits": Entries(v.ulimit),
        "platforms": v.strings,
        "privileged": v.flag,
    }
)
_UPDATE = Section(
    {
        "parallelism": v.maybe_unsigned,
        "delay": v.duration,
        "failure_action": v.string,
        "monitor": v.duration,
        "max_failure_ratio": v.number,
        "order": v.string,
    }
)
_RESOURCE = Section(
    {
        "cpus": v.number,
        "memory": v.size,
        "pids": v.integer,
        "devices": Items(DEVICE_REQUEST),
        "generic_resources": Items(
            Section(
                {
                    "discrete_resource_spec": Section(
                        {"kind": v.string, "value": v.maybe_integer}, {"kind": str, "value": int}
                    )
                }
            )
        ),
    }
)
DEPLOY = Section(
    {
        "mode": v.string,
        "replicas": v.maybe_integer,
        "labels": v.texts,
        "update_config": _UPDATE,
        "rollback_config": _UPDATE,
        "resources": Section({"limits": _RESOURCE, "reservations": _RESOURCE}),
        "restart_policy": Section(
            {
                "condition": v.string,
                "delay": v.maybe_duration,
                "max_attempts": v.maybe_unsigned,
                "window": v.maybe_duration,
            }
        ),
        "placement": Section(
            {
                "constraints": v.strings,
                "preferences": Items(Section({"spread": v.string})),
                "max_replicas_per_node": v.unsigned,
            }
        ),
        "endpoint_mode": v.string,
    },
    {"resources": dict, "placement": dict},
)
PORT = Section(
    {
        "name": v.string,
        "mode": v.string,
        "host_ip": v.string,
        "target": v.unsigned,
        "published": v.string,
        "protocol": v.string,
        "app_protocol": v.string,
    }
)
VOLUME_MOUNT = Section(
    {
        "type": v.string,
        "source": v.string,
        "target": v.string,
        "read_only": v.flag,
        "consistency": v.string,
        "bind": Section(
            {
                "selinux": v.string,
                "propagation": v.string,
                "create_host_path": v.flag,
                "recursive": v.string,
            }
        ),
        "volume": Section({"labels": v.texts, "nocopy": v.flag, "subpath": v.string}),
        "tmpfs": Section({"size": v.size, "mode": v.unsigned}),
        "image": Section({"subpath": v.string}),
    }
)
NETWORK_ATTACHMENT = Section(
    {
        "aliases": v.strings,
        "driver_opts": v.texts,
        "gw_priority": v.integer,
        "interface_name": v.string,
        "ipv4_address": v.string,
        "ipv6_address": v.string,
        "link_local_ips": v.strings,
        "mac_address": v.string,
        "priority": v.integer,
    }
)
SERVICE = Section(
    {
        "profiles": v.strings,
        "annotations": v.texts,
        "attach": v.maybe_flag,
        "build": BUILD,
        "develop": Section(
            {
                "watch": Items(
                    Section(
                        {
                            "path": v.string,
                            "action": v.string,
                            "target": v.string,
                            "exec": HOOK,
                            "include": v.strings,
                            "ignore": v.strings,
                            "initial_sync": v.flag,
                        },
                        {"exec": lambda: {"command": None}},
                    )
                )
            }
        ),
        "blkio_config": Section(
            {
                "weight": v.unsigned,
                "weight_device": Items(_PATH_AND_WEIGHT),
                "device_read_bps": Items(_PATH_AND_RATE),
                "device_read_iops": Items(_PATH_AND_RATE),
                "device_write_bps": Items(_PATH_AND_RATE),
                "device_write_iops": Items(_PATH_AND_RATE),
            }
        ),
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
        "healthcheck": Section(
            {
                "test": v.test,
                "timeout": v.maybe_duration,
                "interval": v.maybe_duration,
                "retries": v.maybe_unsigned,
                "start_period": v.maybe_duration,
                "start_interval": v.maybe_duration,
                "disable": v.flag,
            }
        ),
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
