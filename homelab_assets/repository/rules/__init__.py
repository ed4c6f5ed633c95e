"""The structure conventions, a module each: `META` says what and why, `check` finds, `fix` mends where that is safe."""

from collections.abc import Iterator
from types import ModuleType

from homelab_assets.repository.rules import (
    hl001_image_tag_pinned,
    hl101_no_version,
    hl102_one_compose_file,
    hl103_endpoint_file_known,
    hl104_target_stack_known,
    hl105_target_endpoint_known,
    hl106_stack_has_target,
    hl107_container_name_unique,
    hl108_ansible_role_layout,
    hl109_terraform_module_layout,
    hl110_stack_name,
    hl201_proxy_network,
    hl202_no_needless_port,
    hl203_port_unique,
    hl301_appdata_path,
    hl401_env_sample,
    hl402_env_sample_complete,
    hl403_no_secret_in_clear,
    hl404_timezone,
    hl405_no_env_in_git,
    hl501_traefik_v3_labels,
    hl502_router_complete,
    hl503_traefik_network,
    hl601_health_check,
    hl602_restart_policy,
    hl801_ignore_has_reason,
    hl802_ignore_is_used,
    hl901_file_parses,
)
from homelab_assets.repository.rules.meta import Meta

RULES: tuple[ModuleType, ...] = (
    hl001_image_tag_pinned,
    hl101_no_version,
    hl102_one_compose_file,
    hl103_endpoint_file_known,
    hl104_target_stack_known,
    hl105_target_endpoint_known,
    hl106_stack_has_target,
    hl107_container_name_unique,
    hl108_ansible_role_layout,
    hl109_terraform_module_layout,
    hl110_stack_name,
    hl201_proxy_network,
    hl202_no_needless_port,
    hl203_port_unique,
    hl301_appdata_path,
    hl401_env_sample,
    hl402_env_sample_complete,
    hl403_no_secret_in_clear,
    hl404_timezone,
    hl405_no_env_in_git,
    hl501_traefik_v3_labels,
    hl502_router_complete,
    hl503_traefik_network,
    hl601_health_check,
    hl602_restart_policy,
    hl801_ignore_has_reason,
    hl802_ignore_is_used,
    hl901_file_parses,
)


def metas() -> Iterator[Meta]:
    """Yield what each rule says of itself, by id."""
    for rule in RULES:
        yield rule.META
