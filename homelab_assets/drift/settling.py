"""The stacks of a host: where each was deployed, which containers are its services, what its variables are."""

from collections.abc import Callable, Collection, Iterable, Iterator, Sequence

from msgspec.structs import replace

from homelab_assets.compose.interpolation import OPEN, unscoped
from homelab_assets.drift.binding_hosts import Bound
from homelab_assets.drift.deployed import NO_FOLDER, as_deployed, deployment_of
from homelab_assets.drift.matching import (
    Containers,
    group_by_names,
    match_services,
    project_group,
    started_by_hand,
)
from homelab_assets.drift.models import Model
from homelab_assets.drift.proving import prove_services
from homelab_assets.drift.rows.mount import Mount, mounts_of
from homelab_assets.drift.stacks import Stack
from homelab_assets.drift.unify import Settled, bind_variables, shown_in_clear
from homelab_assets.drift.view import Observed
from homelab_assets.errors import BaselineError, UserError
from homelab_assets.model import Baseline
from homelab_assets.secrecy import Vault, has_token, names_a_secret


def settle_stacks(
    bound: Iterable[Bound],
    containers: Containers,
    vault: Vault,
    known: frozenset[str],
    refused: Callable[[Bound, UserError], None],
) -> Iterator[tuple[Bound, Settled]]:
    """Settle the stacks of a host, first those whose containers' labels name them.

    Args:
        known: see `settle_stack`. refused: is told of the stacks that Compose would refuse.
    """
    for one in sorted(bound, key=lambda one: not one.group):
        try:
            settled = settle_stack(one.baseline, containers, vault, known)
        except UserError as error:
            refused(one, error)
        else:
            yield one, settled


def settle_stack(baseline: Baseline, containers: Containers, vault: Vault, known: frozenset[str]) -> Settled:
    """Load a stack as its host did, match its containers, bind its variables, and see what the hashes prove.

    Args:
        known: names of all projects that git knows: their containers are not taken by name.

    Raises:
        BaselineError: Compose would refuse the files.
    """
    group = project_group(baseline, containers, known=known)
    stack, templates = _load(baseline, group, containers)
    if (again := _by_what_git_says(stack, templates, containers, known)) and again != group:
        group = again
        stack, templates = _load(baseline, group, containers)
    guessed = not group or stack.deployment.directory == NO_FOLDER
    if guessed and (folder := _folder(stack.deployment.directory, templates, group, containers)):
        stack, templates = _load(baseline, group, containers, folder)
    first = _first(stack, templates, vault)
    matches = match_services(first.view, first.services, first.disabled, group, containers, known)
    settled = Settled(vault=vault, stack=stack, templates=templates, final=first, matches=matches)
    bind_variables(settled)
    prove_services(settled, baseline)
    return settled


def _by_what_git_says(stack: Stack, templates: Model, containers: Containers, known: Collection[str]) -> list[Observed]:
    """The containers of the project that git's own words name, where these say what the folder's name doesn't."""
    name = name_in_git(stack, templates)
    if name and name != stack.deployment.project:
        return project_group(stack.baseline, containers, (name,), known)
    if stack.deployment.project is None:
        return group_by_names(templates.services, containers, known)
    return []


def name_in_git(stack: Stack, templates: Model) -> str | None:
    """What the project is called if nobody who deploys it says otherwise, None where that is its folder's name."""
    name = str(stack.certain.get("COMPOSE_PROJECT_NAME") or templates.project.written_name or OPEN)
    return None if OPEN in name else name


def _load(
    baseline: Baseline, group: Sequence[Observed], containers: Containers, folder: str | None = None
) -> tuple[Stack, Model]:
    deployment = deployment_of(baseline, group, containers.host.captured)
    if folder:
        deployment = replace(deployment, directory=folder)
    stack = Stack(as_deployed(baseline, group, deployment), deployment)
    return stack, stack.load({})


def _first(stack: Stack, templates: Model, vault: Vault) -> Model:
    """Load with what is settled; a `.env` that breaks the load is as good as none.

    A value of which only a token is known can be compared as a whole alone, unless it is a secret wherever it stands.
    It chooses no file. What an engine shows in clear, whatever its name, counts in clear.
    """
    stack.learn_included(templates)
    sealed = {name: value for name, value in stack.certain.items() if value and has_token(value)}
    in_clear = shown_in_clear(templates) if sealed else frozenset()
    for name in sealed.keys() & in_clear:
        stack.certain[name] = vault.reveal(sealed[name])
    opaque = {name for name in sealed if not vault.revealable(sealed[name])}
    parts = templates.names_in_parts | stack.choosing.keys() if opaque else frozenset()
    for name in opaque:
        if name in (in_clear if names_a_secret(unscoped(name)) else parts):
            stack.sealed[name] = sealed[name]
            del stack.certain[name]
            stack.unknown |= {name}
    if not stack.certain:
        return templates
    try:
        return stack.load(stack.certain)
    except BaselineError:
        stack.unknown |= stack.certain.keys()
        stack.certain = {}
        return templates


def _folder(guessed: str, model: Model, group: Sequence[Observed], containers: Containers) -> str | None:
    """Where an unknown project folder lies on the host: relative binds tell it, if they agree."""
    found: set[str] = set()
    known = [(container.service or "", container) for container in group]
    for name, container in known or started_by_hand(model.view, model.services, containers):
        service = model.services.get(name) or {}
        running = mounts_of(container)
        for entry in service.get("volumes") or ():
            source = str(entry.get("source") or "") if isinstance(entry, dict) else ""
            mount: Mount | None = running.get(str(entry.get("target"))) if source.startswith(guessed + "/") else None
            tail = source.removeprefix(guessed)
            if mount is not None and mount.source.endswith(tail):
                found.add(mount.source.removesuffix(tail))
    return found.pop() if len(found) == 1 else None
