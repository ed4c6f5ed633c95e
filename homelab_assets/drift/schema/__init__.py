"""The published JSON Schema of the drift document."""

import json
from pathlib import Path
from typing import Any


def drift_schema() -> dict[str, Any]:
    """Return the JSON Schema of the drift document, version 1."""
    schema: dict[str, Any] = json.loads((Path(__file__).parent / "drift-v1.json").read_text(encoding="utf-8"))
    return schema
