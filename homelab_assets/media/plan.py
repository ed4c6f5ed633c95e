"""Proposed fixes: what goes into git as edits of compose files, and into an app's database as an apply plan.

A plan names secrets (`{"secret": "radarr.api_key"}`: the service's credential in `lab.yaml`) and never holds one. It is
executed only after a person has written their name into `approved`.
"""

from collections.abc import Mapping, Sequence
from typing import Any, Literal

from msgspec import Struct, convert, to_builtins
from msgspec.structs import replace

from homelab_assets.errors import UserError
from homelab_assets.secrecy import redact

Action = Literal[
    "provider_field",
    "provider_switch",
    "category",
    "preference",
    "server_field",
    "delete_mapping",
    "create_mapping",
    "plex_preference",
    "config",
]


class ComposeEdit(Struct, frozen=True, kw_only=True):
    """What a compose file shall say, in the drift document's words.

    Attributes:
        stack, service: compose project and service, where the container's labels tell them.
        path: such as `environment.RADARR__AUTH__APIKEY` or `volumes./media`. value: None where it is removed.
        samples: variables that `.env.sample` must name, with a placeholder for a value.
    """

    stack: str | None
    service: str
    path: str
    change: Literal["changed", "added", "removed"]
    value: Any = None
    samples: Sequence[str] = ()


class Step(Struct, frozen=True, kw_only=True):
    """One change in one app.

    Attributes:
        target: what is changed, by the app's own id or name: `{"kind": "indexer", "id": 3}`.
        field: the setting. value: what it shall be, or `{"secret": "<service>.<credential>"}`.
        before: what it is now, where it is no secret and known; None otherwise.
        before_hash, after_hash: keyed fingerprints of secrets, which tell that two differ and nothing else.
    """

    app: str
    action: Action
    target: Mapping[str, Any]
    field: str
    value: Any
    before: Any = None
    before_hash: str | None = None
    after_hash: str | None = None

    @property
    def secret(self) -> str | None:
        """The reference of the secret that is written, or None."""
        return self.value.get("secret") if isinstance(self.value, Mapping) else None

    def __str__(self) -> str:
        if self.action in ("delete_mapping", "create_mapping"):
            mapping = self.before if self.action == "delete_mapping" else self.value
            ends = f"from {mapping.get('remotePath')} to {mapping.get('localPath')}" if mapping else ""
            return f"{self.app}: {self.action.partition('_')[0]} the remote path mapping {ends}".rstrip()
        what = " ".join(str(self.target[key]) for key in ("kind", "name") if key in self.target)
        value = f"the value of {self.secret}" if self.secret else repr(self.value)
        return f"{self.app}: set {self.field}{f' of {what}' if what else ''} to {value}"


class Fix(Struct, frozen=True, kw_only=True):
    """What cures one failed check.

    Attributes:
        check, cause: of the failure. why: the proof and the reasoning, in sentences.
        manual: what only a person can do, in order.
    """

    check: str
    cause: str
    title: str
    why: Sequence[str]
    edits: Sequence[ComposeEdit] = ()
    steps: Sequence[Step] = ()
    manual: Sequence[str] = ()

    def to_json(self) -> dict[str, Any]:
        """Return the fix as JSON values."""
        return {**to_builtins(self), "steps": [{**to_builtins(step), "what": str(step)} for step in self.steps]}


def apply_plan(fixes: Sequence[Fix], *, generated_at: str, host: str | None) -> dict[str, Any]:
    """Return the apply plan of all fixes that change an app, as JSON values; `steps` is empty where none does."""
    steps = [
        {"number": 0, "check": fix.check, "cause": fix.cause, **to_builtins(step), "what": str(step)}
        for fix in fixes
        for step in fix.steps
    ]
    for number, step in enumerate(steps, 1):
        step["number"] = number
    return {
        "schema": 1,
        "kind": "apply-plan",
        "generated_at": generated_at,
        "host": host,
        "approved": None,
        "steps": steps,
    }


def read_plan(document: Any) -> Sequence[Step]:
    """Read an approved plan.

    Raises:
        UserError: it is no plan, nobody has approved it, or a step asks for something that plans can't do.
    """
    if not isinstance(document, Mapping) or document.get("kind") != "apply-plan" or document.get("schema") != 1:
        raise UserError("this is no apply plan", hint="`drift-detector pipeline --plan FILE` writes one")
    if not str(document.get("approved") or "").strip():
        raise UserError(
            "nobody has approved this plan",
            hint='read its steps, then write your name into it: "approved": "your name"',
        )
    steps = document.get("steps")
    return [_step(number, step) for number, step in enumerate(steps if isinstance(steps, list) else [], 1)]


def refuse_foreign(document: Mapping[str, Any], host: str | None) -> None:
    """Refuse a plan for the apps of another media host, where its ids and names mean something else.

    Raises:
        UserError: the plan names another host than the lab's.
    """
    if (planned := document.get("host")) not in (None, host):
        raise UserError(f"this plan was made for {planned}, and the media host of this lab is {host or 'not named'}")


def _step(number: int, values: Any) -> Step:
    try:
        step = convert(values, Step)
    except ValueError as error:
        raise UserError(f"is nothing that a plan can do: {redact(str(error))}", where=f"step {number}") from None
    lacking = ", ".join(sorted(_TARGET.get(step.action, frozenset()) - set(step.target)))
    if lacking or (step.action == "create_mapping" and not isinstance(step.value, Mapping)):
        raise UserError(f"does not say what it changes ({lacking or 'value'})", where=f"step {number}")
    return step


# What each action must be told of what it changes.
_TARGET: Mapping[Action, frozenset[str]] = {
    "provider_field": frozenset({"kind", "id"}),
    "provider_switch": frozenset({"kind", "id"}),
    "category": frozenset({"name"}),
    "server_field": frozenset({"kind", "id"}),
    "delete_mapping": frozenset({"id"}),
    "config": frozenset({"kind"}),
}


def undone(steps: Sequence[Step]) -> tuple[list[Step], list[Step]]:
    """Return the steps that take a plan back, last one first, and those of its steps that nothing takes back.

    What was there before a secret was replaced is in no plan; it was proved to be refused anyway.
    """
    back, stays = [], []
    for step in reversed(steps):
        if step.secret is not None or step.before is None:
            stays.append(step)
        elif step.action == "delete_mapping":
            back.append(replace(step, action="create_mapping", value=unnumbered(step.before), before=None))
        else:
            back.append(replace(step, value=step.before, before=step.value))
    return back, stays


def unnumbered(mapping: Mapping[str, Any]) -> dict[str, Any]:
    """Return what a remote path mapping says; its number is the app's, and another one each time that it is made."""
    return {key: value for key, value in mapping.items() if key != "id"}
