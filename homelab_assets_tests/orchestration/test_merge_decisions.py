"""When does a moving branch start a run? Nothing missed, nothing twice, one dead remote blocks nobody."""

import json
from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from homelab_assets.orchestration.decisions.merges import Decision, Head, NotRead, decide

A, B, C = "a" * 40, "b" * 40, "c" * 40


def head(commit: str, ref: str = "origin/main") -> Head:
    return Head(ref=ref, commit=commit)


def replay(*looks: dict[str, Head | NotRead]) -> list[Decision]:
    """Take one look after the other; the cursor goes through JSON, as it does in Dagster's storage."""
    cursor, decisions = None, []
    for look in looks:
        decisions.append(decide(cursor, look))
        cursor = json.loads(json.dumps(decisions[-1].cursor))
    return decisions


def test_the_first_look_only_takes_note() -> None:
    (first,) = replay({"apps": head(A)})
    assert (first.moves, first.run_key, first.first) == ((), None, ("apps",))


def test_a_move_runs_once() -> None:
    _, moved, quiet = replay({"apps": head(A)}, {"apps": head(B)}, {"apps": head(B)})
    assert [(move.repository, move.before, move.after) for move in moved.moves] == [("apps", A, B)]
    assert quiet.moves == ()


def test_back_and_forth_gives_a_new_run_each_time() -> None:
    decisions = replay(*({"apps": head(commit)} for commit in (A, B, A, B)))
    keys = [decision.run_key for decision in decisions[1:]]
    assert len(set(keys)) == 3
    assert None not in keys


def test_several_repositories_moving_at_once_share_a_run() -> None:
    _, moved = replay({"apps": head(A), "infra": head(A)}, {"apps": head(B), "infra": head(C)})
    assert [move.repository for move in moved.moves] == ["apps", "infra"]


def test_a_dead_remote_blocks_nobody_and_misses_nothing() -> None:
    _, dead, back = replay(
        {"apps": head(A), "infra": head(A)},
        {"apps": NotRead(why="timeout"), "infra": head(B)},
        {"apps": head(C), "infra": head(B)},
    )
    assert [move.repository for move in dead.moves] == ["infra"]
    assert dead.unread == {"apps": "timeout"}
    assert [(move.repository, move.before, move.after) for move in back.moves] == [("apps", A, C)]


def test_a_remote_that_is_dead_at_first_is_noted_when_it_answers() -> None:
    _, first, moved = replay({"apps": NotRead(why="x")}, {"apps": head(A)}, {"apps": head(B)})
    assert first.moves == ()
    assert len(moved.moves) == 1


def test_another_ref_in_lab_yaml_is_a_new_beginning() -> None:
    _, changed = replay({"apps": head(A)}, {"apps": head(B, ref="origin/stable")})
    assert changed.moves == ()
    assert changed.first == ("apps",)


def test_a_removed_repository_is_forgotten() -> None:
    _, removed = replay({"apps": head(A), "infra": head(A)}, {"apps": head(A)})
    assert set(removed.cursor["heads"]) == {"apps"}


COMMITS = st.sampled_from([head(A), head(B), head(C), NotRead(why="down")])


@given(st.lists(st.fixed_dictionaries({"apps": COMMITS, "infra": COMMITS}), max_size=12))
def test_runs_are_exactly_the_changes_that_could_be_seen(looks: list[dict[str, Head | NotRead]]) -> None:
    decisions = replay(*looks)
    for name in ("apps", "infra"):
        seen = [look[name].commit for look in looks if isinstance(look[name], Head)]
        changes = [(one, other) for one, other in pairwise(seen) if one != other]
        ran = [(m.before, m.after) for decision in decisions for m in decision.moves if m.repository == name]
        assert ran == changes
    keys = [decision.run_key for decision in decisions if decision.run_key]
    assert len(keys) == len(set(keys))
