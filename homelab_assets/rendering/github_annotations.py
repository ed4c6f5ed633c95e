"""Findings as workflow commands, which GitHub and Gitea show beside the lines of a pull request.

https://docs.github.com/actions/reference/workflow-commands-for-github-actions
"""

from collections.abc import Iterable

from homelab_assets.rendering.findings import Finding, printable

_COMMANDS = {"error": "error", "warning": "warning", "note": "notice"}


def github_annotations(findings: Iterable[Finding]) -> str:
    """Render findings, one line each; empty text without findings."""
    return "".join(f"{_annotation(finding)}\n" for finding in findings)


def _annotation(finding: Finding) -> str:
    properties = {"file": finding.file, "line": finding.line, "title": finding.rule}
    told = ",".join(f"{key}={_property(str(value))}" for key, value in properties.items() if value is not None)
    message = f"{finding.message} {finding.remedy}".strip()
    return f"::{_COMMANDS[finding.level]} {told}::{_data(message)}"


def _data(text: str) -> str:
    # A new line would start a new command, so that a hostile name could set outputs or mask the log.
    text = text.replace("%", "%25").replace("\r", "%0D").replace("\n", "%0A")
    return printable(text)


def _property(text: str) -> str:
    return _data(text).replace(":", "%3A").replace(",", "%2C")
