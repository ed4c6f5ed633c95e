"""Fixes as pull requests: edits of compose files, proved like those of drift, and the apply plan beside them.

One cause is one pull request. It is a proposal; what is in an app's database changes only by `pipeline --apply`.
"""

import json
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from homelab_assets.media.causes import cause
from homelab_assets.media.plan import ComposeEdit, Fix, apply_plan
from homelab_assets.model import Baseline
from homelab_assets.remediation import dotenv_text, splice
from homelab_assets.remediation.fields import candidates
from homelab_assets.remediation.identity import kebab
from homelab_assets.remediation.patch import patch_of
from homelab_assets.remediation.proof import Overlay, Prover
from homelab_assets.remediation.wish import Wish
from homelab_assets.rendering.markdown import cell

Load = Callable[[Baseline], Mapping[str, Any]]
PLANS = "apply-plans"


@dataclass(frozen=True, slots=True, kw_only=True)
class FixPull:
    """A pull request that cures one failed check.

    Attributes:
        repository: name in `lab.yaml`. files: new content by path, the apply plan among them.
        refused: edits that could not be made safely, and why; a person makes them.
    """

    fix: Fix
    repository: str
    generated_at: str
    files: Mapping[str, bytes]
    patch: str
    refused: Sequence[str] = ()

    @property
    def marker(self) -> str:
        """The hidden line that the pull request is found by."""
        return f"<!-- homelab-assets:pipeline {self.fix.check} {self.fix.cause} -->"

    @property
    def branch(self) -> str:
        """The branch: the check and the moment."""
        stamp = re.sub(r"\D", "", self.generated_at)[:14]
        return f"fix/pipeline-{kebab(self.fix.check)}-{stamp[:8]}-{stamp[8:]}"

    @property
    def title(self) -> str:
        """A conventional commit's first line."""
        text = self.fix.title[0].lower() + self.fix.title[1:]
        return f"fix({self.fix.check.partition('.')[0]}): {text}"

    @property
    def body(self) -> str:
        """Why, what merging does and does not do, and how to go back."""
        known, fix = cause(self.fix.cause), self.fix
        parts = [f"**{cell(known.title)}.** {cell(known.diagnosis)}", "### What was seen", _listed(fix.why)]
        if fix.steps:
            parts += ["### What changes in the apps", _listed([str(step) for step in fix.steps]), _HOW_TO_APPLY]
        by_hand = [*self.refused, *fix.manual]
        if by_hand:
            parts += ["### By hand", _listed(by_hand)]
        return "\n\n".join([*parts, _AFTERWARDS, self.marker]) + "\n"


_HOW_TO_APPLY = (
    f"Merging changes none of that. Review the plan under `{PLANS}/`, write your name into `approved`, and run "
    "`drift-detector pipeline --apply PLAN`: each step is verified, and a failing one undoes those before it."
)
_AFTERWARDS = "`git revert` takes the files back. Close this pull request to decline it."


def _listed(lines: Sequence[str]) -> str:
    return "\n".join(f"- {cell(line)}" for line in lines)


def plan_pulls(
    fixes: Sequence[Fix], baselines: Sequence[Baseline], *, host: str | None, generated_at: str, load: Load
) -> list[FixPull]:
    """Turn fixes into pull requests. Fixes that are a person's alone, and labs without a stack in git, give none.

    Args:
        baselines: all stacks of all repositories. host: the media host. load: the compose loader, for the proofs.
    """
    own = [baseline for baseline in baselines if baseline.endpoint in (host, None)]
    pulls = []
    for fix in fixes:
        home = _home(fix, own)
        if home is None or not (fix.edits or fix.steps):
            continue
        prover = Prover(load, [one for one in baselines if one.repository == home.repository])
        refused = [why for edit in fix.edits if (why := _edit(edit, own, prover)) is not None]
        files = {path: data for path, data in prover.changes.items() if data is not None}
        if fix.steps:
            plan = apply_plan([fix], generated_at=generated_at, host=host)
            files[f"{PLANS}/{kebab(fix.check)}.json"] = json.dumps(plan, indent=2, ensure_ascii=False).encode() + b"\n"
        if files:
            patch = patch_of(home.tree, files)
            made = FixPull(
                fix=fix,
                repository=home.repository,
                generated_at=generated_at,
                files=files,
                patch=patch,
                refused=refused,
            )
            pulls.append(made)
    return pulls


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
    path = f"{baseline.directory}/.env.sample"
    text = (baseline.tree.read(path) or b"").decode("utf-8", "surrogateescape")
    for name in missing:
        text = dotenv_text.add(text, name, "change-me")
    return {path: text.encode("utf-8", "surrogateescape")} if missing else {}
