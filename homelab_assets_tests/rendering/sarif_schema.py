"""The published schema of SARIF 2.1.0."""

import gzip
import json
from functools import cache
from pathlib import Path
from typing import Any

from jsonschema import Draft4Validator

_FILE = Path(__file__).parent / "data" / "sarif-2.1.0-rtm.5.json.gz"


@cache
def _validator() -> Draft4Validator:
    return Draft4Validator(json.loads(gzip.decompress(_FILE.read_bytes())))


def faults(text: str) -> list[str]:
    """Return where a SARIF document breaks the schema, and how."""
    document: Any = json.loads(text)
    return [f"{error.json_path}: {error.message[:200]}" for error in _validator().iter_errors(document)]
