"""When does a touched host get its audit? Once it is quiet, once per touch, and never because a neighbour is dead."""

import json

import pytest

from homelab_assets.engine.looks import Event, Look
from homelab_assets.orchestration.decisions.touches import (
    PATIENCE,
    QUIET,
    Deaf,
    Decision,
    decide,
    since,
    touched,
)


def event(action: str, at: float, *, kind: str = "container", container: str = "c1") -> Event:
    return Event(kind=kind, action=action, container=container, at=at)


def replay(*looks: dict[str, Look | Deaf]) -> list[Decision]:
    cursor, decisions = None, []
    for look in looks:
        decisions.append(decide(cursor, look))
        cursor = json.loads(json.dumps(decisions[-1].cursor))
    return decisions


def look(at: float, *events: Event, fingerprint: str = "f") -> dict[str, Look | Deaf]:
    return {"nas": Look(at=at, fingerprint=fingerprint, events=events)}


@pytest.mark.parametrize(
    ("actions", "counts"),
    [
        (["create", "start"], True),
        (["destroy"], True),
        (["rename"], True),
        (["update"], True),
        (["kill", "die", "stop"], True),
        (["pause"], True),
        (["unpause"], True),
        (["die", "start"], False),
        (["exec_create", "exec_start", "exec_die"], False),
        (["health_status: healthy"], False),
        ([], False),
    ],
)
def test_a_touch_is_told_from_a_restart(actions: list[str], counts: bool) -> None:
    assert touched([event(action, 1) for action in actions]) is counts


def test_a_network_that_somebody_connects_is_a_touch_and_one_that_a_restart_connects_is_not() -> None:
    connect = event("connect", 1, kind="network")
    assert touched([connect])
    assert not touched([event("die", 0), event("start", 1), connect])


def test_the_first_look_only_takes_note() -> None:
    (first,) = replay(look(100, event("create", 50)))
    assert (first.audit, first.waiting) == ((), ())


def test_a_touch_is_audited_once_and_only_when_the_host_is_quiet() -> None:
    decisions = replay(look(0), look(60, event("create", 55)), look(60 + QUIET), look(120 + QUIET))
    assert [decision.audit for decision in decisions] == [(), (), ("nas",), ()]
    assert decisions[1].waiting == ("nas",)


def test_a_touch_long_before_the_look_is_audited_at_once() -> None:
    _, late = replay(look(0), look(3600, event("create", 10)))
    assert late.audit == ("nas",)


def test_a_host_that_never_falls_quiet_is_audited_all_the_same() -> None:
    looks = [look(float(at), event("create", at - 1)) for at in range(10, 10 + PATIENCE + 40, 20)]
    audits = [decision.audit for decision in replay(look(0), *looks)]
    assert audits.count(("nas",)) == 1


def test_an_event_at_the_edge_of_two_looks_counts_once() -> None:
    edge = event("create", 60)
    decisions = replay(look(0), look(60, edge), look(60 + QUIET, edge), look(200, edge), look(400))
    assert sum(bool(decision.audit) for decision in decisions) == 1


def test_what_happened_while_the_engine_restarted_shows_in_the_list_of_containers() -> None:
    _, changed, quiet = replay(look(0), look(60, fingerprint="other"), look(60 + QUIET, fingerprint="other"))
    assert changed.waiting == ("nas",)
    assert quiet.audit == ("nas",)


def test_a_deaf_host_blocks_nobody_and_keeps_its_place() -> None:
    deaf = Deaf(why="timeout")
    first = {"nas": Look(at=0, fingerprint="f"), "pi": Look(at=0, fingerprint="f")}
    second = {"nas": deaf, "pi": Look(at=100, fingerprint="f", events=[event("create", 10)])}
    _, decision = replay(first, second)
    assert decision.audit == ("pi",)
    assert decision.deaf == {"nas": "timeout"}
    assert since(decision.cursor, "nas") == 0
    assert since(decision.cursor, "pi") == 100


def test_keys_of_runs_never_repeat() -> None:
    looks = [look(at * 100.0, event("create", at * 100 - 50)) for at in range(1, 6)]
    keys = [decision.run_key for decision in replay(look(0), *looks) if decision.run_key]
    assert len(keys) == 5
    assert len(set(keys)) == 5


def test_keys_of_runs_do_not_repeat_after_a_reset_of_the_cursor() -> None:
    before = replay(look(0), look(100, event("create", 50)))
    after = replay(look(1000), look(1100, event("create", 1050)))
    keys = [decision.run_key for decision in (*before, *after) if decision.run_key]
    assert len(set(keys)) == 2


def test_a_look_that_is_taken_again_from_the_same_cursor_asks_for_the_same_run() -> None:
    cursor = json.loads(json.dumps(replay(look(0), look(60, event("create", 55)))[-1].cursor))
    keys = {decide(cursor, look(at)).run_key for at in (60.0 + QUIET, 90.0 + QUIET)}
    assert len(keys) == 1
    assert None not in keys
