"""From a drift document to one remediation plan for each drifted service. Pure: baselines in, texts out.

What is backported is what was changed on the host, or may have been. A service whose baseline moved after its container
was created needs a deploy, not a pull request, and its items say so.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence

from msgspec.structs import replace

from homelab_assets.drift.document import DriftDocument, Item, ServiceDrift
from homelab_assets.errors import UserError
from homelab_assets.model import Baseline
from homelab_assets.remediation import body
from homelab_assets.remediation.backport import Backported, NotBackported, backport
from homelab_assets.remediation.identity import DRIFT, Identity, branch_name, content_digest, digest_of
from homelab_assets.remediation.plan import RemediationPlan
from homelab_assets.remediation.proof import Loader, Overlay, Prover
from homelab_assets.remediation.readme import README, Readme, readme_of
from homelab_assets.remediation.repository_docs import service_rows, with_target
from homelab_assets.remediation.weakening import weaknesses

_ORDER = {"added": 0, "changed": 1, "removed": 2}
_NOT_FOR_GIT: Mapping[str, str] = {
    "git_ahead": "git or the `.env` on the host changed after the container was created: deploy the stack instead",
    "image_moved": "the tag names another image now: pull it, git is right",
}

Recheck = Callable[[Sequence[Baseline], Identity], Sequence[Item]]
"""Compares the same captures with edited baselines, and returns what still differs for a service."""


def plan_remediation(
    document: DriftDocument,
    baselines: Sequence[Baseline],
    *,
    load: Loader,
    report: str = "",
    documentation: bool = True,
    recheck: Recheck | None = None,
) -> tuple[RemediationPlan, ...]:
    """Plan what to do about every drifted service.

    Args:
        baselines: what the document was made from. load: the compose loader.
        report: link to the drift report, or its path, as Markdown.
        documentation: bring README and `stack-targets.yml` up to date in the same pull request.
        recheck: a second audit of the same captures, to prove that nothing is left.

    Returns:
        one plan for each host, stack and service that differs, in the document's order; also where nothing of it can
        be backported.
    """
    groups = _groups(document)
    planner = _Planner(document, baselines, load, report, documentation, recheck, _ambiguous(groups))
    return tuple(planner.plan(identity, verdicts) for identity, verdicts in groups.items())


def _groups(document: DriftDocument) -> dict[Identity, list[ServiceDrift]]:
    groups: dict[Identity, list[ServiceDrift]] = {}
    for verdict in document.services:
        if verdict.items and verdict.stack and verdict.repository and verdict.status in ("drifted", "stopped"):
            identity = Identity(host=verdict.host, stack=verdict.stack, service=verdict.service)
            groups.setdefault(identity, []).append(verdict)
    return groups


def _ambiguous(identities: Mapping[Identity, object]) -> frozenset[str]:
    names = [identity.service for identity in identities]
    return frozenset(name for name in names if names.count(name) > 1)


class _Planner:
    def __init__(
        self,
        document: DriftDocument,
        baselines: Sequence[Baseline],
        load: Loader,
        report: str,
        documentation: bool,
        recheck: Recheck | None,
        ambiguous: frozenset[str],
    ) -> None:
        self._document, self._baselines, self._load = document, baselines, load
        self._report, self._documentation, self._recheck = report, documentation, recheck
        self._ambiguous = ambiguous
        self._readmes: dict[str, Readme | None] = {}

    def plan(self, identity: Identity, verdicts: Sequence[ServiceDrift]) -> RemediationPlan:
        verdict = verdicts[0]
        siblings = [b for b in self._baselines if b.repository == verdict.repository]
        own = _baseline_of(identity, siblings)
        refused: list[NotBackported] = []
        wanted = list(_agreed(verdicts, refused))
        edits: list[Backported] = []
        left: list[str] = []
        prover = Prover(self._load, siblings)
        if own is None:
            refused += [NotBackported(item=item, why="its stack is not in git any more") for item in wanted]
        else:
            deployed = _as_deployed(own, siblings, wanted, prover)
            stack, prover = deployed[siblings.index(own)], Prover(self._load, deployed)
            edits, more, left = self._backport(identity, verdict, wanted, own, stack, prover)
            refused += more
        changes = dict(prover.changes)
        docs = self._docs(own, siblings, prover, identity) if edits and own is not None else {}
        unique = (identity.host, identity.stack) if identity.service in self._ambiguous else ()
        items = [edit.item for edit in edits]
        return RemediationPlan(
            identity=identity,
            repository=verdict.repository or "",
            commit=own.commit if own else "",
            cause=verdict.cause,
            edits=tuple(edits),
            refused=tuple(refused),
            files=changes | docs,
            documentation=frozenset(docs),
            branch=branch_name(DRIFT, self._document.generated_at, *unique, identity.service),
            digest=digest_of(str(identity), [(i.path, i.change, i.baseline, i.running) for i in items]),
            content=content_digest(changes),
            title=body.title_of(identity.service, items or list(verdict.items)),
            report=self._report,
            left=tuple(left),
            weakenings=tuple(dict.fromkeys(words for item in items for words in weaknesses(item))),
            base=own,
        )

    def _backport(
        self,
        identity: Identity,
        verdict: ServiceDrift,
        wanted: Sequence[Item],
        own: Baseline,
        stack: Baseline,
        prover: Prover,
    ) -> tuple[list[Backported], list[NotBackported], list[str]]:
        """Backport item after item; what failed is tried again behind the others, which may have cleared its way.

        Args:
            own: the stack as the audit knows it. stack: the same as it was deployed.

        Returns:
            what is done, what isn't, and the paths that will differ anew until the next deploy.
        """
        edits, refused = self._rounds(identity, wanted, stack, prover)
        if self._recheck is None or not edits:
            return edits, refused, []
        known = {item.path for item in verdict.items}
        left = {item.path: item for item in self._recheck(_edited(self._baselines, own, prover), identity)}
        if fresh := [item for path, item in left.items() if path not in known]:
            # What an edit brings to light: a health check that was off hid its interval.
            also, _ = self._rounds(identity, fresh, stack, prover)
            edits = sorted([*edits, *also], key=lambda edit: edit.item.path)
            if also:
                left = {item.path: item for item in self._recheck(_edited(self._baselines, own, prover), identity)}
        # Git has all of it then; what is still missing Compose adds by itself when it makes the container.
        rest = {path for path, item in left.items() if item.change == "changed" and item.baseline == item.running}
        done = {edit.item.path for edit in edits}
        anew = sorted(path for path in left if path not in known or path in rest & done)
        stubborn = [
            edit for edit in edits if edit.item.path in left.keys() - rest and not _awaits(edit, left[edit.item.path])
        ]
        if not stubborn:
            return edits, refused, anew
        prover.restart()
        kept = [edit.item for edit in edits if edit not in stubborn]
        edits, more = self._rounds(identity, kept, stack, prover)
        why = "a second comparison would still find it"
        return edits, [*refused, *more, *(NotBackported(item=edit.item, why=why) for edit in stubborn)], anew

    def _rounds(
        self, identity: Identity, wanted: Sequence[Item], own: Baseline, prover: Prover
    ) -> tuple[list[Backported], list[NotBackported]]:
        edits: list[Backported] = []
        refused: list[NotBackported] = []
        waiting = sorted(wanted, key=lambda item: _ORDER[item.change])
        while waiting:
            results = [
                backport(item, identity.service, own, prover, also=self._likewise(identity, item, prover))
                for item in waiting
            ]
            done = [result for result in results if isinstance(result, Backported)]
            refused = [result for result in results if isinstance(result, NotBackported)]
            edits += done
            waiting = [result.item for result in refused] if done else []
        return sorted(edits, key=lambda edit: edit.item.path), sorted(refused, key=lambda one: one.item.path)

    def _likewise(self, identity: Identity, item: Item, prover: Prover) -> list[Baseline]:
        """Return the other endpoints of the stack where the very same difference was found."""
        hosts = {
            verdict.host
            for verdict in self._document.services
            if (verdict.stack, verdict.service) == (identity.stack, identity.service)
            and any((o.path, o.change, o.running) == (item.path, item.change, item.running) for o in verdict.items)
        } - {identity.host}
        return [b for b in prover.baselines if b.stack == identity.stack and b.endpoint in hosts]

    def _docs(
        self, own: Baseline, siblings: Sequence[Baseline], prover: Prover, identity: Identity
    ) -> dict[str, bytes | None]:
        if not self._documentation:
            return {}
        tree, files = Overlay(own.tree, prover.changes), dict[str, bytes | None]()
        if own.repository not in self._readmes:
            self._readmes[own.repository] = readme_of(own.tree, siblings, self._load, self._document.generated_at)
        if (readme := self._readmes[own.repository]) is not None:
            after = Prover(self._load, siblings, prover.changes)
            files[README] = readme.edited(service_rows(siblings, after.model)).encode("utf-8")
        for name in ("stack-targets.yml", "stack-targets.yaml"):
            targets = tree.read(name)
            if targets is not None and own.endpoint is None and (text := _text(targets)) is not None:
                files[name] = with_target(text, own.stack, identity.host).encode("utf-8")
        return {path: data for path, data in files.items() if data != own.tree.read(path)}


def _text(data: bytes) -> str | None:
    try:
        return data.decode("utf-8")
    except UnicodeDecodeError:
        return None


def _baseline_of(identity: Identity, baselines: Sequence[Baseline]) -> Baseline | None:
    own = [b for b in baselines if b.stack == identity.stack]
    return next((b for b in own if b.endpoint == identity.host), next((b for b in own if b.endpoint is None), None))


def _as_deployed(own: Baseline, siblings: Sequence[Baseline], wanted: Sequence[Item], prover: Prover) -> list[Baseline]:
    """Add the compose files that decide something, and that only the host names (`-f`, `COMPOSE_FILE`), to a stack.

    Its other endpoints may read them too. Where a host names its files, one for the endpoint would not be read: the
    stack then has no endpoint to add one for.
    """
    named = {item.file for item in wanted if item.file and item.file.endswith((".yml", ".yaml"))}
    try:
        more = sorted(named - prover.reads(own))
    except UserError:
        more = []

    def extended(baseline: Baseline) -> Baseline:
        if not more or baseline.directory != own.directory:
            return baseline
        endpoint = None if baseline is own else baseline.endpoint
        return replace(baseline, files=(*baseline.files, *more), endpoint=endpoint)

    return [extended(baseline) for baseline in siblings]


def _agreed(verdicts: Sequence[ServiceDrift], refused: list[NotBackported]) -> Iterator[Item]:
    """Yield the items that all replicas agree on and whose cause is for git; the others are refused."""
    for item in {item.path: item for verdict in verdicts for item in verdict.items}.values():
        versions = [other for verdict in verdicts for other in verdict.items if other.path == item.path]
        cause = verdicts[0].cause
        if cause is not None and cause in _NOT_FOR_GIT and not item.of_definition:
            refused.append(NotBackported(item=item, why=_NOT_FOR_GIT[cause]))
        elif len(versions) != len(verdicts) or any(other.running != item.running for other in versions):
            refused.append(NotBackported(item=item, why="the replicas of the service differ among themselves"))
        else:
            yield item


def _awaits(edit: Backported, item: Item) -> bool:
    """Whether git names all of it, and only the `.env` on the host lacks the secret's variable: no file of git can say
    more, and the pull request asks for the rest."""
    return not set(edit.variables).isdisjoint(item.variables)


def _edited(baselines: Sequence[Baseline], own: Baseline, prover: Prover) -> tuple[Baseline, ...]:
    """Return the baselines as they will be after the merge."""
    tree = Overlay(own.tree, prover.changes)
    new = own.endpoint_file
    more = (new,) if new in prover.changes and new not in own.files else ()
    return tuple(
        replace(b, tree=tree, files=(*b.files, *(more if b is own else ()))) if b.repository == own.repository else b
        for b in baselines
    )
