"""The sections of the canonical model that stand inside a service: builds, deployments, ports, mounts and the like."""

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
    Section({"path": v.string, "weight": v.maybe_tiny}, {"path": str, "weight": int}), path="Path", weight="Weight"
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
        "target": v.small,
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
        "access_mode": v.string,
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
        "tmpfs": Section({"size": v.size, "mode": v.small}),
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
DEVELOP = Section(
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
)
BLKIO_CONFIG = Section(
    {
        "weight": v.tiny,
        "weight_device": Items(_PATH_AND_WEIGHT),
        "device_read_bps": Items(_PATH_AND_RATE),
        "device_read_iops": Items(_PATH_AND_RATE),
        "device_write_bps": Items(_PATH_AND_RATE),
        "device_write_iops": Items(_PATH_AND_RATE),
    }
)
HEALTHCHECK = Section(
    {
        "test": v.test,
        "timeout": v.maybe_duration,
        "interval": v.maybe_duration,
        "retries": v.maybe_unsigned,
        "start_period": v.maybe_duration,
        "start_interval": v.maybe_duration,
        "disable": v.flag,
    }
)
