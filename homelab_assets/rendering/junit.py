"""Checks as a JUnit report, which every CI shows: one test case a check, in suites.

The dialect is that of pytest and Jenkins: https://github.com/testmoapp/junitxml
"""

from collections.abc import Sequence
from typing import Literal
from xml.etree import ElementTree

from msgspec import Struct

from homelab_assets.rendering.findings import printable

Outcome = Literal["passed", "failed", "error", "skipped"]


class Case(Struct, frozen=True, kw_only=True):
    """One check. `error` means that it could not be made; `message` says why it did not pass, `detail` the rest."""

    suite: str
    name: str
    outcome: Outcome = "passed"
    message: str = ""
    detail: str = ""
    file: str | None = None
    line: int | None = None
    seconds: float = 0.0


def junit(cases: Sequence[Case], *, name: str, timestamp: str | None = None) -> str:
    """Render checks as XML.

    Args:
        name: of the whole report. timestamp: ISO 8601 time of the run.
    """
    root = ElementTree.Element("testsuites", {"name": printable(name), **_counts(cases)})
    for suite in dict.fromkeys(case.suite for case in cases):
        members = [case for case in cases if case.suite == suite]
        attributes = {"name": printable(suite), **_counts(members)}
        if timestamp:
            attributes["timestamp"] = timestamp
        element = ElementTree.SubElement(root, "testsuite", attributes)
        for case in members:
            _add(element, case)
    ElementTree.indent(root)
    return '<?xml version="1.0" encoding="utf-8"?>\n' + ElementTree.tostring(root, encoding="unicode") + "\n"


def _counts(cases: Sequence[Case]) -> dict[str, str]:
    def count(outcome: Outcome) -> str:
        return str(sum(case.outcome == outcome for case in cases))

    return {
        "tests": str(len(cases)),
        "failures": count("failed"),
        "errors": count("error"),
        "skipped": count("skipped"),
        "time": f"{sum(case.seconds for case in cases):.3f}",
    }


def _add(suite: ElementTree.Element, case: Case) -> None:
    attributes = {"classname": case.suite, "name": case.name, "time": f"{case.seconds:.3f}"}
    attributes |= {"file": case.file} if case.file else {}
    attributes |= {"line": str(case.line)} if case.line else {}
    element = ElementTree.SubElement(suite, "testcase", {key: printable(value) for key, value in attributes.items()})
    if case.outcome != "passed":
        tag = {"failed": "failure", "error": "error", "skipped": "skipped"}[case.outcome]
        outcome = ElementTree.SubElement(element, tag, {"message": printable(case.message)})
        outcome.text = printable(case.detail) or None
