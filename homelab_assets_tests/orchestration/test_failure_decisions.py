"""Who is told of which failure: each change once, nothing missed."""

from homelab_assets.orchestration.decisions.failures import Verdict, decide


def verdict(passed: bool, thing: str = "drift: no_drift") -> Verdict:
    return Verdict(thing=thing, passed=passed, description="4 differ")


def test_a_failure_is_told_once_and_its_end_too() -> None:
    failing, told = [], []
    for passed in (True, False, False, False, True, True):
        failing, news = decide(failing, [verdict(passed)])
        told += [item.failed for item in news]
    assert told == [True, False]
    assert failing == []


def test_the_first_look_notes_what_fails_and_tells_nothing() -> None:
    assert decide(None, [verdict(False)]) == (["drift: no_drift"], ())


def test_a_thing_that_is_just_being_judged_stays_what_it_was() -> None:
    assert decide(["drift: no_drift"], []) == (["drift: no_drift"], ())


def test_things_are_told_apart() -> None:
    failing, news = decide([], [verdict(False, "b"), verdict(False, "a"), verdict(True, "c")])
    assert [item.thing for item in news] == ["a", "b"]
    assert failing == ["a", "b"]
