"""Puts the code location together: assets, checks, jobs, schedules, sensors and resources of one homelab."""

import os
from collections.abc import Mapping

import dagster as dg

from homelab_assets import __version__
from homelab_assets.errors import ConfigurationError
from homelab_assets.lab.settings import Lab, load_lab
from homelab_assets.orchestration.assets import all_assets
from homelab_assets.orchestration.checks import asset_checks
from homelab_assets.orchestration.jobs import jobs
from homelab_assets.orchestration.resources import Laboratory
from homelab_assets.orchestration.retention import history_retention
from homelab_assets.orchestration.schedules import schedules
from homelab_assets.orchestration.sensors import sensors
from homelab_assets.orchestration.store import JsonStore

_CELERY = {"broker": "CELERY_BROKER", "backend": "CELERY_BACKEND"}


def build_defs(
    *,
    lab: Lab | None = None,
    resource_overrides: Mapping[str, object] | None = None,
    environment: Mapping[str, str] | None = None,
) -> dg.Definitions:
    """Assemble the code location.

    Args:
        lab: the homelab; default: the one that `lab.yaml` describes, else the demo lab.
        resource_overrides: by name, instead of `laboratory` (settings, vault, clock), `store` and `io_manager`.
        environment: switches (default: the process's): `HOMELAB_EXECUTOR` is `in_process` (default),
            `multiprocess`, `celery` or `kubernetes`; `HOMELAB_HOSTS_PER_STEP` makes several steps of the capture.

    Raises:
        ConfigurationError: `lab.yaml` is wrong (the message names each mistake with its line), or a switch is.
    """
    environment = os.environ if environment is None else environment
    lab = load_lab() if lab is None else lab
    _tell_apart(lab)
    store = JsonStore(lab.state / "assets")
    by_name = {job.name: job for job in jobs()}
    return dg.Definitions(
        assets=all_assets(lab, hosts_per_step=_hosts_per_step(environment.get("HOMELAB_HOSTS_PER_STEP", ""))),
        asset_checks=asset_checks(lab),
        jobs=[*by_name.values(), history_retention],
        schedules=schedules(lab, by_name),
        sensors=sensors(lab, by_name),
        resources={
            "laboratory": Laboratory(lab),
            "store": store,
            "io_manager": store,
            **(resource_overrides or {}),
        },
        executor=_executor(environment.get("HOMELAB_EXECUTOR", ""), environment),
        metadata={"version": __version__, "lab": str(lab.file), "demo": lab.demo},
    )


def _hosts_per_step(text: str) -> int | None:
    if not text:
        return None
    if not (text.isascii() and text.isdecimal() and int(text)):
        raise ConfigurationError(
            f"HOMELAB_HOSTS_PER_STEP: {text!r} is no number of hosts", hint="use 1 or more, or unset it for one step"
        )
    return int(text)


def _tell_apart(lab: Lab) -> None:
    """Refuse names that Dagster makes the same identifier of: one would silently take the other's place."""
    for section, members in (("hosts", lab.hosts), ("repositories", lab.repositories)):
        seen: dict[str, str] = {}
        for name in members:
            other = seen.setdefault(dg.AssetKey(name).to_python_identifier(), name)
            if other != name:
                raise ConfigurationError(
                    f"{section}.{name}: differs from {other} in punctuation alone",
                    where=f"{lab.file}:{lab.lines.get(f'{section}.{name}', 1)}",
                    hint="rename one of them: Dagster can't tell them apart",
                )


def _executor(name: str, environment: Mapping[str, str]) -> dg.ExecutorDefinition:
    """Return the executor. One process is the default: a step of its own costs more than most steps' work."""
    try:
        match name:
            case "" | "in_process":
                return dg.in_process_executor
            case "multiprocess":
                start = {"forkserver": {"preload_modules": ["homelab_assets.definitions"]}}
                return dg.multiprocess_executor.configured({"max_concurrent": 2, "start_method": start})
            case "celery":
                from dagster_celery import celery_executor

                addresses = {key: environment[name] for key, name in _CELERY.items() if name in environment}
                return celery_executor.configured(addresses)
            case "kubernetes":
                from dagster_k8s import k8s_job_executor

                # Image, account and mounts of a step's pod are those of the run's: see deploy/kubernetes.
                return k8s_job_executor
    except ImportError as error:
        raise ConfigurationError(
            f"HOMELAB_EXECUTOR: {name} needs the library {error.name}", hint="in the checkout: pip install '.[fleet]'"
        ) from None
    raise ConfigurationError(
        f"HOMELAB_EXECUTOR: {name!r} is no executor", hint="use in_process, multiprocess, celery or kubernetes"
    )
