"""How a container is kept alive and watched: restart policy, health check, logging."""

import json
import re
from collections.abc import Mapping
from functools import lru_cache
from typing import Any

from homelab_assets.drift.leaf import UNKNOWN, Given, Leaf, Row
from homelab_assets.drift.rows.shapes import (
    as_nanoseconds,
    boolean,
    duration_forms,
    has_marker,
    ip_address,
    number,
    write_duration,
)
from homelab_assets.drift.view import Declared, Observed, once
from homelab_assets.late import late

_CONDITION = {"none": "no", "any": "always", "": "no"}
_TO_CONDITION = {"no": "none", "always": "any"}
_CONDITION_PATH, _ATTEMPTS_PATH = "deploy.restart_policy.condition", "deploy.restart_policy.max_attempts"


@lru_cache(maxsize=1024)
def _policy(text: str) -> Any:
    """A restart policy as compared: name, and retries of `on-failure` (0: without end)."""
    if has_marker(text):
        return text
    name, _, retries = text.partition(":")
    return _CONDITION.get(name, name), int(retries) if retries.isdigit() else 0


@once
def _expected_restart(declared: Declared) -> dict[str, Leaf]:
    policy = declared.deploy("restart_policy")
    if isinstance(policy, Mapping):
        condition = policy.get("condition") or "none"
        attempts = policy.get("max_attempts") or 0
        name = condition if has_marker(condition) else _CONDITION.get(condition, condition)
        leaves = {_CONDITION_PATH: Leaf(name if has_marker(name) else (name, 0), condition)}
        if attempts:
            leaves[_ATTEMPTS_PATH] = Leaf(number(attempts))
        return leaves
    restart = declared.get("restart")
    return {"restart": Leaf(_policy(str(restart)), restart)} if restart not in (None, "") else {}


def _observed_restart(container: Observed, declared: Declared) -> dict[str, Leaf]:
    policy: Mapping[str, Any] = container.host_config.get("RestartPolicy") or {}
    name, retries = str(policy.get("Name") or ""), int(policy.get("MaximumRetryCount") or 0)
    retries = retries if name == "on-failure" else 0
    wanted = _expected_restart(declared)
    if _CONDITION_PATH not in wanted:
        return {"restart": Leaf((name, retries), f"{name}:{retries}" if retries else name)} if name else {}
    # Attempts mean nothing beside another condition: the condition is the difference.
    leaves = {path: leaf for path, leaf in wanted.items() if path == _ATTEMPTS_PATH and name != "on-failure"}
    if retries:
        leaves[_ATTEMPTS_PATH] = Leaf(retries)
    return leaves | ({_CONDITION_PATH: Leaf((name, 0), _TO_CONDITION.get(name, name))} if name else {})


def _restart_forms(leaf: Leaf) -> tuple[str, ...]:
    if isinstance(leaf.value, int):
        return (str(leaf.value),)
    name, retries = leaf.value
    text = f"{name}:{retries}" if retries else name
    return tuple(dict.fromkeys((str(leaf.shown), text, _TO_CONDITION.get(name, name))))


_HEALTH = {
    "interval": "Interval",
    "timeout": "Timeout",
    "start_period": "StartPeriod",
    "start_interval": "StartInterval",
    "retries": "Retries",
}


def _test(value: Any) -> Any:
    if isinstance(value, str):
        return ("CMD-SHELL", value)
    return tuple(str(part) for part in value or ())


def _health(value: Any, name: str) -> Any:
    return number(value) if name == "retries" else as_nanoseconds(value)


def _write_health(value: Any, name: str) -> Any:
    return value if name == "retries" or not isinstance(value, int) else write_duration(value)


def _disabled(check: Mapping[str, Any]) -> bool:
    return boolean(check.get("disable")) is True or _test(check.get("test")) == ("NONE",)


@once
def _expected_health(declared: Declared) -> dict[str, Leaf]:
    check: Mapping[str, Any] = declared.get("healthcheck") or {}
    if _disabled(check):
        return {"healthcheck.test": Leaf(("NONE",), ["NONE"])}
    leaves = {}
    if check.get("test"):
        leaves["healthcheck.test"] = Leaf(_test(check["test"]), list(_test(check["test"])))
    for name in _HEALTH:
        value = _health(check.get(name), name)
        if value not in (None, 0, ""):
            leaves[f"healthcheck.{name}"] = Leaf(value, _write_health(value, name))
    return leaves


def _found_health(check: Mapping[str, Any]) -> dict[str, Leaf]:
    test = _test(check.get("Test"))
    leaves = {"healthcheck.test": Leaf(test, list(test))} if test else {}
    for name, field in _HEALTH.items():
        if check.get(field):
            leaves[f"healthcheck.{name}"] = Leaf(check[field], _write_health(check[field], name))
    return leaves


def _observed_health(container: Observed, declared: Declared) -> dict[str, Leaf]:
    check: Mapping[str, Any] = container.config.get("Healthcheck") or {}
    found, wanted = _found_health(check), _expected_health(declared)
    test = found.get("healthcheck.test")
    off = [leaf for leaf in (test, wanted.get("healthcheck.test")) if leaf and leaf.value == ("NONE",)]
    gone = not check and "healthcheck.test" in wanted
    if off or gone:
        # A check that is off on one side differs once: its intervals mean nothing.
        rest = {path: leaf for path, leaf in wanted.items() if path != "healthcheck.test"}
        return rest | ({"healthcheck.test": test} if test else {})
    if container.host.api and container.host.api < (1, 44) and "healthcheck.start_interval" in wanted:
        found["healthcheck.start_interval"] = wanted["healthcheck.start_interval"]
    return found


def _given_health(container: Observed, declared: Declared) -> Given:
    if container.image is None:
        return {f"healthcheck.{name}": UNKNOWN for name in ("test", *_HEALTH)}
    own = _found_health(container.image_config.get("Healthcheck") or {})
    return {path: (leaf.value,) for path, leaf in own.items()}


def _health_forms(leaf: Leaf) -> tuple[str, ...]:
    if isinstance(leaf.value, tuple):
        kind, *rest = leaf.value or ("",)
        text = " ".join(rest)
        return (text, json.dumps(list(leaf.value))) if kind == "CMD-SHELL" else (json.dumps(list(leaf.value)), text)
    duration = isinstance(leaf.value, int) and isinstance(leaf.shown, str)
    return duration_forms(leaf.value) if duration else (str(leaf.value),)


def _expected_logging(declared: Declared) -> dict[str, Leaf]:
    logging: Mapping[str, Any] = declared.get("logging") or {}
    leaves = {"logging.driver": Leaf(str(logging["driver"]))} if logging.get("driver") else {}
    options = logging.get("options") or {}
    return leaves | {
        f"logging.options.{name}": Leaf(str(value)) for name, value in options.items() if value is not None
    }


_LOG_SIZES = {
    "max-size": ("json-file", "local"),
    "fluentd-buffer-limit": ("fluentd",),
    "max-buffer-size": (),
    "cache-max-size": (),
}
"""Options that an engine reads as sizes, with the drivers for which it does; (): whichever it is."""

_LOG_SIZE = late(r"(?P<number>\d+(?:\.\d+)?) ?(?P<unit>[kmgtp]?)i?b?", re.IGNORECASE | re.ASCII)


def _log_option(driver: str, name: str, text: str) -> Any:
    """An option as an engine reads it; which of them counts kilobytes by 1000, and which by 1024, is all the same."""
    size = _LOG_SIZE.fullmatch(text) if name in _LOG_SIZES and driver in (_LOG_SIZES[name] or (driver,)) else None
    return (float(size["number"]), size["unit"].lower()) if size else text


def log_config(container: Observed) -> tuple[str, Mapping[str, Any]]:
    """The log driver of a container, and its options."""
    config: Mapping[str, Any] = container.host_config.get("LogConfig") or {}
    return str(config.get("Type") or ""), config.get("Config") or {}


def _observed_logging(container: Observed, declared: Declared) -> dict[str, Leaf]:
    driver, options = log_config(container)
    leaves = {"logging.driver": Leaf(driver)} if driver else {}
    wanted = _expected_logging(declared)
    mine = wanted.pop("logging.driver", None)
    if mine and mine.value != driver and not has_marker(mine.value):
        # Another driver brings its own options: the driver is the difference.
        return leaves | wanted
    for name, value in options.items():
        path, leaf = f"logging.options.{name}", Leaf(str(value))
        other = wanted.get(path, leaf)
        alike = _log_option(driver, name, other.value) == _log_option(driver, name, leaf.value)
        leaves[path] = other if alike else leaf
    return leaves


def _given_logging(container: Observed, declared: Declared) -> Given:
    driver, options = log_config(container)
    host, usual = container.host, container.host.habits.usual
    given: dict[str, Any] = {}
    if usual("logging.driver", driver, container):
        given["logging.driver"] = (driver,)
    else:
        given["logging.driver"] = ("json-file", str(host.info.get("LoggingDriver") or "json-file"))
    for name, value in options.items():
        if usual(f"logging.options.{name}", value, container):
            given[f"logging.options.{name}"] = (value,)
    return given


_HOST_ENTRY = late(r"(?P<host>[^:=]+)[:=](?P<address>.*)", re.DOTALL)


def _hosts(entries: Any) -> dict[str, Leaf]:
    found: dict[str, set[str]] = {}
    pairs = (
        [f"{name}={address}" for name, address in entries.items()] if isinstance(entries, Mapping) else entries or ()
    )
    for entry in pairs:
        match = _HOST_ENTRY.fullmatch(str(entry))
        if not match:
            found.setdefault(str(entry), set()).add("")
            continue
        found.setdefault(match["host"], set()).add(ip_address(match["address"].strip("[]")))
    return {
        f"extra_hosts.{host}": Leaf(frozenset(addresses), ",".join(sorted(addresses)))
        for host, addresses in found.items()
    }


def _ordered(key: str, field: str) -> Row:
    def leaves(values: Any) -> dict[str, Leaf]:
        values = [values] if isinstance(values, str) else list(values or ())
        # An empty address is none; an empty domain to search keeps away those of the host.
        values = [ip_address(str(value)) for value in values if value or key != "dns"]
        return {key: Leaf(tuple(values), values)} if values else {}

    return Row(
        key=key, kind="ordered", where=f"HostConfig.{field}", still=(f"HostConfig.{field}",),
        expected=lambda declared: leaves(declared.get(key)),
        observed=lambda container, declared: leaves(container.host_config.get(field)),
    )  # fmt: skip


ROWS: tuple[Row, ...] = (
    Row(
        key="restart", kind="scalar", where="HostConfig.RestartPolicy", live=True, nothing=(("no", 0),),
        keys=("restart", "deploy"), still=("HostConfig.RestartPolicy",),
        explicit_default=True, forms=_restart_forms, engine='`""` or `no`',
        expected=_expected_restart, observed=_observed_restart,
    ),
    Row(
        key="healthcheck", kind="keyed", where="Config.Healthcheck", seal="arguments",
        image="`Healthcheck`, field by field", inherited=("Healthcheck",),
        expected=_expected_health, observed=_observed_health, given=_given_health, forms=_health_forms,
    ),
    Row(
        key="logging", kind="keyed", where="HostConfig.LogConfig", seal="name", daemon=True,
        engine="the daemon's log driver and options", still=("HostConfig.LogConfig",),
        expected=_expected_logging, observed=_observed_logging, given=_given_logging,
    ),
    _ordered("dns", "Dns"),
    _ordered("dns_search", "DnsSearch"),
    _ordered("dns_opt", "DnsOptions"),
    Row(
        key="extra_hosts", kind="keyed", where="HostConfig.ExtraHosts", still=("HostConfig.ExtraHosts",),
        expected=lambda declared: _hosts(declared.get("extra_hosts")),
        observed=lambda container, declared: _hosts(container.host_config.get("ExtraHosts")),
    ),
)  # fmt: skip
