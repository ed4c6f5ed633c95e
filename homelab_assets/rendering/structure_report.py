"""The result of the structure rules: for a terminal, as Markdown, as JSON, and as neutral findings for CI formats."""

from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any

from msgspec import to_builtins

from homelab_assets.errors import UserError
from homelab_assets.rendering.findings import LEVELS, Finding, Level, Rule
from homelab_assets.rendering.json_text import json_text
from homelab_assets.rendering.junit import Case, junit
from homelab_assets.rendering.markdown import cell, code, details, table, terminal_safe
from homelab_assets.rendering.painter import Painter

if TYPE_CHECKING:
    from homelab_assets.repository.rules.meta import Finding as StructureFinding
    from homelab_assets.repository.structure import RepositoryResult, StructureResult

_COLORS: dict[Level, str] = {"error": "red", "warning": "yellow", "note": "cyan"}


def headline(result: "StructureResult") -> str:
    """Return one sentence about the whole."""
    if result.problems and not result.repositories:
        return "Nothing was checked"
    total = len(result.findings)
    counts = ", ".join(f"{n} {level}{'s' * (n != 1)}" for level in LEVELS if (n := result.count(level)))
    text = f"{total} finding{'s' * (total != 1)} ({counts})" if total else "The structure follows the conventions"
    return text if result.complete else f"{text}; something could not be checked"


def structure_terminal(result: "StructureResult", *, color: bool, verbose: bool = False) -> str:
    """Render for people at a terminal: one line a finding, then its remedy once a rule.

    Args:
        verbose: also what is ignored, and why.
    """
    paint = Painter(color)
    lines: list[str] = []
    for repository in result.repositories:
        lines.append(paint(terminal_safe(_title(repository)), bold=True))
        for finding in repository.findings:
            level = paint(f"{finding.severity:7}", fg=_COLORS[finding.severity])
            lines.append(f"  {level} {finding.rule}  {terminal_safe(place(finding))}  {terminal_safe(finding.message)}")
        lines += [f"  fixed   {terminal_safe(fixed)}" for fixed in repository.fixed]
        if verbose:
            lines += [
                f"  ignored {i.finding.rule}  {terminal_safe(place(i.finding))}  ({terminal_safe(i.reason)})"
                for i in repository.ignored
            ]
        lines.append("")
    lines += [
        paint("problem", fg="red", bold=True) + terminal_safe(f" {UserError(p.what, where=p.where, hint=p.hint)}")
        for p in result.problems
    ]
    lines += [f"note: {terminal_safe(notice)}" for notice in result.notices]
    found = {finding.rule for finding in result.findings}
    lines += [paint(f"{rule.id}: {rule.remedy}", dim=True) for rule in result.rules if rule.id in found]
    return "\n".join([*lines, headline(result)]) + "\n"


def structure_markdown(result: "StructureResult") -> str:
    """Render the report that is written as `structure-YYYY-MM-DD.md`."""
    parts = [f"# Structure report, {result.generated_at[:10]}", f"**{headline(result)}.**"]
    if not result.complete:
        parts.append(
            "> [!WARNING]\n> Not everything could be checked. What is not listed below is not therefore right."
        )
    if result.problems:
        rows = [[cell(p.repository or ""), cell(p.what), cell(p.hint or "")] for p in result.problems]
        parts.append("## Not checked\n\n" + table(["repository", "what", "what to do"], rows))
    parts += [part for repository in result.repositories for part in _repository(repository)]
    found = {finding.rule for finding in result.findings}
    rules = [rule for rule in result.rules if rule.id in found]
    if rules:
        rows = [[code(r.id), _prose(r.title), _prose(r.rationale), _prose(r.remedy)] for r in rules]
        parts.append("## The rules behind it\n\n" + table(["rule", "convention", "why", "what to do"], rows))
    if result.notices:
        parts.append("\n".join(f"- {cell(notice)}" for notice in result.notices))
    return "\n\n".join(parts) + "\n"


def _repository(repository: "RepositoryResult") -> Iterator[str]:
    yield f"## {cell(_title(repository))}"
    rows = [
        [finding.severity, code(finding.rule), code(place(finding), in_table=True), cell(finding.message)]
        for finding in repository.findings
    ]
    yield table(["severity", "rule", "where", "what"], rows) if rows else "Nothing was found."
    if repository.ignored:
        ignored = [
            [code(i.finding.rule), code(place(i.finding), in_table=True), cell(i.finding.message), cell(i.reason)]
            for i in repository.ignored
        ]
        yield details(f"{len(ignored)} ignored", table(["rule", "where", "what", "reason"], ignored))


def structure_json(result: "StructureResult") -> str:
    """Render as JSON, schema 1."""
    data = {
        "schema": 1,
        "generated_at": result.generated_at,
        "complete": result.complete,
        "repositories": [_plain(repository) for repository in result.repositories],
        "problems": to_builtins(result.problems),
        "notices": list(result.notices),
        "summary": {"findings": len(result.findings)} | {str(level): result.count(level) for level in LEVELS},
    }
    return json_text(data)


def structure_junit(result: "StructureResult") -> str:
    """Render as JUnit: one case a repository and rule, failed where the rule found something."""
    cases = []
    for repository in result.repositories:
        for rule in result.rules:
            found = [finding for finding in repository.findings if finding.rule == rule.id]
            lines = [f"{place(finding)}: {finding.message}" for finding in found]
            outcome = "passed" if not found else "error" if rule.id.startswith("HL9") else "failed"
            cases.append(
                Case(
                    suite=repository.name,
                    name=f"{rule.id} {rule.title}",
                    outcome=outcome,  # type: ignore[arg-type]
                    message=lines[0] if lines else "",
                    detail="\n".join(lines),
                    file=found[0].file if found else None,
                    line=found[0].line if found else None,
                )
            )
    cases += [
        Case(suite=p.repository or "validate", name="can be read", outcome="error", message=p.what, detail=p.hint or "")
        for p in result.problems
    ]
    return junit(cases, name="drift-detector validate", timestamp=result.generated_at)


def neutral(result: "StructureResult") -> tuple[list[Finding], list[Rule]]:
    """Return findings and rules for SARIF and annotations. Repositories that could not be read are findings too."""
    several = len(result.repositories) > 1
    remedies = {rule.id: rule.remedy for rule in result.rules}
    findings = [
        Finding(
            rule=finding.rule,
            level=finding.severity,
            message=f"{repository.name}: {finding.message}." if several else f"{finding.message}.",
            file=finding.file,
            line=finding.line,
            remedy=remedies.get(finding.rule, ""),
        )
        for repository in result.repositories
        for finding in repository.findings
    ]
    findings += [
        Finding(rule="HL901", level="error", message=f"{p.repository}: {p.what}.", remedy=p.hint or "")
        for p in result.problems
    ]
    rules = [
        Rule(id=meta.id, title=meta.title, level=meta.severity, rationale=meta.rationale, remedy=meta.remedy)
        for meta in result.rules
    ]
    return findings, rules


def place(finding: "StructureFinding") -> str:
    """Return `file:line`, or the file alone."""
    return f"{finding.file}:{finding.line}" if finding.line else finding.file


def _title(repository: "RepositoryResult") -> str:
    kinds = ", ".join(repository.kinds) or "neither compose, Ansible nor Terraform"
    commit = repository.commit[:12] or repository.ref
    return f"{repository.name} ({kinds}; {commit})"


def _prose(text: str) -> str:
    """Rules are this project's own words: only what would end a table cell is escaped."""
    return text.replace("|", "\\|")


def _plain(repository: "RepositoryResult") -> Mapping[str, Any]:
    data = to_builtins(repository)
    for finding in (*data["findings"], *(ignored["finding"] for ignored in data["ignored"])):
        del finding["names"]
    return data
