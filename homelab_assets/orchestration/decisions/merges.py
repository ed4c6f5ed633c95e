"""Did a baseline branch move since the last look?"""

from collections.abc import Mapping

from msgspec import Struct, field

from homelab_assets.model import Json


class Head(Struct, frozen=True, kw_only=True):
    """The commit that a baseline's ref names now."""

    ref: str
    commit: str


class NotRead(Struct, frozen=True, kw_only=True):
    """A ref that could not be read: no news, neither moved nor gone."""

    why: str


class Move(Struct, frozen=True, kw_only=True):
    """A baseline branch that names another commit than before. A force push or a revert is a move like any other."""

    repository: str
    ref: str
    before: str
    after: str


class Decision(Struct, frozen=True, kw_only=True):
    """What follows from one look.

    Attributes:
        cursor: to be kept until the next look.
        moves: by repository name; empty where nothing moved.
        run_key: identifies this set of moves for ever; None without moves.
        unread: repositories that could not be read, with the reason.
        first: repositories seen for the first time: their commit is noted, nothing is run.
    """

    cursor: Json
    moves: tuple[Move, ...] = ()
    run_key: str | None = None
    unread: Mapping[str, str] = field(default_factory=dict)
    first: tuple[str, ...] = ()


def decide(cursor: Json, seen: Mapping[str, Head | NotRead]) -> Decision:
    """Compare the refs' commits with those that the cursor remembers.

    Args:
        cursor: `{"moves": int, "heads": {repository: {"ref": …, "commit": …}}}`, or None at first.
        seen: what each configured repository's ref names now.

    The count in the run key makes a branch that moves from A to B, back and again to B three distinct runs: Dagster
    never runs the same key twice.
    """
    known: dict[str, dict[str, str]] = dict((cursor or {}).get("heads", {}))
    count: int = (cursor or {}).get("moves", 0)
    heads: dict[str, dict[str, str]] = {}
    moves, first, unread = [], [], {}
    for name, head in sorted(seen.items()):
        before = known.get(name)
        if isinstance(head, NotRead):
            unread[name] = head.why
            if before:
                heads[name] = before
            continue
        heads[name] = {"ref": head.ref, "commit": head.commit}
        if before is None or before["ref"] != head.ref:
            first.append(name)
        elif before["commit"] != head.commit:
            moves.append(Move(repository=name, ref=head.ref, before=before["commit"], after=head.commit))
    count += bool(moves)
    key = f"{count}:" + "+".join(f"{move.repository}@{move.after}" for move in moves) if moves else None
    return Decision(
        cursor={"moves": count, "heads": heads}, moves=tuple(moves), run_key=key, unread=unread, first=tuple(first)
    )
