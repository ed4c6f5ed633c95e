"""Who is told of which failed check: each change once, nothing missed."""

from homelab_assets.orchestration.decisions.failures import Evaluation, decide

EMPTY = {"after": 0, "failing": []}


def evaluation(number: int, passed: bool, check: str = "drift: no_drift") -> Evaluation:
    return Evaluation(number=number, check=check, passed=passed, severity="ERROR", description="4 differ", run_id="r")


def test_a_failure_is_told_once_and_its_end_too() -> None:
    state, told = EMPTY, []
    for number, passed in enumerate([True, False, False, False, True, True], 1):
        state, news = decide(state, [evaluation(number, passed)])
        told += [item.failed for item in news]
    assert told == [True, False]
    assert state == {"after": 6, "failing": []}


def test_what_was_read_before_is_skipped() -> None:
    state, _ = decide(EMPTY, [evaluation(7, False)])
    assert decide(state, [evaluation(7, False)]) == (state, ())


def test_only_the_last_of_several_evaluations_counts() -> None:
    _, news = decide(EMPTY, [evaluation(1, False), evaluation(2, True)])
    assert news == ()


def test_checks_are_told_apart() -> None:
    state, news = decide(EMPTY, [evaluation(1, False, "a"), evaluation(2, False, "b"), evaluation(3, True, "c")])
    assert [item.check for item in news] == ["a", "b"]
    assert state["failing"] == ["a", "b"]
