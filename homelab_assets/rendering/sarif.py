"""Findings as SARIF 2.1.0, which code hosts and editors read.

https://docs.oasis-open.org/sarif/sarif/v2.1.0/sarif-v2.1.0.html
"""

import hashlib
from collections.abc import Iterable, Sequence
from typing import Any
from urllib.parse import quote

from homelab_assets import __version__
from homelab_assets.rendering.findings import Finding, Rule, printable, rules_of
from homelab_assets.rendering.json_text import json_text

SCHEMA = "https://docs.oasis-open.org/sarif/sarif/v2.1.0/errata01/os/schemas/sarif-schema-2.1.0.json"


def sarif(findings: Sequence[Finding], rules: Iterable[Rule] = (), *, complete: bool = True) -> str:
    """Render findings as one SARIF run.

    Args:
        rules: what the findings' rules mean; a rule that is not among them is described by its id.
        complete: whether everything could be checked.
    """
    known = rules_of(findings, rules)
    indexes = {rule.id: index for index, rule in enumerate(known)}
    run = {
        "tool": {
            "driver": {
                "name": "drift-detector",
                "semanticVersion": __version__,
                "rules": [_rule(rule) for rule in known],
            }
        },
        "invocations": [{"executionSuccessful": complete}],
        "originalUriBaseIds": {"SRCROOT": {"description": {"text": "The root of the checked repository."}}},
        "columnKind": "unicodeCodePoints",
        "results": [_result(finding, indexes[finding.rule]) for finding in findings],
    }
    return json_text({"$schema": SCHEMA, "version": "2.1.0", "runs": [run]})


def _rule(rule: Rule) -> dict[str, Any]:
    described: dict[str, Any] = {
        "id": rule.id,
        "shortDescription": {"text": rule.title},
        "defaultConfiguration": {"level": rule.level},
    }
    if rule.rationale:
        described["fullDescription"] = {"text": rule.rationale}
    if rule.remedy:
        described["help"] = {"text": rule.remedy}
    return described


def _result(finding: Finding, index: int) -> dict[str, Any]:
    message = printable(f"{finding.message} {finding.remedy}".strip())
    result: dict[str, Any] = {
        "ruleId": finding.rule,
        "ruleIndex": index,
        "level": finding.level,
        "message": {"text": message},
        # Without the line, so that an alert survives edits above it.
        "partialFingerprints": {"finding/v1": _fingerprint(finding)},
    }
    if finding.file is not None:
        place: dict[str, Any] = {
            "artifactLocation": {"uri": quote(finding.file.encode("utf-8", "surrogateescape")), "uriBaseId": "SRCROOT"}
        }
        if finding.line:
            place["region"] = {"startLine": finding.line}
        result["locations"] = [{"physicalLocation": place}]
    return result


def _fingerprint(finding: Finding) -> str:
    text = "\0".join((finding.rule, finding.file or "", finding.message))
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()[:32]
