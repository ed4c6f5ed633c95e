"""The pipeline's report as one HTML file that needs no network, no JavaScript and no permission."""

import base64
import hashlib
from collections.abc import Collection, Mapping, Sequence
from importlib.resources import files
from typing import Any

from homelab_assets.documentation.links import runbook_for_check
from homelab_assets.rendering.pipeline_words import WORDS, Document, by_id, effects, explanation, troubles, verdict
from homelab_assets.rendering.templates import environment


def pipeline_html(document: Document, *, docs: str = "../docs", runbooks: Collection[str] = ()) -> str:
    """Render a result (`PipelineResult.to_json()`, with `fixes` beside it where there are any).

    Args:
        docs: the way from the report to the folder of documents. runbooks: files that are there, by path in that
            folder; others are named and not linked.
    """
    from markupsafe import Markup

    style, script = _asset("pipeline.css"), _asset("pipeline.js")
    broken = document.get("first_broken") or {}
    found = [{**check, **_page(check, docs, runbooks)} for check in troubles(document)]
    return environment(html=True).get_template("pipeline.html.j2").render(
        # Both are our own files, and the policy in the page allows exactly them.
        style=Markup(style),  # noqa: S704
        script=Markup(script),  # noqa: S704
        style_hash=_hash(style),
        script_hash=_hash(script),
        verdict=verdict(document),
        explanation=explanation(document),
        moment=document["generated_at"].replace("T", " ").replace("Z", " UTC"),
        day=document["generated_at"][:10],
        health_only=document["health_only"],
        summary=document["summary"],
        ring=_ring(document["summary"]),
        words=WORDS,
        chain=_chain(document),
        broken_link=broken.get("link"),
        troubles=found,
        troubles_title=_title(found),
        advice=document["advice"],
        effects=effects(document),
        seconds=document["seconds"],
    )  # fmt: skip


def _page(check: Mapping[str, Any], docs: str, runbooks: Collection[str]) -> dict[str, str]:
    """Return the address of a check's runbook where it is there, else its name."""
    place = runbook_for_check(check)
    name = place.partition("#")[0]
    return {"page": f"{docs}/{place}" if name in runbooks else "", "missing": "" if name in runbooks else name}


def _asset(name: str) -> str:
    return files("homelab_assets.rendering").joinpath("templates", name).read_text(encoding="utf-8")


def _hash(text: str) -> str:
    return "sha256-" + base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()


def _title(found: Sequence[Mapping[str, Any]]) -> str:
    statuses = {check["status"] for check in found}
    return {("fail",): "What is broken", ("unknown",): "What could not be judged"}.get(
        tuple(sorted(statuses)), "What is broken, and what could not be judged"
    )


def _chain(document: Document) -> list[dict[str, Any]]:
    checks = by_id(document)
    rows = []
    for link in document["chain"]:
        members = [
            {**checks[name], "by_name": checks.get(checks[name]["by"], {}).get("name")} for name in link["checks"]
        ]
        counted = [check for check in members if check["status"] != "skipped"]
        passing = sum(check["status"] == "pass" for check in counted)
        rows.append({**link, "members": members, "total": len(counted), "passing": passing})
    return rows


def _ring(summary: Mapping[str, Any]) -> list[dict[str, Any]]:
    """Return the arcs of the ring: where each status begins and how long it is, of 100."""
    arcs, start = [], 0.0
    for status in ("pass", "fail", "blocked", "unknown"):
        length = 100 * summary[status] / summary["total"] if summary["total"] else 0
        if length:
            arcs.append({"status": status, "start": round(start, 3), "length": round(length, 3)})
        start += length
    return arcs
