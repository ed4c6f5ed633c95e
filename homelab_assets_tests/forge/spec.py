"""Hold requests and answers against a forge's published OpenAPI description, where that lies beside the checkout."""

import json
import re
from collections.abc import Mapping
from functools import lru_cache
from pathlib import Path
from typing import Any

from jsonschema import Draft4Validator

SPECS = Path(__file__).resolve().parents[3] / "shared" / "specs"


class Spec:
    """A description of either generation (2.0 for Gitea, 3.0 for GitHub)."""

    def __init__(self, document: Mapping[str, Any]) -> None:
        self.document = _plain(document)
        self.paths = {
            re.compile(re.sub(r"\\\{[^}]*\\\}", "[^/]+", re.escape(path))): item
            for path, item in self.document["paths"].items()
        }

    def operation(self, method: str, path: str) -> Mapping[str, Any] | None:
        """Return the description of an operation, None where it has none."""
        for pattern, item in self.paths.items():
            if pattern.fullmatch(path) and method.lower() in item:
                found: Mapping[str, Any] = item[method.lower()]
                return found
        return None

    def request_faults(self, method: str, path: str, body: Any) -> list[str]:
        """Return what is wrong with a request's body."""
        operation = self.operation(method, path)
        if operation is None:
            return []
        if isinstance(body, list) and path.endswith("/labels"):
            # Described in words only: "You can also pass an array of labels directly".
            body = {"labels": body}
        content = (operation.get("requestBody") or {}).get("content", {}).get("application/json", {})
        inner = next((p.get("schema") for p in operation.get("parameters", ()) if p.get("in") == "body"), None)
        return self._faults(content.get("schema") or inner, body, strict=True)

    def response_faults(self, method: str, path: str, status: int, body: Any) -> list[str]:
        """Return what is wrong with an answer."""
        operation = self.operation(method, path)
        if operation is None:
            return []
        answer = operation["responses"].get(str(status))
        if answer is None:
            return ["this status is not described"]
        answer = self._resolved(answer)
        schema = answer.get("schema") or answer.get("content", {}).get("application/json", {}).get("schema")
        return self._faults(schema, body)

    def _resolved(self, node: Any) -> Any:
        while isinstance(node, Mapping) and "$ref" in node:
            target: Any = self.document
            for part in node["$ref"].removeprefix("#/").split("/"):
                target = target[part]
            node = target
        return node

    def _faults(self, schema: Any, body: Any, strict: bool = False) -> list[str]:
        if not schema:
            return []
        schema = self._resolved(schema)
        if "swagger" in self.document:
            # That generation can't say that a field may be null, and Gitea sends null for every empty pointer.
            body = _without_nulls(body)
        faults = [
            f"{'/'.join(map(str, error.absolute_path)) or '(root)'}: {error.message[:160]}"
            for error in Draft4Validator({**self.document, **schema}).iter_errors(body)
        ]
        known = schema.get("properties")
        if strict and known and isinstance(body, Mapping):
            faults += [f"{key}: no such field" for key in body if key not in known]
        return faults


def _without_nulls(node: Any) -> Any:
    if isinstance(node, list):
        return [_without_nulls(item) for item in node]
    return {k: _without_nulls(v) for k, v in node.items() if v is not None} if isinstance(node, dict) else node


def _plain(node: Any) -> Any:
    """Turn OpenAPI's `nullable` into what JSON Schema knows; drop what only looks like a keyword."""
    if isinstance(node, list):
        return [_plain(item) for item in node]
    if not isinstance(node, dict):
        return node
    result = {
        key: _plain(value) for key, value in node.items() if key not in ("format", "example", "examples", "pattern")
    }
    if node.get("nullable") is True:
        result.pop("nullable", None)
        if isinstance(result.get("type"), str):
            result["type"] = [result["type"], "null"]
            if "enum" in result:
                result["enum"] = [*result["enum"], None]
        else:
            result = {"anyOf": [{"type": "null"}, result]}
    return result


@lru_cache
def load(name: str) -> Spec | None:
    """Load a description by its file name; None where it is not there."""
    file = SPECS / name
    return Spec(json.loads(file.read_text())) if file.is_file() else None
