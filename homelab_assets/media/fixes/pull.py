"""A fix as one pull request: what it says, and by what later runs know it again. See `Proposal` of the remediation."""

import json
from collections.abc import Mapping, Sequence
from functools import cached_property

from msgspec import Struct, to_builtins

from homelab_assets.media.causes import cause
from homelab_assets.media.plan import Fix
from homelab_assets.model import FileTree
from homelab_assets.remediation.identity import PIPELINE, Identity, branch_name, content_digest, digest_of
from homelab_assets.remediation.patch import shown_patch
from homelab_assets.remediation.proposal import with_marks, with_trailers
from homelab_assets.rendering.markdown import cell
from homelab_assets.rendering.pipeline_words import in_a_sentence

PLANS = "apply-plans"
LABEL = "pipeline-fix"


class FixPull(Struct, frozen=True, kw_only=True, dict=True):
    """A pull request that cures one failed check.

    Attributes:
        position: of the check in the chain. files: new content by path, the apply plan among them.
        refused: edits that could not be made safely, and why; a person makes them.
    """

    fix: Fix
    host: str
    position: int
    repository: str
    commit: str
    generated_at: str
    files: Mapping[str, bytes | None]
    tree: FileTree
    refused: Sequence[str] = ()

    cosmetic = False
    labels = (LABEL,)

    @property
    def identity(self) -> Identity:
        """One for each check of each media host, whatever the cause."""
        return Identity(host=self.host, stack="media-pipeline", service=self.fix.check)

    @property
    def actionable(self) -> bool:
        """Whether any file would change."""
        return bool(self.files)

    @property
    def refusal(self) -> str:
        """Why nothing, or not all, is proposed."""
        done = "git has its apply plan already: approve it, then `drift-detector pipeline --apply`"
        return "; ".join(self.refused) or ("" if self.files else done)

    @property
    def draft(self) -> bool:
        """Whether merging is not all: there is an apply plan to approve and to carry out."""
        return bool(self.fix.steps)

    @property
    def urgency(self) -> tuple[int]:
        """What stands earlier in the chain explains what stands later."""
        return (self.position,)

    @property
    def branch(self) -> str:
        """The branch: the check and the moment."""
        return branch_name(PIPELINE, self.generated_at, self.fix.check)

    @cached_property
    def content(self) -> str:
        """Names the edited files, whenever the plan among them was made."""
        return content_digest({path: without_moment(path, data) for path, data in self.files.items()})

    @cached_property
    def digest(self) -> str:
        """Names the set of changes; who closes the pull request declines these."""
        changes = to_builtins([self.fix.edits, self.fix.steps])
        return digest_of(str(self.identity), self.fix.cause, changes)

    @cached_property
    def fingerprint(self) -> str:
        """Names the text of the body."""
        return digest_of(self._text)

    @property
    def title(self) -> str:
        """A conventional commit's first line."""
        return f"fix({self.fix.check.partition('.')[0]}): {in_a_sentence(self.fix.title)}"

    @property
    def message(self) -> str:
        """The message of its commit."""
        return with_trailers(self.title, self)

    @cached_property
    def patch(self) -> str:
        """The patch."""
        return shown_patch(self.tree, self.files)

    @cached_property
    def _text(self) -> str:
        """Why, what merging does and does not do, and how to go back."""
        known, fix = cause(self.fix.cause), self.fix
        parts = [f"**{cell(known.title)}.** {cell(known.diagnosis)}", "### What was seen", _listed(fix.why)]
        if fix.steps:
            parts += ["### What changes in the apps", _listed([str(step) for step in fix.steps]), _HOW_TO_APPLY]
        by_hand = [*self.refused, *fix.manual]
        if by_hand:
            parts += ["### By hand", _listed(by_hand)]
        return "\n\n".join([*parts, _AFTERWARDS])

    @property
    def body(self) -> str:
        """The body of its pull request, with the hidden lines that it is found by."""
        return with_marks(self._text, self, PIPELINE)


_HOW_TO_APPLY = (
    f"Merging changes none of that. Review the plan under `{PLANS}/`, write your name into `approved`, and run "
    "`drift-detector pipeline --apply PLAN`: each step is verified, and a failing one undoes those before it."
)
_AFTERWARDS = "`git revert` takes the files back. Close this pull request to decline it."


def _listed(lines: Sequence[str]) -> str:
    return "\n".join(f"- {cell(line)}" for line in lines)


def without_moment(path: str, data: bytes | None) -> bytes | None:
    """Return a file without what differs from run to run, and without the approval: of a plan, only its steps count."""
    if not path.startswith(f"{PLANS}/") or data is None:
        return data
    try:
        plan = json.loads(data)
        return json.dumps({"host": plan["host"], "steps": plan["steps"]}, sort_keys=True).encode()
    except (ValueError, KeyError, TypeError):
        return data
