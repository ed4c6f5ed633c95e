"""Writes the JSON Schemas of `homelab_assets/schemas/` from the types that the documents are made of.

    python -m homelab_assets_tests.schemas

The drift document's own, `homelab_assets/drift/schema/drift-v1.json`, is written by hand: it is a contract.
"""

import json
import types
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, Literal, Union, get_args, get_origin, get_type_hints

from msgspec import Struct

from homelab_assets.documentation.catalog import Entry as CatalogEntry
from homelab_assets.documentation.status import Status
from homelab_assets.media.plan import Fix, Step
from homelab_assets.model import Captured, Problem, Unreachable
from homelab_assets.remediation.journal import Entry
from homelab_assets.rendering.remediation_text import README_FIELDS
from homelab_assets.repository.stale import CleanupReport
from homelab_assets.repository.structure import Finding, RepositoryResult

FOLDER = Path(__file__).parents[1] / "homelab_assets" / "schemas"
Schema = dict[str, Any]

_SCALARS: dict[Any, str] = {str: "string", bool: "boolean", int: "integer", float: "number", type(None): "null"}
TEXT, COUNT, NUMBER, FLAG = ({"type": name} for name in ("string", "integer", "number", "boolean"))
MAYBE = {"type": ["string", "null"]}
MAPPING = {"type": "object"}


def of_type(hint: Any) -> Schema:
    """Return the schema of what a type becomes in JSON; the empty one where the type says nothing."""
    origin, arguments = get_origin(hint), get_args(hint)
    if hint in _SCALARS:
        return {"type": _SCALARS[hint]}
    if isinstance(hint, type) and issubclass(hint, Struct):
        return of_object(properties_of(hint))
    if origin is Literal:
        return {"enum": list(arguments)}
    if origin in (Union, types.UnionType):
        members = [of_type(one) for one in arguments]
        return {"type": [one["type"] for one in members]} if all(len(m) == 1 for m in members) else {"anyOf": members}
    if origin is tuple and arguments[-1] is not Ellipsis:
        return {"type": "array", "prefixItems": [of_type(one) for one in arguments], "items": False}
    if origin in (list, tuple, Sequence):
        return many(of_type(arguments[0]))
    if origin in (dict, Mapping) or hint in (dict, Mapping):
        return MAPPING
    return {}


def properties_of(kind: Any, *, without: Sequence[str] = (), **more: Schema) -> dict[str, Schema]:
    """Return the schemas of a record's fields by name."""
    hints = get_type_hints(kind)
    return {name: of_type(hints[name]) for name in kind.__struct_fields__ if name not in without} | more


def of_object(properties: Mapping[str, Schema], *, optional: Sequence[str] = ()) -> Schema:
    """Return the schema of an object that has at least these keys. Others may be added within a version."""
    required = [name for name in properties if name not in optional]
    return {"type": "object", "properties": dict(properties), "required": required}


def many(items: Schema) -> Schema:
    """Return the schema of a list."""
    return {"type": "array", "items": items}


def document(title: str, properties: Mapping[str, Schema]) -> Schema:
    """Return the schema of a whole document, version 1."""
    words = "Fields beyond these may be added within the same schema number."
    head = {"$schema": "https://json-schema.org/draft/2020-12/schema", "title": title, "description": words}
    return {**head, **of_object({"schema": {"const": 1}, **properties})}


def schemas() -> dict[str, Schema]:
    """Return all generated schemas by file name."""
    step = of_object(properties_of(Step, what=TEXT))
    numbered = of_object({"number": COUNT, "check": TEXT, "cause": TEXT, **step["properties"]})
    plan = {"kind": {"const": "apply-plan"}, "generated_at": TEXT, "host": MAYBE, "approved": {}}
    apply_plan = {**plan, "steps": many(numbered)}
    finding = of_object(properties_of(Finding, without=["names"]))
    repository = properties_of(RepositoryResult, without=["findings", "ignored"])
    ignored = of_object({"finding": finding, "reason": TEXT})
    return {
        "apply-plan-v1.json": document("Apply plan of the media pipeline", apply_plan),
        "capture-v1.json": _capture(),
        "catalog-v1.json": document("Service catalog", _catalog()),
        "cleanup-v1.json": document("Stale files", properties_of(CleanupReport)),
        "pipeline-test-v1.json": document("Pipeline test", _pipeline(of_object({"schema": COUNT, **apply_plan}), step)),
        "pull-requests-v1.json": document("Journal of pull requests", {"pull_requests": many(of_type(Entry))}),
        "remediation-v1.json": document(
            "Remediation plans",
            {"plans": many(of_object(_plan())), "readmes": many(of_object(dict.fromkeys(README_FIELDS, TEXT)))},
        ),
        "status-v1.json": document("Status", properties_of(Status, exit_code={"enum": [0, 1, 2]})),
        "structure-v1.json": document(
            "Structure report",
            {
                "generated_at": TEXT,
                "complete": FLAG,
                "repositories": many(of_object({**repository, "findings": many(finding), "ignored": many(ignored)})),
                "problems": many(of_type(Problem)),
                "notices": many(TEXT),
                "summary": of_object({"findings": COUNT, "error": COUNT, "warning": COUNT, "note": COUNT}),
            },
        ),
    }


def _capture() -> Schema:
    captured = of_object({"status": {"const": "captured"}, **properties_of(Captured)})
    unreachable = of_object({"status": {"const": "unreachable"}, **properties_of(Unreachable)})
    return {**document("Stored capture of a host", {}), "oneOf": [captured, unreachable]}


def _catalog() -> dict[str, Schema]:
    names = ("name", "address", "description", "engine")
    host = of_object(dict.fromkeys(names, MAYBE) | {"captured": FLAG, "error": MAYBE})
    services = many(of_object(properties_of(CatalogEntry, url=TEXT)))
    return {"generated_at": TEXT, "demo": FLAG, "hosts": many(host), "services": services}


def _pipeline(plan: Schema, step: Schema) -> dict[str, Schema]:
    status = {"enum": ["pass", "fail", "blocked", "unknown", "skipped"]}
    link = {"link": TEXT, "title": TEXT, "status": status, "beside": FLAG, "checks": many(TEXT)}
    told = ("cause", "title", "diagnosis", "remedy", "runbook", "severity", "by", "why", "about")
    texts = dict.fromkeys(("id", "link", "app", "name", "proves"), TEXT)
    check = {**texts, "status": status, **dict.fromkeys(told, MAYBE), "evidence": many(TEXT), "needs": many(TEXT)}
    broken = of_object({"check": TEXT, "link": TEXT, "cause": TEXT})
    return {
        "kind": {"const": "pipeline-test"},
        "generated_at": TEXT,
        "health_only": FLAG,
        "summary": of_object({"total": COUNT, **dict.fromkeys(status["enum"], COUNT), "text": TEXT}),
        "first_broken": {"anyOf": [broken, {"type": "null"}]},
        "chain": many(of_object(link)),
        "checks": many(of_object({**check, "seconds": NUMBER})),
        "advice": many(MAPPING),
        "effects": {"type": "object", "additionalProperties": COUNT},
        "seconds": NUMBER,
        "fixes": many(of_object(properties_of(Fix, steps=many(step)))),
        "plan": plan,
    }


def _plan() -> dict[str, Schema]:
    texts = ("host", "stack", "service", "repository", "commit", "branch", "title")
    edit = of_object({"path": TEXT, "file": TEXT, "line": {"type": ["integer", "null"]}, "variables": many(TEXT)})
    return {
        **dict.fromkeys(texts, TEXT),
        "labels": many(TEXT),
        "draft": FLAG,
        "digest": TEXT,
        "severity": MAYBE,
        "weakenings": many({}),
        "edits": many(edit),
        "not_backported": many(of_object({"path": TEXT, "why": TEXT})),
        "body": MAYBE,
        "patch": MAYBE,
    }


def text(schema: Schema) -> str:
    """Return a schema as its file holds it."""
    return json.dumps(schema, indent=1) + "\n"


if __name__ == "__main__":
    for name, schema in schemas().items():
        (FOLDER / name).write_text(text(schema), "utf-8")
