"""What breaks if a service stops."""

from collections.abc import Mapping, Sequence

from msgspec import Struct

from homelab_assets.documentation.dependencies import Dependency, Kind
from homelab_assets.documentation.estate import Key

EFFECTS: Mapping[Kind, str] = {
    "namespace": "loses its network",
    "service": "misses it",
    "application": "can't use it",
    "access": "can't be reached at its address",
    "data": "gets nothing new to read",
}
# Through these it goes on: what loses its network or its database fails itself; what is only unreachable works on.
_SPREADS: frozenset[Kind] = frozenset({"namespace", "service", "application"})


class Impact(Struct, frozen=True, kw_only=True):
    """What a stop does: `direct` by effect, worst first; `further`: what fails because something else does."""

    direct: Mapping[Kind, Sequence[Key]]
    further: Sequence[Key]

    @property
    def services(self) -> int:
        return len({key for keys in self.direct.values() for key in keys} | set(self.further))


class Impacts:
    """Answers for every service what its stop breaks."""

    def __init__(self, dependencies: Sequence[Dependency]) -> None:
        self._users: dict[Key, list[tuple[Key, Kind]]] = {}
        for dependency in dependencies:
            self._users.setdefault(dependency.target, []).append((dependency.source, dependency.kind))

    def of(self, key: Key) -> Impact:
        """Return what breaks if this service stops."""
        direct: dict[Kind, list[Key]] = {}
        for user, kind in self._users.get(key, ()):
            direct.setdefault(kind, []).append(user)
        told = {user for users in direct.values() for user in users} | {key}
        failing = [user for kind in _SPREADS for user in direct.get(kind, ())]
        further: list[Key] = []
        while failing:
            for user, kind in self._users.get(failing.pop(), ()):
                if user not in told and kind in EFFECTS:
                    told.add(user)
                    further.append(user)
                    if kind in _SPREADS:
                        failing.append(user)
        ordered = {kind: tuple(sorted(direct[kind])) for kind in EFFECTS if kind in direct}
        return Impact(direct=ordered, further=tuple(sorted(further)))
