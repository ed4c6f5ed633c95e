"""What is said where nothing could be compared: a host that was not captured, a stack that does not load, a defect."""

from collections.abc import Iterator

from homelab_assets.drift.binding_hosts import Bound
from homelab_assets.drift.deployed import not_deployed
from homelab_assets.drift.document import ServiceDrift
from homelab_assets.drift.stacks import Stack
from homelab_assets.drift.view import Host, Observed
from homelab_assets.errors import UserError
from homelab_assets.model import Baseline, Problem


def unloadable(baseline: Baseline, host: str, error: UserError) -> Problem:
    """A baseline that Compose would refuse."""
    return Problem.of(error, kind="baseline", host=host, repository=baseline.repository, stack=baseline.stack)


def failed(host: str, why: str) -> Problem:
    """A host whose capture is an engine's, and which could not be compared all the same."""
    return Problem(
        kind="container",
        what=f"its containers could not be compared ({why})",
        where=host,
        hint="this is a defect: please report it; the other hosts are compared",
        host=host,
    )


def services_of(one: Bound) -> Iterator[ServiceDrift]:
    """Give the services of a stack as its host's state is known.

    Raises:
        UserError: Compose would refuse the files.
    """
    baseline = one.baseline
    stack = Stack(baseline, not_deployed(baseline))
    model = stack.load(stack.certain)
    for name in model.services:
        span = model.span("services", name)
        yield ServiceDrift(
            host=one.host,
            stack=baseline.stack,
            service=name,
            container=None,
            status=one.status,
            repository=baseline.repository,
            file=span.file if span else None,
            line=span.line if span else None,
            remedy="deploy" if one.status == "missing" else "none",
            note=one.note,
        )


def unknown(container: Observed, host: Host, note: str, baseline: Baseline | None = None) -> ServiceDrift:
    """A container of which nothing can be said."""
    return ServiceDrift(
        host=host.name,
        stack=baseline.stack if baseline else container.project,
        service=service_name(container),
        container=container.name,
        status="unknown",
        repository=baseline.repository if baseline else None,
        file=baseline.files[0] if baseline and baseline.files else None,
        created=container.created or None,
        note=note,
    )


def service_name(container: Observed) -> str:
    """What a container is called as a service, as its labels or else its name tell."""
    return container.service or container.name
