"""The catalogue of causes: why a link of the pipeline breaks, and what cures it. Data: `causes.yaml`."""

from collections.abc import Mapping
from functools import cache
from importlib.resources import files
from typing import Literal

import yaml
from msgspec import Struct


class Cause(Struct, frozen=True, kw_only=True):
    """One way in which a link breaks.

    Attributes:
        code: stable name, as reports, tests and the simulator's faults use it.
        diagnosis: what is wrong and how it comes about. remedy: what to do, in general.
        runbook: name of the troubleshooting page that goes deeper.
        severity: `error` stops media from flowing or leaks; `warning` costs quality, space or comfort.
    """

    code: str
    title: str
    diagnosis: str
    remedy: str
    runbook: str
    severity: Literal["error", "warning"] = "error"


@cache
def causes() -> Mapping[str, Cause]:
    """Return the whole catalogue by code, in the order of the chain."""
    text = files("homelab_assets.media").joinpath("causes.yaml").read_text(encoding="utf-8")
    return {code: Cause(code=code, **fields) for code, fields in yaml.safe_load(text).items()}


def cause(code: str) -> Cause:
    """Return one cause. An unknown code is a defect and raises KeyError."""
    return causes()[code]
