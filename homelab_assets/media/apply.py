"""Carry out an approved apply plan, step by step: look, write, look again; on failure, put back what was changed.

No value of a secret is printed, stored or returned. What an app never shows (a masked key) can't be put back; such a
step is last-known-bad anyway: it was proved to be refused.
"""

from collections.abc import Sequence
from typing import Any, Literal

from msgspec import Struct
from msgspec.structs import replace

from homelab_assets.media.actions import Executor, Refused, Undo
from homelab_assets.media.clients import Clients
from homelab_assets.media.plan import Step
from homelab_assets.media.settings import MediaSettings

State = Literal["done", "already", "failed", "undone", "not tried"]


class Done(Struct, frozen=True, kw_only=True):
    """What became of one step. `detail` says why it failed, or why it can't be undone."""

    step: Step
    state: State
    detail: str = ""

    def to_json(self) -> dict[str, Any]:
        """Return the outcome as JSON values."""
        return {"what": str(self.step), "state": self.state, "detail": self.detail}


def execute(steps: Sequence[Step], clients: Clients, settings: MediaSettings) -> Sequence[Done]:
    """Execute steps in order; the first failure stops, and undoes what came before as far as that is possible.

    Returns:
        One outcome per step, in order.
    """
    outcomes: list[Done] = []
    undos: list[Undo | None] = []
    for step in steps:
        executor = Executor(clients, settings)
        try:
            done = Done(step=step, state="done" if executor.run(step) else "already")
        except Refused as refusal:
            done = Done(step=step, state="failed", detail=str(refusal))
        except (Exception, KeyboardInterrupt) as error:
            # Whatever ends it half-way, what was done so far has to be put back, and said.
            done = Done(step=step, state="failed", detail=f"broken off: {type(error).__name__}")
        outcomes.append(done)
        undos.append(executor.undo)
        if done.state == "failed":
            outcomes = _rolled_back(outcomes, undos)
            break
    return [*outcomes, *(Done(step=step, state="not tried") for step in steps[len(outcomes) :])]


def _rolled_back(outcomes: Sequence[Done], undos: Sequence[Undo | None]) -> list[Done]:
    """Return what became of the steps after all was put back that can be, the last one first."""
    result = []
    for done, undo in reversed(list(zip(outcomes, undos, strict=True))):
        if done.state == "already":
            result.append(done)
        elif done.state == "failed":
            result.append(replace(done, detail=done.detail + _put_back_after_failure(undo)))
        elif undo is None:
            result.append(replace(done, detail="stays: the app never showed the former value"))
        else:
            trouble = _undo(undo)
            result.append(replace(done, state="done" if trouble else "undone", detail=trouble))
    return result[::-1]


def _put_back_after_failure(undo: Undo | None) -> str:
    if undo is None:
        return ""
    trouble = _undo(undo)
    return f"; putting back what was there failed, too: {trouble}" if trouble else "; what was there is there again"


def _undo(undo: Undo) -> str:
    """Take one step back; return why that failed, empty if it did not."""
    try:
        trouble = undo()
    except Refused as refusal:
        return str(refusal)
    except (Exception, KeyboardInterrupt) as error:
        # Also where somebody presses Ctrl-C once more: the other steps are still to be put back.
        return f"broken off: {type(error).__name__}"
    return trouble.detail if trouble else ""
