"""Run the structure rules over a repository, and hide what settings and comments except."""

import difflib
from collections.abc import Iterable, Iterator, Mapping, Sequence
from fnmatch import fnmatchcase
from typing import Any

from msgspec import Struct
from msgspec.structs import replace

from homelab_assets.errors import ConfigurationError
from homelab_assets.model import Problem
from homelab_assets.rendering.findings import Level
from homelab_assets.repository.discover import Kind
from homelab_assets.repository.rules import RULES, hl802_ignore_is_used, metas
from homelab_assets.repository.rules.exemptions import Exemption
from homelab_assets.repository.rules.meta import Finding, Meta
from homelab_assets.repository.rules.view import Context
from homelab_assets.secrecy import redact

# These findings mean that something could not be checked at all.
NOT_CHECKED = "HL9"


class Ignore(Struct, frozen=True, kw_only=True):
    """A row of `structure.ignore`. None matches everything; `rule` is an id or a prefix, `path` a glob pattern."""

    rule: str
    reason: str
    path: str | None = None
    stack: str | None = None
    service: str | None = None

    def hides(self, finding: Finding) -> bool:
        """Say whether it hides a finding."""
        return (
            finding.rule.startswith(self.rule)
            and (self.path is None or fnmatchcase(finding.file, self.path))
            and self.stack in {None, finding.stack}
            and self.service in {None, finding.service}
        )


class Selection(Struct, frozen=True, kw_only=True):
    """Which rules run, as prefixes of ids, and what is ignored."""

    select: tuple[str, ...] = ()
    deselect: tuple[str, ...] = ()
    ignores: tuple[Ignore, ...] = ()

    def includes(self, rule: str) -> bool:
        """Say whether a rule runs."""
        return rule.startswith(self.select or ("",)) and not (self.deselect and rule.startswith(self.deselect))


class Ignored(Struct, frozen=True, kw_only=True):
    """A finding that a comment or a setting hides, and why."""

    finding: Finding
    reason: str


class RepositoryResult(Struct, frozen=True, kw_only=True):
    """One repository.

    Attributes:
        ref, commit: what was read; "working tree" and "" for the files on disk.
        findings: sorted by file, line and rule. ignored: what was hidden.
        stacks: number of stacks. fixed: what `--fix` has mended, as `file: rule`.
    """

    name: str
    path: str
    ref: str
    commit: str
    kinds: tuple[Kind, ...]
    stacks: int
    findings: tuple[Finding, ...]
    ignored: tuple[Ignored, ...] = ()
    fixed: tuple[str, ...] = ()


class StructureResult(Struct, frozen=True, kw_only=True):
    """All repositories. `problems` are repositories that could not be read; `notices` are remarks on settings."""

    generated_at: str
    repositories: tuple[RepositoryResult, ...]
    rules: tuple[Meta, ...]
    problems: tuple[Problem, ...] = ()
    notices: tuple[str, ...] = ()

    @property
    def findings(self) -> tuple[Finding, ...]:
        """The findings of all repositories."""
        return tuple(finding for repository in self.repositories for finding in repository.findings)

    @property
    def complete(self) -> bool:
        """Whether everything could be checked."""
        return not self.problems and not any(finding.rule.startswith(NOT_CHECKED) for finding in self.findings)

    @property
    def exit_code(self) -> int:
        """0 nothing found, 1 findings, 2 not completed."""
        return 2 if not self.complete else int(bool(self.findings))

    def count(self, severity: Level) -> int:
        """Return the number of findings of a severity."""
        return sum(finding.severity == severity for finding in self.findings)


def selection(settings: Mapping[str, Any], *, select: Iterable[str] = (), ignore: Iterable[str] = ()) -> Selection:
    """Make a selection of the `structure` section of `lab.yaml` and of the command line, which replaces `select`.

    Raises:
        ConfigurationError: a name is neither an id nor a family of rules.
    """
    chosen = tuple(select) or tuple(settings.get("select") or ())
    ignores = tuple(Ignore(**row) for row in settings.get("ignore") or ())
    return Selection(
        select=tuple(_known(name) for name in chosen),
        deselect=tuple(_known(name) for name in ignore),
        ignores=tuple(replace(row, rule=_known(row.rule)) for row in ignores),
    )


def _known(name: str) -> str:
    ids = [meta.id for meta in metas()]
    prefix = name.strip().upper()
    if prefix and any(rule.startswith(prefix) for rule in ids):
        return prefix
    near = difflib.get_close_matches(prefix, ids, n=1)
    raise ConfigurationError(
        f"no structure rule is named {name!r}",
        hint=f"did you mean {near[0]}?" if near else f"rules are {ids[0]} to {ids[-1]}, families HL0 to HL9",
    )


def check(context: Context, chosen: Selection) -> tuple[tuple[Finding, ...], tuple[Ignored, ...]]:
    """Run the chosen rules. Returns what they found, and what of it is hidden."""
    findings = sorted(set(_run(context, chosen)), key=lambda f: (f.file, f.line or 0, f.rule, f.message))
    shown: list[Finding] = []
    hidden: list[Ignored] = []
    used: set[Exemption] = set()
    for finding in findings:
        exemption = next((e for e in context.exemptions if e.hides(finding.rule, finding.file, finding.line)), None)
        row = next((row for row in chosen.ignores if row.hides(finding)), None)
        if exemption is not None:
            used.add(exemption)
            hidden.append(Ignored(finding=finding, reason=exemption.reason))
        elif row is not None:
            hidden.append(Ignored(finding=finding, reason=row.reason))
        else:
            shown.append(finding)
    shown += _unused(context, chosen, used)
    return tuple(sorted(shown, key=lambda f: (f.file, f.line or 0, f.rule, f.message))), tuple(hidden)


def _run(context: Context, chosen: Selection) -> Iterator[Finding]:
    for rule in RULES:
        meta: Meta = rule.META
        if chosen.includes(meta.id):
            for finding in rule.check(context):
                # Messages name images, paths and labels, and any of them may hold credentials.
                yield replace(finding, rule=meta.id, severity=meta.severity, message=redact(finding.message))


def _unused(context: Context, chosen: Selection, used: set[Exemption]) -> Iterator[Finding]:
    """Yield comments that hid nothing, unless a rule that they name has not run, or could not see everything."""
    meta = hl802_ignore_is_used.META
    broken = {broken.file for view in context.stacks for broken in view.broken}
    if not chosen.includes(meta.id):
        return
    for exemption in context.exemptions:
        ran = all(chosen.includes(m.id) for m in metas() if m.id.startswith(exemption.rules))
        if exemption not in used and exemption.reason and ran and exemption.file not in broken:
            finding = hl802_ignore_is_used.unused(exemption.file, exemption.line, exemption.rules)
            yield replace(finding, rule=meta.id, severity=meta.severity)


def unmatched(chosen: Selection, results: Sequence[RepositoryResult]) -> Iterator[str]:
    """Yield a remark for each row of `structure.ignore` that hid nothing in any repository."""
    hidden = [ignored for result in results for ignored in result.ignored]
    for number, row in enumerate(chosen.ignores, start=1):
        if not any(row.hides(ignored.finding) for ignored in hidden):
            yield f"structure.ignore row {number} ({row.rule}) matches nothing: remove it"
