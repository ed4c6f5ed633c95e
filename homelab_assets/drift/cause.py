"""Why a service differs from git, and what follows: the host changed, git is ahead, or the image moved."""

from collections.abc import Sequence

from msgspec import Struct

from homelab_assets.drift.document import KEPT_BY_OTHERS, KEPT_SINCE, Cause, Evidence, Item, Remedy, Status
from homelab_assets.drift.evidence import NOTHING, Proof
from homelab_assets.drift.items import UNFINISHED
from homelab_assets.drift.leaves import row_of
from homelab_assets.drift.matching import LEFTOVER, Match
from homelab_assets.drift.unify import Settled

IMAGE_MOVED = "the tag now names another image on this host"
VARIABLES_MOVED = "it was created with other values of the variables than its .env has now"


class Finding(Struct, frozen=True):
    """Cause, evidence and remedy of one service's verdict."""

    evidence: Evidence = "none"
    cause: Cause | None = None
    remedy: Remedy = "none"
    note: str | None = None


def find(match: Match, status: Status, items: Sequence[Item], settled: Settled) -> Finding:
    """Tell the causes apart, by the hash, the dates, and what a change needs; say so where they can't be told apart."""
    if not match.containers:
        return Finding(remedy="deploy")
    proof = settled.proofs.get(match.service, NOTHING)
    evidence: Evidence = "verified" if proof.same else "consistent"
    if not items:
        return Finding(evidence=evidence, remedy=_start(match) if status == "stopped" else "none")
    if all(item.of_definition for item in items):
        # Git's is newer, or else it never was git's; where the definition isn't the stack's, no deploy makes it so.
        foreign, since = (all(kept in (item.note or "") for item in items) for kept in (KEPT_BY_OTHERS, KEPT_SINCE))
        cause: Cause = "host_changed" if foreign or since else "git_ahead"
        return Finding(evidence=evidence, cause=cause, remedy="none" if foreign else "deploy")
    items = [item for item in items if not item.of_definition]
    if all(item.note == IMAGE_MOVED for item in items):
        return Finding(evidence=evidence, cause="image_moved", remedy="pull")
    if all(item.note == UNFINISHED for item in items):
        note = f"{UNFINISHED}: `{_rename(match.containers[0].name)}` gives it its own"
        return Finding(evidence=evidence, cause="host_changed", note=note)
    if proof.variables_moved:
        return Finding(evidence=evidence, cause="git_ahead", remedy="deploy", note=VARIABLES_MOVED)
    cause = _cause(match, items, settled, proof)
    deploys = cause == "git_ahead" or all(item.beyond_files for item in items)
    return Finding(evidence=evidence, cause=cause, remedy="deploy" if deploys else "backport")


def _start(match: Match) -> Remedy:
    # Nothing starts a paused container.
    return "unpause" if any(container.paused for container in match.containers) else "start"


def _rename(name: str) -> str:
    found = LEFTOVER.fullmatch(name)
    return f"docker rename {name} {found['own']}" if found else ""


def _cause(match: Match, items: Sequence[Item], settled: Settled, proof: Proof) -> Cause:
    committed = settled.stack.baseline.committed_at
    created = match.containers[0].created
    later = bool(committed and created and committed[:19] > created[:19])
    if proof.same:
        return "host_changed"
    if proof.differs:
        return "git_ahead" if later else "host_changed" if committed else "unknown"
    if later:
        return "unknown"
    certain = committed or not match.containers[0].managed or _only_by_hand(items)
    return "host_changed" if certain else "unknown"


def _only_by_hand(items: Sequence[Item]) -> bool:
    """Whether all differences are of the kind that a hand makes on a living container, without another deploy."""
    rows = [row_of(item.path) for item in items]
    return all(row is not None and row.live and item.change != "removed" for row, item in zip(rows, items, strict=True))
