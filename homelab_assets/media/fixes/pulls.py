"""Fixes as pull requests: edits of compose files, proved like those of drift, and the apply plan beside them.

One cause is one pull request. It is a proposal; what is in an app's database changes only by `pipeline --apply`.
"""

import json
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from typing import Any

from msgspec.structs import replace

from homelab_assets.errors import UserError
from homelab_assets.media.fixes.pull import PLANS, FixPull, without_moment
from homelab_assets.media.plan import ComposeEdit, Fix, apply_plan
from homelab_assets.model import Baseline, FileTree
from homelab_assets.remediation import dotenv_text, splice
from homelab_assets.remediation.fields import candidates
from homelab_assets.remediation.identity import ANY, kebab
from homelab_assets.remediation.loading import is_project
from homelab_assets.remediation.model_leaves import leaves_of
from homelab_assets.remediation.proof import Overlay, Prover
from homelab_assets.remediation.wish import Wish

Load = Callable[[Baseline], Mapping[str, Any]]


def plan_pulls(
    fixes: Sequence[Fix], baselines: Sequence[Baseline], *, host: str | None, generated_at: str, load: Load
) -> list[FixPull]:
    """Turn fixes into pull requests. Fixes that are a person's alone, and labs without a stack in git, give none.

    Args:
        baselines: all stacks of all repositories. host: the media host. load: the compose loader, for the proofs.
    """
    own = [baseline for baseline in baselines if baseline.endpoint in (host, None)]
    pulls = []
    for position, fix in enumerate(_as_git_names_it(fix, own) for fix in fixes):
        home = _home(fix, own)
        if home is None or not (fix.edits or fix.steps):
            continue
        prover = Prover(load, [one for one in baselines if one.repository == home.repository])
        refused = [why for edit in fix.edits if (why := _edit(edit, own, prover)) is not None]
        files = dict(prover.changes)
        if fix.steps:
            plan = apply_plan([fix], generated_at=generated_at, host=host)
            files[f"{PLANS}/{kebab(fix.check)}.json"] = json.dumps(plan, indent=2, ensure_ascii=False).encode() + b"\n"
        pulls.append(
            FixPull(
                fix=fix,
                host=host or ANY,
                position=position,
                repository=home.repository,
                commit=home.commit,
                generated_at=generated_at,
                files={path: data for path, data in files.items() if _differs(path, data, home.tree)},
                tree=home.tree,
                refused=refused,
            )
        )
    return pulls


def _as_git_names_it(fix: Fix, baselines: Sequence[Baseline]) -> Fix:
    """Name the stacks of a fix as git does: containers only tell what Compose calls them."""
    stacks = {baseline.stack for baseline in baselines}

    def stack_of(edit: ComposeEdit) -> str | None:
        if edit.stack is None or edit.stack in stacks:
            return edit.stack
        return next((one.stack for one in baselines if is_project(one, edit.stack)), edit.stack)

    return replace(fix, edits=[replace(edit, stack=stack_of(edit)) for edit in fix.edits])


def _differs(path: str, data: bytes | None, tree: FileTree) -> bool:
    """Say whether git has something else; a plan that lies there, approved perhaps, is the same if its steps are."""
    return without_moment(path, data) != without_moment(path, tree.read(path))


def _home(fix: Fix, baselines: Sequence[Baseline]) -> Baseline | None:
    """Return the stack that a fix is about: the one that it edits, else the first of the media host."""
    stacks = [edit.stack for edit in fix.edits]
    return next((one for one in baselines if one.stack in stacks), baselines[0] if baselines and fix.steps else None)


def _edit(edit: ComposeEdit, baselines: Sequence[Baseline], prover: Prover) -> str | None:
    """Make one edit in the file that proves right; else say why not."""
    where = f"{edit.stack}/{edit.service}: {edit.path}"
    baseline = next((one for one in baselines if one.stack == edit.stack and one in prover.baselines), None)
    if baseline is None:
        return f"{where}: git has no such stack for this host"
    wish = Wish(service=edit.service, path=edit.path, change=edit.change, value=edit.value)
    # What keeps the stack from being loaded is told by the proof of the edit.
    with suppress(UserError):
        if prover.granted(wish, baseline) or (wish.removes and not leaves_of(prover.model(baseline), wish)):
            return f"{where}: git is right already: deploy the stack"
    reason = "no file of the stack can say this"
    for file in reversed(baseline.files):
        data = Overlay(baseline.tree, prover.changes).read(file)
        if data is None:
            continue
        text = data.decode("utf-8", "surrogateescape")
        try:
            for splices in candidates(text, wish):
                edited = {file: splice.apply(text, splices).encode("utf-8", "surrogateescape")}
                objection = prover.objection(wish, baseline, edited)
                if objection is None:
                    prover.accept({**edited, **_samples(baseline, edit.samples)})
                    return None
                reason = objection
        except splice.CannotEdit as error:
            reason = str(error)
    return f"{where}: {reason}"


def _samples(baseline: Baseline, names: Sequence[str]) -> dict[str, bytes]:
    """Name new variables in `.env.sample`, with a placeholder for a value."""
    missing = [name for name in names if name not in baseline.samples]
    path = baseline.inside(".env.sample")
    text = (baseline.tree.read(path) or b"").decode("utf-8", "surrogateescape")
    for name in missing:
        text = dotenv_text.add(text, name, "change-me")
    return {path: text.encode("utf-8", "surrogateescape")} if missing else {}
