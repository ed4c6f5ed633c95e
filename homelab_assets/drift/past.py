"""Whether git moved or the host was changed, where both may be: what differs is held against what git said before.

That a commit touched a stack after its container was created, and that git's hash is another one now, is so as well
where a hand changed one service and the commit another. Only a value that git has had is git's own.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from contextlib import suppress
from functools import cache, partial

from msgspec import Struct
from msgspec.structs import replace

from homelab_assets.drift.cause import IMAGE_MOVED, VARIABLES_MOVED
from homelab_assets.drift.document import DriftDocument, Remedy, ServiceDrift
from homelab_assets.drift.items import UNFINISHED
from homelab_assets.drift.known_host import KnownHost
from homelab_assets.drift.malformed import MalformedCapture, reading
from homelab_assets.drift.policy import Policy
from homelab_assets.errors import UserError
from homelab_assets.model import Baseline, Captured, CaptureResult
from homelab_assets.secrecy import Vault

MOVED_ON = "git has moved on here since: a deploy brings it"
"""The note on what git has changed, in a service in which the host has changed something else."""

_Key = tuple[str, str | None, str, str | None]
_Paths = frozenset[str]
_COMPARED = ("clean", "drifted", "stopped")


class Past(Struct, frozen=True):
    """What git said of a stack before.

    Attributes:
        versions: each with the time of its commit, first what a container may have been created from.
        whole: they are all that there were.
    """

    versions: Iterable[Baseline]
    whole: bool


Earlier = Callable[[Baseline, str], Past]
"""Gives the past of a stack of which a container was created at this time."""


def with_past(
    document: DriftDocument,
    captures: Sequence[CaptureResult],
    baselines: Sequence[Baseline],
    *,
    earlier: Earlier,
    vault: Vault,
    policy: Policy,
) -> DriftDocument:
    """Return the document with the causes that git's past tells; where it tells none, they stay as they are."""
    doubtful = {_key(one): one for one in document.services if is_doubtful(one)}
    judged: dict[_Key, ServiceDrift] = {}
    for capture in captures:
        here = {key: one for key, one in doubtful.items() if key[0] == capture.host}
        if here and isinstance(capture, Captured):
            with suppress(MalformedCapture), reading(capture):
                # Only a version to look at is worth the work of knowing a host.
                known = cache(partial(KnownHost, capture, baselines, vault))
                past = _Host(here, partial(_compare, known, policy, document.generated_at[:10]))
                judged |= past.judged([one for one in baselines if one.endpoint in (capture.host, None)], earlier)
    return replace(document, services=tuple(judged.get(_key(one), one) for one in document.services))


def _compare(known: Callable[[], KnownHost], policy: Policy, today: str, version: Baseline) -> Iterable[ServiceDrift]:
    return known().verdicts(version, policy, today)


def is_doubtful(verdict: ServiceDrift) -> bool:
    """Whether dates and a hash are all that a verdict's cause is known by."""
    known = verdict.created is None or VARIABLES_MOVED in (verdict.note or "")
    return verdict.cause in ("git_ahead", "unknown") and not known and not _is_of_definitions(verdict)


def _key(verdict: ServiceDrift) -> _Key:
    return (*verdict.subject, verdict.container)


def _differs(verdict: ServiceDrift) -> _Paths:
    # An image that moved under its tag, and a name that Compose still owes, are nobody's change of the settings.
    return frozenset(
        item.path for item in verdict.items if item.note not in (IMAGE_MOVED, UNFINISHED) and not item.of_definition
    )


def _is_of_definitions(verdict: ServiceDrift) -> bool:
    """Whether nothing of the container itself differs."""
    return all(item.of_definition for item in verdict.items)


class _Host:
    """The services of one host whose cause is in doubt, and what differed from every version of git so far."""

    def __init__(
        self, doubtful: Mapping[_Key, ServiceDrift], compare: Callable[[Baseline], Iterable[ServiceDrift]]
    ) -> None:
        self._compare = compare
        self._open = dict(doubtful)
        self._never = {key: _differs(one) for key, one in doubtful.items()}
        self._done: dict[_Key, ServiceDrift] = {}

    def judged(self, baselines: Iterable[Baseline], earlier: Earlier) -> dict[_Key, ServiceDrift]:
        """Go through the versions of each stack until nothing of it is in doubt or git's past ends."""
        for baseline in baselines:
            if here := self._of(baseline):
                self._go_back(baseline, earlier(baseline, max(self._open[key].created or "" for key in here)))
        return self._done

    def _go_back(self, baseline: Baseline, past: Past) -> None:
        oldest = baseline.committed_at or ""
        for version in past.versions:
            oldest = min(oldest, version.committed_at or "")
            with suppress(UserError):
                self._look(version)
            if not self._of(baseline):
                return
        if past.whole:
            self._end(baseline, oldest)

    def _of(self, baseline: Baseline) -> list[_Key]:
        """The services of a stack that are still in doubt."""
        return [
            key
            for key, one in self._open.items()
            if (one.stack, one.repository) == (baseline.stack, baseline.repository)
        ]

    def _look(self, version: Baseline) -> None:
        """Compare with another version; a service that is what it says has its cause."""
        for verdict in self._compare(version):
            key = _key(verdict)
            if key not in self._open or verdict.status not in _COMPARED:
                continue
            if verdict.evidence == "verified" or _is_of_definitions(verdict):
                self._settle(key, _differs(self._open[key]) & _differs(verdict), deployed=True)
            elif verdict.cause == "git_ahead" and not is_doubtful(verdict):
                self._settle(key, frozenset(), deployed=True)
            else:
                self._never[key] &= _differs(verdict)

    def _end(self, baseline: Baseline, oldest: str) -> None:
        """No version is what runs: what none of them has, the host has of itself."""
        for key in self._of(baseline):
            created = self._open[key].created or ""
            if oldest and oldest[:19] <= created[:19]:
                self._settle(key, self._never[key], deployed=False)

    def _settle(self, key: _Key, own: _Paths, *, deployed: bool) -> None:
        """Write down what follows.

        Args:
            own: what git never said. deployed: one version of git is what the container was created from.
        """
        verdict = self._open.pop(key)
        if own:
            items = [
                item if item.path in own or item.of_definition else item.noting(MOVED_ON) for item in verdict.items
            ]
            deploys = all(item.beyond_files for item in items if item.path in own)
            remedy: Remedy = "deploy" if deploys else "backport"
            verdict = replace(verdict, cause="host_changed", remedy=remedy, items=items)
        elif deployed:
            verdict = replace(verdict, cause="git_ahead", remedy="deploy")
        else:
            # Git has said each of it, but never all of it at once.
            verdict = replace(verdict, cause="unknown", remedy="backport")
        self._done[key] = verdict
