"""What a daemon puts into containers by itself, as those of its containers tell for which git says nothing."""

from typing import TYPE_CHECKING, Any

from msgspec import Struct

if TYPE_CHECKING:
    from homelab_assets.drift.view import Observed


class Habit(Struct, frozen=True):
    """What one container has under a path that git doesn't declare.

    Attributes:
        created: when the container was. proven: whether the hash proves that git has nothing there.
    """

    value: Any
    created: str
    proven: bool | None


class Habits:
    """What the containers of one host have undeclared, by the path of the leaf; filled by `learn`."""

    def __init__(self) -> None:
        # One service's containers were made alike, by whomever: those that have the same speak with one voice.
        self._known: dict[str, dict[tuple[str, Any], Habit]] = {}
        self._counted: dict[tuple[str, Any, bool], tuple[int, int]] = {}

    def add(self, path: str, observed: "Observed", value: Any) -> None:
        """Remember what a container has where git says nothing: the daemon's defaults show in it."""
        self._counted.clear()
        self._known.setdefault(path, {})[observed.of, value] = Habit(value, observed.created, observed.proven)

    def alone(self, path: str, observed: "Observed") -> bool:
        """Whether no other service's container tells what the daemon gives to those that don't declare it."""
        known = self._known.get(path) or {}
        return len(known) < 2 and all(of == observed.of for of, _ in known)

    def usual(self, path: str, value: Any, observed: "Observed") -> bool:
        """Whether the daemon gave this value, as other containers show that have it undeclared.

        Most of them do, or most of those of which the hash proves that Compose put nothing there, or two or more that
        were created one after the other with this one: a daemon gives its default to every container of its time.
        """
        habits = self._known.get(path) or {}
        mine = habits.get((observed.of, value))
        if _most(self._shares(path, value, proven=False), value, mine):
            return True
        if observed.proven and _most(self._shares(path, value, proven=True), value, mine):
            return True
        now = observed.created
        others = [habit for other, habit in habits.items() if other != (observed.of, value)]
        before = max((habit.created for habit in others if habit.value != value and habit.created < now), default="")
        after = min((habit.created for habit in others if habit.value != value and habit.created > now), default="~")
        return sum(habit.value == value and before < habit.created < after for habit in others) >= 2

    def prevails(self, path: str, value: Any) -> bool:
        """Whether the daemon gave this value to all that have it, whichever of them asks."""
        return _most(self._shares(path, value, proven=False), value, Habit(value, "", None))

    def _shares(self, path: str, value: Any, *, proven: bool) -> tuple[int, int]:
        """How many containers have the value, and how many tell of the path; asked for every container of a host."""
        if (path, value, proven) not in self._counted:
            known = [habit for habit in (self._known.get(path) or {}).values() if habit.proven or not proven]
            self._counted[path, value, proven] = sum(habit.value == value for habit in known), len(known)
        return self._counted[path, value, proven]


def _most(shares: tuple[int, int], value: Any, mine: Habit | None) -> bool:
    """Whether most of the others have the value."""
    same, count = shares
    return (same - (mine is not None and mine.value == value)) * 2 > count - (mine is not None)
