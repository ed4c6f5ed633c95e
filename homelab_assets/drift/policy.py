"""How bad a difference is, and which ones are accepted: data, first match wins, each row with its reason."""

from collections.abc import Iterable, Mapping, Sequence
from fnmatch import fnmatchcase
from typing import Any

from msgspec import Struct

from homelab_assets.drift.document import Change, Ignored, Severity, Subject
from homelab_assets.drift.fields import TABLE
from homelab_assets.errors import ConfigurationError


class Scope(Struct, frozen=True, kw_only=True):
    """What a rule is about. Patterns as in the shell (`*`, `?`, `[…]`); `*` matches dots too."""

    path: str = "*"
    host: str = "*"
    stack: str = "*"
    service: str = "*"
    change: Change | None = None

    def matches(self, path: str, subject: Subject, change: Change | None = None) -> bool:
        """Whether a difference falls under it."""
        return (
            fnmatchcase(path, self.path)
            and fnmatchcase(subject.host, self.host)
            and fnmatchcase(subject.stack or "", self.stack)
            and fnmatchcase(subject.service, self.service)
            and self.change in (None, change)
        )

    def covers(self, other: "Scope") -> bool:
        """Whether everything that the other matches is matched here too (where that is plain to see)."""
        pairs = ((getattr(self, name), getattr(other, name)) for name in ("path", "host", "stack", "service"))
        return all(_covers(mine, theirs) for mine, theirs in pairs) and self.change in (None, other.change)


def _covers(pattern: str, other: str) -> bool:
    if pattern in ("*", other):
        return True
    if not _is_wild(other):
        return fnmatchcase(other, pattern)
    head = pattern[:-1]
    return pattern.endswith("*") and not _is_wild(head) and other.startswith(head)


def _is_wild(text: str) -> bool:
    return any(character in text for character in "*?[")


class SeverityRule(Struct, frozen=True, kw_only=True):
    """Differences in this scope are this bad, for this reason. `where` is `file:line` of a rule from `lab.yaml`."""

    scope: Scope
    severity: Severity
    reason: str
    where: str | None = None


class IgnoreRule(Struct, frozen=True, kw_only=True):
    """Differences in this scope are accepted for this reason, until this day (included) or for ever.

    `number` is the rule's position in `lab.yaml`, from 1.
    """

    scope: Scope
    reason: str
    number: int
    until: str | None = None
    where: str | None = None

    def applies(self, today: str) -> bool:
        """Whether it has not expired."""
        return self.until is None or today <= self.until

    def hides(self, path: str, subject: Subject, today: str) -> bool:
        """Whether it hides a difference on this day."""
        return self.applies(today) and self.scope.matches(path, subject)

    def hidden(self, path: str, subject: Subject) -> Ignored:
        """What it hides, for the document."""
        return Ignored(**subject._asdict(), path=path, reason=self.reason, rule=self.number, until=self.until)


_ROOTS = frozenset({row.key.partition(".")[0] for row in TABLE} | {"deploy", "scale", "external_links"})
"""How paths of differences begin."""


def _rules(severity: Severity, reason: str, *paths: str) -> list[SeverityRule]:
    return [SeverityRule(scope=Scope(path=path), severity=severity, reason=reason) for path in paths]


MOVED = "image.moved"
"""Path of the rule where git is as it was, and its tag names another image."""

DEFAULTS: tuple[SeverityRule, ...] = (
    *_rules("functional", "a newer build of the same tag waits", MOVED),
    *_rules("breaking", "another program runs", "image", "platform", "entrypoint"),
    *_rules("breaking", "clients can't reach it, or others can", "ports.*", "networks.*.internal"),
    *_rules("cosmetic", "it changes nothing that the program sees", "networks.*.labels.*", "volumes.*.labels.*"),
    *_rules(
        "breaking", "it reads and writes other data",
        "volumes.*", "tmpfs.*", "volumes_from.*", "secrets.*", "configs.*",
    ),
    *_rules("breaking", "it's on another network", "network_mode"),
    *_rules(
        "breaking", "it may do more, or less, on the host",
        "privileged", "cap_add.*", "cap_drop.*", "security_opt.*", "devices.*", "device_cgroup_rules.*", "gpus",
        "deploy.resources.reservations.devices", "pid", "ipc", "uts", "userns_mode", "use_api_socket",
    ),
    *_rules("functional", "Traefik routes by it", "labels.traefik.*"),
    *_rules("cosmetic", "it changes nothing that the program sees", "labels.*", "annotations.*", "expose.*"),
    *_rules("functional", "the program behaves differently", "*"),
)  # fmt: skip


class Policy(Struct, frozen=True, kw_only=True):
    """Severity rules (first match wins) and ignore rules."""

    severities: Sequence[SeverityRule] = DEFAULTS
    ignores: Sequence[IgnoreRule] = ()

    def judge(self, path: str, subject: Subject, change: Change) -> SeverityRule:
        """The rule that says how bad a difference is."""
        return next(rule for rule in self.severities if rule.scope.matches(path, subject, change))

    def ignoring(self, path: str, subject: Subject, today: str) -> IgnoreRule | None:
        """The rule that hides a difference, None where none does."""
        return next((rule for rule in self.ignores if rule.hides(path, subject, today)), None)

    def ignoring_service(self, subject: Subject, today: str) -> IgnoreRule | None:
        """The rule without a path that hides a whole service, None where none does."""
        whole = (rule for rule in self.ignores if rule.scope.path == "*")
        return next((rule for rule in whole if rule.hides("*", subject, today)), None)


def policy_from(section: Mapping[str, Any], lines: Mapping[str, int], file: str) -> Policy:
    """Read the `drift` section of `lab.yaml`; its severity rules come before the shipped ones.

    Args:
        lines: 1-based line of each dotted key of the file (`drift.ignore[0]`).

    Raises:
        ConfigurationError: a rule can never match (no compose key is called so, or an earlier rule takes all).
    """
    severities: list[SeverityRule] = []
    for index, entry in enumerate(section.get("severity") or ()):
        rule = SeverityRule(
            scope=_scope(entry, change=entry.get("change")),
            severity=entry["severity"],
            reason=entry.get("reason") or "a rule of lab.yaml says so",
            where=_place("severity", index, lines, file),
        )
        _check(rule.scope, [(other.scope, other.where) for other in severities], rule.where)
        severities.append(rule)
    ignores: list[IgnoreRule] = []
    for index, entry in enumerate(section.get("ignore") or ()):
        until = entry.get("until")
        ignored = IgnoreRule(
            scope=_scope(entry),
            reason=str(entry.get("reason") or ""),
            number=index + 1,
            until=str(until) if until is not None else None,
            where=_place("ignore", index, lines, file),
        )
        lasting = [(other.scope, other.where) for other in ignores if other.until is None]
        _check(ignored.scope, lasting, ignored.where)
        ignores.append(ignored)
    return Policy(severities=(*severities, *DEFAULTS), ignores=tuple(ignores))


def _scope(entry: Mapping[str, Any], change: Change | None = None) -> Scope:
    path, host, stack, service = (str(entry.get(name) or "*") for name in ("path", "host", "stack", "service"))
    return Scope(path=path, host=host, stack=stack, service=service, change=change)


def _place(section: str, index: int, lines: Mapping[str, int], file: str) -> str:
    keys = (f"drift.{section}[{index}]", f"drift.{section}", "drift")
    line = next((lines[key] for key in keys if key in lines), None)
    return f"{file}:{line}" if line else file


def _check(scope: Scope, earlier: Iterable[tuple[Scope, str | None]], where: str | None) -> None:
    for other, place in earlier:
        if other.covers(scope):
            raise ConfigurationError(
                f"the rule for `{scope.path}` can never match: the rule at {place} takes all that it would",
                where=where, hint="put the narrower rule first, or delete it",
            )  # fmt: skip
    root = scope.path.partition(".")[0]
    if not _is_wild(root) and root not in _ROOTS:
        raise ConfigurationError(
            f"the rule for `{scope.path}` can never match: no difference is called `{root}`",
            where=where, hint="paths speak compose's vocabulary, such as environment.TZ or labels.traefik.*",
        )  # fmt: skip
