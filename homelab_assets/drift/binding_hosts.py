"""Which host a stack belongs to: what the repository says, else what runs where."""

import re
from collections.abc import Mapping, Sequence

from msgspec import Struct

from homelab_assets.compose.normalise import normalised_name
from homelab_assets.drift.document import Status
from homelab_assets.drift.matching import Containers, project_group
from homelab_assets.drift.view import Observed
from homelab_assets.errors import UserError
from homelab_assets.labels import PROJECT
from homelab_assets.late import late
from homelab_assets.model import Baseline, CaptureResult, Unreachable

UNASSIGNED = "unassigned"

_CONTAINER_NAME = late(r"""^[ \t]*container_name:[ \t]*["']?([\w.-]+)["']?[ \t\r]*(?:#.*)?$""", re.MULTILINE)


class Bound(Struct, frozen=True, kw_only=True):
    """A stack on a host.

    Attributes:
        host: where it belongs, `UNASSIGNED` where nothing says it. group: its labelled containers there.
        status: of its services where the host was not captured. note: why it's there.
    """

    baseline: Baseline
    host: str
    group: Sequence[Observed] = ()
    status: Status = "missing"
    note: str | None = None

    @property
    def project_names(self) -> frozenset[str]:
        """Project names that containers of this stack carry."""
        names = {container.project for container in self.group} | {normalised_name(self.baseline.stack)}
        return frozenset(name for name in names if name)


def bind_to_hosts(
    baselines: Sequence[Baseline], hosts: Mapping[str, Containers], captures: Sequence[CaptureResult]
) -> list[Bound]:
    """Bind each baseline to its host. One whose host isn't part of this audit is left out."""
    unreachable = {capture.host for capture in captures if isinstance(capture, Unreachable)}
    known = frozenset(normalised_name(baseline.stack) for baseline in baselines)
    bound: list[Bound] = []
    for baseline in baselines:
        if baseline.endpoint in hosts:
            containers = hosts[str(baseline.endpoint)]
            bound.append(Bound(baseline=baseline, host=containers.host.name, group=project_group(baseline, containers)))
        elif baseline.endpoint in unreachable:
            bound.append(Bound(baseline=baseline, host=str(baseline.endpoint), status="unreachable"))
        elif baseline.endpoint is None:
            bound += _by_what_runs(baseline, hosts, unreachable, known)
    return bound


def _by_what_runs(
    baseline: Baseline, hosts: Mapping[str, Containers], unreachable: set[str], known: frozenset[str]
) -> list[Bound]:
    """Bind a stack that nothing binds: to each host that has its containers, else its networks or volumes."""
    found = [
        Bound(baseline=baseline, host=name, group=group)
        for name, containers in hosts.items()
        if (group := project_group(baseline, containers))
    ]
    if not found:
        found = [Bound(baseline=baseline, host=name) for name, host in hosts.items() if _has_traces(baseline, host)]
    if not found:
        found = [
            Bound(baseline=baseline, host=name) for name, host in hosts.items() if _has_names(baseline, host, known)
        ]
    if found:
        return found
    if unreachable:
        note = f"nothing binds this stack to a host, and {', '.join(sorted(unreachable))} could not be reached"
        return [Bound(baseline=baseline, host=UNASSIGNED, status="unknown", note=note)]
    if len(hosts) == 1:
        return [Bound(baseline=baseline, host=next(iter(hosts)))]
    return [
        Bound(baseline=baseline, host=UNASSIGNED, note="nothing binds this stack to a host, and nothing of it runs")
    ]


def _has_traces(baseline: Baseline, containers: Containers) -> bool:
    """Whether networks or volumes of the project exist there."""
    captured = containers.host.captured
    wanted = normalised_name(baseline.stack)
    return any((thing.get("Labels") or {}).get(PROJECT) == wanted for thing in (*captured.networks, *captured.volumes))


def _has_names(baseline: Baseline, containers: Containers, known: frozenset[str]) -> bool:
    """Whether a container of no project that git knows has a name that one of the stack's files declares."""
    names = {name for name, container in containers.names.items() if container.project not in known}
    if not names:
        return False
    try:
        texts = [(baseline.tree.read(file) or b"").decode("utf-8", "replace") for file in baseline.files]
    except UserError:
        # Too large, or a link that leads out of the repository: loading the stack says so.
        return False
    return not names.isdisjoint(name for text in texts for name in _CONTAINER_NAME.findall(text))
