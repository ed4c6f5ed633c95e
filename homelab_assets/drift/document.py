"""The drift document: the result of an audit, as everything after it reads it (schema 1).

`to_json` and `from_json` are inverse. The document is sealed: secrets stand in it as `<secret>`, never as themselves
and never as fingerprints. What the published schema fixes is in `schema/drift-v1.json`; fields beyond the contract
are additions that readers may ignore.
"""

from collections.abc import Mapping, Sequence
from typing import Any, Literal, NamedTuple

from msgspec import Struct, convert, field, to_builtins
from msgspec.structs import replace

from homelab_assets.secrecy import redact

SCHEMA = 1

Severity = Literal["breaking", "functional", "cosmetic"]
Change = Literal["changed", "added", "removed"]
Status = Literal["clean", "drifted", "missing", "stopped", "unmanaged", "orphan", "unreachable", "unknown"]
Evidence = Literal["verified", "consistent", "none"]
Cause = Literal["host_changed", "git_ahead", "image_moved", "unknown"]
Remedy = Literal["backport", "deploy", "pull", "adopt", "remove", "start", "unpause", "none"]

SEVERITIES: tuple[Severity, ...] = ("breaking", "functional", "cosmetic")


KEPT = "keeps the definition that it was made with"
"""In the note on an item of a network's or volume's definition: no engine changes one that is there."""

KEPT_BY_OTHERS = f"{KEPT}, and not by this stack"

KEPT_SINCE = f"{KEPT}, after the last commit to its stack"
"""It was made from a file that is not git's, or by hand."""

ANEW = "no compose file says this, a new container mends it"
"""In the note on what a hand did to a living container and git has no words for."""


class Subject(NamedTuple):
    """What a verdict, a difference or a rule is about: a service of a stack on a host."""

    host: str
    stack: str | None
    service: str

    def __str__(self) -> str:
        return "/".join(part for part in self if part)


class Item(Struct, frozen=True, kw_only=True):
    """One difference: a leaf that a person would change.

    Attributes:
        path: in Compose's vocabulary, such as `environment.TZ`, `ports.8080/tcp`, `volumes./config`.
        change: `added` = the container has it and git does not; `removed` = the other way round.
        baseline, running: as a person would write them in a compose file (text, list or mapping); None where absent.
        file, line: where git decides it, or where it would have to be added; None where git does not know the service.
        secret: a value is hidden. variables: names of the `${…}` in git's value.
        provenance: who set the running value, in words (`set on the host`, `from the image`, …).
        note: what a reader should know besides (`one variable, two values`), or None.
        first_seen: ISO 8601 UTC time of the first audit that saw this very difference.
        rule: why it has this severity (the policy row's reason).
        spelled: the path as git has it (`ports.${PORT}/tcp`), where a variable stands in it; else None.
    """

    path: str
    change: Change
    severity: Severity
    baseline: Any = None
    running: Any = None
    file: str | None = None
    line: int | None = None
    first_seen: str | None = None
    secret: bool = False
    variables: Sequence[str] = ()
    provenance: str | None = None
    note: str | None = None
    rule: str | None = None
    spelled: str | None = None

    @property
    def of_definition(self) -> bool:
        """Whether it is about the definition of a network or volume, not about the container that uses it."""
        return KEPT in (self.note or "")

    @property
    def beyond_files(self) -> bool:
        """Whether nothing that could stand in git would make it so."""
        return ANEW in (self.note or "")

    def noting(self, more: str) -> "Item":
        """The same with one more note."""
        return replace(self, note="; ".join(filter(None, (self.note, more))))


class ServiceDrift(Struct, frozen=True, kw_only=True):
    """The verdict on one service on one host.

    Attributes:
        container: name of its container (the first of several replicas), None where there is none.
        status, evidence, cause: see the contract. remedy: what follows from the cause.
        created: when the container was created.
        repository, file, line: where git declares the service.
        bound: names of variables that were bound from the running value. compared: number of leaves compared.
        uncompared: paths that could not be compared, with the reason.
    """

    host: str
    stack: str | None
    service: str
    container: str | None
    status: Status
    evidence: Evidence = "none"
    cause: Cause | None = None
    items: Sequence[Item] = ()
    remedy: Remedy = "none"
    repository: str | None = None
    file: str | None = None
    line: int | None = None
    created: str | None = None
    note: str | None = None
    bound: Sequence[str] = ()
    compared: int = 0
    uncompared: Mapping[str, str] = field(default_factory=dict)

    @property
    def subject(self) -> Subject:
        """What it is about."""
        return Subject(self.host, self.stack, self.service)

    @property
    def judged(self) -> bool:
        """Whether anything is known: its host was reached, its baseline loaded."""
        return self.status not in ("unreachable", "unknown")

    @property
    def severity(self) -> Severity | None:
        """The worst severity among the items; None without items."""
        present = {item.severity for item in self.items}
        return next((severity for severity in SEVERITIES if severity in present), None)


class HostStatus(Struct, frozen=True, kw_only=True):
    """One host: captured or not, and how much of it could be judged.

    Attributes:
        coverage: services, compared, uncompared, ignored (leaves) and verified (services), as counts.
    """

    name: str
    status: Literal["captured", "unreachable"]
    error: str | None = None
    hint: str | None = None
    containers: int = 0
    captured_at: str | None = None
    engine: str | None = None
    seconds: float | None = None
    coverage: Mapping[str, int] = field(default_factory=dict)


class BaselineRef(Struct, frozen=True, kw_only=True):
    """What the audit compared with."""

    repository: str
    ref: str
    commit: str
    committed_at: str | None = None
    stacks: int = 0


class Ignored(Struct, frozen=True, kw_only=True):
    """A difference that a rule of `lab.yaml` hides. `rule` is its position, `until` its last day."""

    host: str
    stack: str | None
    service: str
    path: str
    reason: str
    rule: int
    until: str | None = None

    @property
    def subject(self) -> Subject:
        """What it is about."""
        return Subject(self.host, self.stack, self.service)


class DriftDocument(Struct, frozen=True, kw_only=True):
    """The whole result, in the contract's order of keys.

    Services are sorted by host, stack, service, container; items by path.

    Attributes:
        problems: what could not be read or compared (kind, what, where, hint, …); any makes the audit incomplete.
        ignored: what rules hid; notices: remarks on rules and settings (a rule that matched nothing, an expired one).
        new, gone: differences that appeared or went away since the last audit, as `host/stack/service: path`.
    """

    schema: int = SCHEMA
    generated_at: str
    demo: bool = False
    hosts: Sequence[HostStatus]
    baselines: Sequence[BaselineRef]
    services: Sequence[ServiceDrift]
    problems: Sequence[Mapping[str, Any]] = ()
    ignored: Sequence[Ignored] = ()
    notices: Sequence[str] = ()
    new: Sequence[str] = ()
    gone: Sequence[str] = ()

    @property
    def summary(self) -> dict[str, int]:
        """Counts: services, drifted (of that status), items, and items by severity, and by status."""
        items = [item for service in self.services for item in service.items]
        statuses = [service.status for service in self.services]
        return {
            "services": len(self.services),
            "drifted": statuses.count("drifted"),
            "items": len(items),
            **{severity: sum(item.severity == severity for item in items) for severity in SEVERITIES},
            **{
                status: statuses.count(status)
                for status in ("clean", "missing", "stopped", "unmanaged", "orphan", "unreachable", "unknown")
            },
            "verified": sum(service.evidence == "verified" for service in self.services),
            "ignored": len(self.ignored),
            "problems": len(self.problems),
        }

    @property
    def complete(self) -> bool:
        """Whether everything could be audited."""
        return not self.problems and all(host.status == "captured" for host in self.hosts)

    @property
    def exit_code(self) -> int:
        """0 nothing found, 1 findings, 2 not completed."""
        if not self.complete:
            return 2
        return int(any(service.status != "clean" for service in self.services))

    def to_json(self) -> dict[str, Any]:
        """Return the document as plain JSON values."""
        return {**to_builtins(self), "summary": self.summary}

    @classmethod
    def from_json(cls, data: Mapping[str, Any]) -> "DriftDocument":
        """Read a document back.

        Raises:
            ValueError: it is no drift document of this schema.
        """
        if data.get("schema") != SCHEMA:
            raise ValueError(f"not a drift document of schema {SCHEMA}")
        try:
            return convert(data, cls)
        except ValueError as error:
            # It names the place and quotes no more than a word that is none of those allowed there.
            raise ValueError(f"not a drift document: {redact(str(error))}") from None
