"""Keys that take a number or a boolean but may be written as text: cast while variables are replaced."""

import math
import re
import struct
from collections.abc import Callable
from typing import Any

from homelab_assets.compose.problems import refuse
from homelab_assets.compose.tree import Rules
from homelab_assets.late import late

_INTEGER = late(r"[-+]?[0-9]+")
_DIGITS, _HEX = (rf"{digit}+(?:_{digit}+)*" for digit in ("[0-9]", "[0-9a-fA-F]"))
_DECIMAL = late(rf"[-+]?(?:{_DIGITS}(?:\.(?:{_DIGITS})?)?|\.{_DIGITS})(?:[eE][-+]?{_DIGITS})?")
_HEXADECIMAL = late(rf"[-+]?0[xX](?:_?{_HEX}(?:\.(?:{_HEX})?)?|\.{_HEX})[pP][-+]?{_DIGITS}")
_SPECIAL = late(r"[-+]?(?:inf|infinity|nan)", re.IGNORECASE)
_BOOLEANS = {"true": True, "y": True, "yes": True, "on": True, "false": False, "n": False, "no": False, "off": False}


def to_int(text: str) -> int:
    """Cast text to an integer: decimal digits only."""
    if not _INTEGER.fullmatch(text) or not -(1 << 63) <= int(text) < 1 << 63:
        refuse(f"{text!r} is not a decimal integer")
    return int(text)


def to_float(text: str) -> float:
    """Cast text to a float, as Go's `ParseFloat` reads it."""
    if _SPECIAL.fullmatch(text):
        return float(text)
    if _DECIMAL.fullmatch(text):
        value = float(text)
    elif _HEXADECIMAL.fullmatch(text):
        value = _from_hex(text.replace("_", ""))
    else:
        refuse(f"{text!r} is not a number")
    if math.isinf(value):
        refuse(f"{text!r} is out of range")
    return value


def _from_hex(text: str) -> float:
    try:
        return float.fromhex(text)
    except OverflowError:
        return math.inf


def to_float32(text: str) -> float:
    """Cast text to a float of single precision."""
    return single(to_float(text))


def single(value: float) -> float:
    """Round to single precision."""
    try:
        rounded: float = struct.unpack("f", struct.pack("f", value))[0]
    except OverflowError:
        refuse(f"{value} is out of range")
    return rounded


def to_bool(text: str) -> bool:
    """Cast text to a boolean: true, yes, y, on and their opposites, in any case."""
    value = _BOOLEANS.get(text.lower())
    if value is None:
        refuse(f"{text!r} is not a boolean", hint="write true or false")
    return value


CASTS: Rules[Callable[[str], Any]] = Rules(
    {
        **dict.fromkeys(
            (
                f"services.*.{key}"
                for key in ("cpu_count", "cpu_period", "cpu_quota", "cpu_rt_period", "cpu_rt_runtime", "cpu_shares")
            ),
            to_int,
        ),
        "services.*.cpu_percent": to_float,
        "services.*.cpus": to_float32,
        "services.*.deploy.replicas": to_int,
        "services.*.deploy.update_config.parallelism": to_int,
        "services.*.deploy.update_config.max_failure_ratio": to_float,
        "services.*.deploy.rollback_config.parallelism": to_int,
        "services.*.deploy.rollback_config.max_failure_ratio": to_float,
        "services.*.deploy.restart_policy.max_attempts": to_int,
        "services.*.deploy.placement.max_replicas_per_node": to_int,
        "services.*.healthcheck.retries": to_int,
        "services.*.healthcheck.disable": to_bool,
        **dict.fromkeys(
            (
                f"services.*.{key}"
                for key in ("init", "oom_kill_disable", "privileged", "read_only", "stdin_open", "tty")
            ),
            to_bool,
        ),
        "services.*.oom_score_adj": to_int,
        "services.*.pids_limit": to_int,
        "services.*.scale": to_int,
        "services.*.ports.*.target": to_int,
        "services.*.ulimits.*": to_int,
        "services.*.ulimits.*.hard": to_int,
        "services.*.ulimits.*.soft": to_int,
        "services.*.volumes.*.read_only": to_bool,
        "services.*.volumes.*.volume.nocopy": to_bool,
        **dict.fromkeys(
            (f"networks.*.{key}" for key in ("external", "internal", "attachable", "enable_ipv4", "enable_ipv6")),
            to_bool,
        ),
        "volumes.*.external": to_bool,
        "secrets.*.external": to_bool,
        "configs.*.external": to_bool,
    }
)
