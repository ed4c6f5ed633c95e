"""What stands behind git's variables on a host, found as the comparison finds it, so that it can be sealed at rest."""

from collections.abc import Mapping, Sequence
from typing import Any

from msgspec.structs import replace

from homelab_assets.drift.binding_hosts import bind_to_hosts
from homelab_assets.drift.malformed import MalformedCapture, reading, without
from homelab_assets.drift.matching import Containers
from homelab_assets.drift.settling import settle_stack
from homelab_assets.drift.unify import unexplained_texts
from homelab_assets.drift.view import Host
from homelab_assets.errors import UserError
from homelab_assets.model import Baseline, Captured, CaptureResult
from homelab_assets.secrecy import Vault, names_a_secret
from homelab_assets.secrecy.values import named_secrets, seal_values


def sealed_for_rest(captured: Captured, baselines: Sequence[Baseline], vault: Vault) -> CaptureResult:
    """Return a capture as it may be written: what stands behind git's `${VAR}` is sealed too, `.env` files wholly.

    `woken` undoes it in the same process. A capture that no engine wrote counts as not made.
    """
    try:
        with reading(captured.host):
            values = values_behind_variables(captured, baselines, vault)
    except MalformedCapture as malformed:
        return without([captured], malformed)[0]
    return replace(
        captured,
        containers=[seal_values(container, values, vault) for container in captured.containers],
        dotenv=_wholly_sealed(captured.dotenv, vault),
        env_files=_wholly_sealed(captured.env_files, vault),
    )


def woken(captured: Captured, vault: Vault) -> Captured:
    """Return a stored capture as it was captured, if this process captured it; else with what can be known.

    A variable of a `.env` whose value only another process knew counts as unknown, unless its name says that it is
    a secret anyway: then its token is all that anybody ever gets. Where a service takes all variables of a file, their
    tokens will do.
    """
    return replace(
        captured,
        containers=[vault.seal_inspect(vault.reveal_all(container)) for container in captured.containers],
        dotenv={file: _known(found, vault) for file, found in captured.dotenv.items()},
        env_files={
            file: {name: vault.seal(name, vault.reveal(token)) for name, token in found.items()}
            for file, found in captured.env_files.items()
        },
    )


_Files = Mapping[str, Mapping[str, str | None]]


def _wholly_sealed(files: _Files, vault: Vault) -> dict[str, dict[str, Any]]:
    return {
        file: {name: value and vault.token(value) for name, value in found.items()} for file, found in files.items()
    }


def _known(sealed: Mapping[str, str | None], vault: Vault) -> dict[str, str | None]:
    return {
        name: vault.seal(name, vault.reveal(token))
        if token is not None and (vault.revealable(token) or names_a_secret(name))
        else None
        for name, token in sealed.items()
    }


def values_behind_variables(captured: Captured, baselines: Sequence[Baseline], vault: Vault) -> set[str]:
    """Return what the variables of a host's stacks stand for, in clear where the process knows it: what its `.env`
    files say, what its containers give away, and the containers' own variables that are secrets by their names."""
    # Without its files: containers that were started with other values than theirs give them away, too.
    containers = Containers(Host(replace(captured, dotenv={}, env_files={}, compose_variables={})))
    bound = [
        one for one in bind_to_hosts(baselines, {captured.host: containers}, [captured]) if one.host == captured.host
    ]
    names = frozenset(name for one in bound for name in one.project_names)
    files = (*captured.dotenv.values(), *captured.env_files.values())
    found = {value for variables in files for value in variables.values() if value}
    for container in containers.all:
        found.update(named_secrets(container.variables, vault))
    for one in sorted(bound, key=lambda one: not one.group):
        try:
            settled = settle_stack(one.baseline, containers, vault, names)
        except UserError:
            continue
        found.update(value for value in settled.known.values() if value)
        found.update(unexplained_texts(settled, vault))
        found.update(value for values in settled.bindings.choices.values() for value in values if value)
    return {vault.reveal(value) for value in found}
