"""`drift-detector adopt`: make a compose stack for a container that git does not know."""

from collections.abc import Sequence
from typing import TYPE_CHECKING

import click

from homelab_assets.cli.common import FINDINGS, INCOMPLETE, OK, Options, fetch, open_vault, verb
from homelab_assets.errors import UserError, nothing_named
from homelab_assets.rendering.json_text import json_text
from homelab_assets.rendering.markdown import terminal_safe

if TYPE_CHECKING:
    from homelab_assets.drift.document import DriftDocument
    from homelab_assets.lab.settings import Lab, RepositorySettings
    from homelab_assets.model import Captured, CaptureResult
    from homelab_assets.remediation.adopt import Adoption
    from homelab_assets.secrecy import Vault


@click.command("adopt")
@click.argument("container")
@click.option("--host", metavar="NAME", help="The host it runs on, where several have one of that name.")
@click.option("--repository", metavar="NAME", help="The repository to add it to. Default: the first that holds stacks.")
@click.option("--open", "open_", is_flag=True, help="Push a branch and open a pull request.")
@verb()
def command(options: Options, container: str, host: str | None, repository: str | None, open_: bool) -> int:
    """Show, or with --open propose, a stack for a container that git does not know.

    What its image or the engine sets is left out; secrets become variables with a placeholder in `.env.sample`.

    Exit code: 0 the stack says all that runs, 1 something can't be said in compose, 2 not completed.
    """
    from homelab_assets.audit import compare, load, utc_now
    from homelab_assets.remediation.adopt import adopt

    lab = options.lab()
    place = _repository(lab, repository)
    vault = open_vault(lab, create=open_)
    if open_:
        fetch(lab, options)
    captures = _capture(lab, host, vault)
    captured, name = _find(captures, container)
    known = load(lab, vault=vault)
    _refuse_known(compare(lab, captures, known, vault=vault, now=utc_now()), captured.host, name)
    adoption = adopt(captured, name, vault=vault, folder=_folder(place), baselines=known.baselines)
    options.write(_render(adoption, options))
    if open_:
        from homelab_assets.remediation.flow import open_adoption

        outcome = open_adoption(lab, adoption, place.name)
        options.say(" ".join(part for part in (outcome.status, outcome.reference, outcome.why) if part))
        if outcome.status == "failed":
            return INCOMPLETE
    return FINDINGS if adoption.left else OK


def _capture(lab: "Lab", host: str | None, vault: "Vault") -> "Sequence[CaptureResult]":
    from homelab_assets.audit import capture

    if host is not None and host not in lab.hosts:
        raise nothing_named("host", host, lab.hosts)
    return capture(lab, [host] if host else tuple(lab.hosts), vault=vault)


def _find(captures: "Sequence[CaptureResult]", container: str) -> "tuple[Captured, str]":
    from homelab_assets.drift.view import Host
    from homelab_assets.labels import name_of
    from homelab_assets.model import Captured

    seen = [result for result in captures if isinstance(result, Captured)]
    found = [(one, document) for one in seen if (document := Host(one).by_reference(container)) is not None]
    if len(found) > 1:
        hosts = ", ".join(one.host for one, _ in found)
        raise UserError(f"{container} runs on several hosts", hint=f"say which with --host: {hosts}")
    if not found:
        names = {name_of(document) for one in seen for document in one.containers}
        error = nothing_named("container", container, names)
        missed = [f"{one.host} can't be reached" for one in captures if not isinstance(one, Captured)]
        raise UserError(error.what, hint="; ".join([*missed, *([error.hint] if error.hint else [])]) or None)
    return found[0][0], name_of(found[0][1])


def _refuse_known(document: "DriftDocument", host: str, name: str) -> None:
    """Refuse a container that a stack in git declares: a second one would fight with it for the container's name."""
    for seen in document.hosts:
        if seen.name == host and seen.status != "captured":
            raise UserError(str(seen.error), where=host, hint=seen.hint)
    for verdict in document.services:
        if (verdict.host, verdict.container) == (host, name) and verdict.status in ("clean", "drifted", "stopped"):
            raise UserError(
                f"git has {name} already: {verdict.repository}, {verdict.file}:{verdict.line}",
                hint=f"`drift-detector remediate --service {name}` brings that up to date",
            )


def _repository(lab: "Lab", name: str | None) -> "RepositorySettings":
    if name is not None and name not in lab.repositories:
        raise nothing_named("repository", name, lab.repositories)
    if not lab.repositories:
        raise UserError("lab.yaml names no repository", hint="add one under `repositories`")
    if name is not None:
        return lab.repositories[name]
    first, *others = lab.repositories.values()
    return next((one for one in (first, *others) if _holds_stacks(one)), first) if others else first


def _holds_stacks(repository: "RepositorySettings") -> bool:
    from homelab_assets.repository.snapshots import open_tree
    from homelab_assets.repository.stacks import find_stacks

    try:
        return bool(find_stacks(open_tree(repository).tree, repository.stacks))
    except UserError:
        # Whatever is wrong with it is told by whoever needs it.
        return False


def _folder(repository: "RepositorySettings") -> str:
    plain = [p for p in repository.stacks if (p == "*" or p.endswith("/*")) and "*" not in p[:-1]]
    return plain[0].removesuffix("*").strip("/") if plain else "stacks"


def _render(adoption: "Adoption", options: Options) -> str:
    if options.format == "json":
        fields = ("host", "container", "stack", "variables", "left", "weakenings")
        values = {name: getattr(adoption, name) for name in fields}
        files = {path: data.decode() for path, data in adoption.files.items()}
        return json_text({"schema": 1, **values, "files": files})
    if options.format == "markdown":
        from homelab_assets.remediation.adoption_body import adoption_body

        return adoption_body(adoption)
    parts = [f"# {path}\n{data.decode()}" for path, data in adoption.files.items()]
    notes = [f"set in the .env on {adoption.host}: {name}" for name in adoption.variables]
    notes += [f"compose can't say: {path}" for path in adoption.left]
    notes += [f"mind: {words}" for words in adoption.weakenings]
    return "\n".join([*parts, *(f"# {terminal_safe(note)}" for note in notes)])
