"""Single changes of a service, as a person makes them in a compose file: a value changed, a key added, a key removed."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from random import Random
from typing import Any

from homelab_assets_tests.drift.strangers.written import Instead, as_mapping, colons, compose_text, escaped

Body = Mapping[str, Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class Change:
    """What the compose file of a change says of one service.

    Attributes:
        sections: what it says beside services. unseen: no container shows it, so nothing must come of it.
    """

    key: str
    body: dict[str, Any]
    sections: dict[str, Any] = field(default_factory=dict)
    unseen: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Subject:
    """A service to change, by its name: `model` is its canonical form, `text` what is written of it, `image` what its image says."""

    name: str
    model: Body
    text: Body
    image: Body

    def written(self, key: str) -> Any:
        """What is written under a key, else what its value would be written as."""
        return self.text[key] if key in self.text else escaped(self.model.get(key))

    @property
    def own_network(self) -> bool:
        """Whether it has a network namespace of its own."""
        return not self.model.get("network_mode")

    def says(self, *keys: str) -> bool:
        """Whether any of these keys is declared."""
        return any(self.model.get(key) for key in keys)


def document(changes: Mapping[str, Sequence[Change]]) -> str:
    """The compose file that makes changes to services, of different keys each."""
    services: dict[str, dict[str, Any]] = {}
    sections: dict[str, Any] = {}
    for service, own in changes.items():
        for change in own:
            services.setdefault(service, {}).update(change.body)
            sections |= change.sections
    return compose_text({"services": services, **sections})


def candidates(subject: Subject, dice: Random) -> list[Change]:
    """All changes that this can think of, in an order that the dice decide."""
    found = [change for kind in _KINDS for change in kind(subject)]
    dice.shuffle(found)
    return found


def _keyed(key: str, new: str, subject: Subject) -> Iterator[Change]:
    """Variables or labels."""
    declared = subject.model.get(key) or {}
    text = as_mapping(subject.written(key))
    by_image = (subject.image.get({"environment": "Env", "labels": "Labels"}[key])) or {}
    yield Change(key=key, body={key: {new: "stranger"}})
    for name, value in declared.items():
        if value is None:
            continue
        yield Change(key=key, body={key: {name: escaped(another(str(value)))}})
        if by_image.get(name) != value and name in text:
            rest = {other: kept for other, kept in text.items() if other != name}
            yield Change(key=key, body={key: Instead(rest)})


def _environment(subject: Subject) -> Iterator[Change]:
    yield from _keyed("environment", "STRANGERS_WORD", subject)


def _labels(subject: Subject) -> Iterator[Change]:
    yield from _keyed("labels", "strangers.word", subject)


def another(value: str) -> str:
    """Another value of the same sort."""
    if value.isdigit():
        return str(int(value) + 1)
    return {"true": "false", "false": "true", "": "x"}.get(value, f"{value}-other")


# What is added where nothing is said, and what is said instead where something is; None: never.
_SCALARS: Mapping[str, tuple[Any, Any]] = {
    "restart": ("always", "on-failure:7"),
    "user": ("4321", "4322"),
    "working_dir": ("/strangers", "/strangers/else"),
    "hostname": ("stranger", "stranger-else"),
    "domainname": ("strangers.test", "else.test"),
    "container_name": ("{}-stranger", "{}-else"),
    "stop_signal": ("SIGUSR1", "SIGUSR2"),
    "stop_grace_period": ("77s", "78s"),
    "init": (True, None),
    "privileged": (True, None),
    "read_only": (True, None),
    "tty": (True, None),
    "stdin_open": (True, None),
    "shm_size": ("77m", "78m"),
    "mem_limit": ("777m", "778m"),
    "cpus": ("0.7", "0.8"),
    "pids_limit": (777, 778),
    "oom_score_adj": (77, 78),
    "command": (["stranger", "--word"], ["stranger", "--else"]),
    "dns": (["9.9.9.9"], None),
    "dns_search": (["strangers.test"], None),
    "dns_opt": (["ndots:7"], None),
    "pid": ("host", None),
    "ipc": ("host", None),
    "uts": ("host", None),
    "cpu_shares": (77, 78),
    "cpuset": ("0", None),
}
_BY_IMAGE = {"user": "User", "working_dir": "WorkingDir", "stop_signal": "StopSignal"}
_EXCLUDE: Mapping[str, tuple[str, ...]] = {
    "hostname": ("network_mode", "uts"),
    "domainname": ("network_mode", "uts"),
    "dns": ("network_mode",),
    "dns_search": ("network_mode",),
    "dns_opt": ("network_mode",),
    "uts": ("hostname", "domainname"),
    "restart": ("deploy",),
    "container_name": ("deploy", "scale"),
    "mem_limit": ("deploy", "memswap_limit", "mem_reservation", "mem_swappiness"),
    "cpus": ("deploy", "cpu_quota", "cpu_period"),
    "pids_limit": ("deploy",),
}
"""Keys beside which others mean something else, or are refused."""


def _scalars(subject: Subject) -> Iterator[Change]:
    for key, choice in _SCALARS.items():
        new, other = (one.format(subject.name) if isinstance(one, str) else one for one in choice)
        if subject.says(*_EXCLUDE.get(key, ())):
            continue
        if subject.model.get(key) in (None, "", [], False):
            yield Change(key=key, body={key: Instead(new) if isinstance(new, list) else new})
            continue
        if other is not None:
            yield Change(key=key, body={key: Instead(other) if isinstance(other, list) else other})
        if str(subject.image.get(_BY_IMAGE.get(key, ""))) != str(subject.model[key]):
            yield Change(key=key, body={key: Instead()})


def _image(subject: Subject) -> Iterator[Change]:
    name = str(subject.model.get("image") or "")
    if name and "@" not in name:
        base = name.rpartition(":")[0] if ":" in name.rpartition("/")[2] else name
        yield Change(key="image", body={"image": f"{base}:0-strangers"})


def _entrypoint(subject: Subject) -> Iterator[Change]:
    if subject.says("entrypoint") and subject.says("command"):
        yield Change(key="entrypoint", body={"entrypoint": ["/stranger"]})


def _without_each(key: str, subject: Subject) -> Iterator[tuple[Any, list[Any]]]:
    """Each entry of a list with the others."""
    entries = subject.written(key)
    if isinstance(entries, list):
        for at, entry in enumerate(entries):
            yield entry, [*entries[:at], *entries[at + 1 :]]


def _ports(subject: Subject) -> Iterator[Change]:
    if subject.own_network:
        yield Change(key="ports", body={"ports": ["45679:4567"]})
    for entry, rest in _without_each("ports", subject):
        yield Change(key="ports", body={"ports": Instead(rest)})
        if moved := _moved_port(entry):
            yield Change(key="ports", body={"ports": Instead([*rest, moved])})


def _moved_port(entry: Any) -> Any:
    if isinstance(entry, Mapping):
        return {**entry, "published": "45678"} if "-" not in str(entry.get("published", "")) else None
    *_, target = colons(str(entry))
    return None if "-" in target else f"45678:{target}"


def _volumes(subject: Subject) -> Iterator[Change]:
    yield Change(key="volumes", body={"volumes": ["/opt/strangers/word:/strangers-word"]})
    for entry, rest in _without_each("volumes", subject):
        parts = colons(entry) if isinstance(entry, str) else []
        if len(parts) == 1 or (isinstance(entry, Mapping) and not entry.get("source")):
            continue
        yield Change(key="volumes", body={"volumes": Instead(rest)})
        for moved in _moved_volumes(entry, parts):
            yield Change(key="volumes", body={"volumes": Instead([*rest, moved])})


def _moved_volumes(entry: Any, parts: list[str]) -> Iterator[Any]:
    """The same target from elsewhere, or with other rights."""
    if isinstance(entry, Mapping):
        yield {"type": "bind", "source": "/opt/strangers/else", "target": entry["target"]}
        yield {**entry, "read_only": str(entry.get("read_only", "")).lower() != "true"}
        return
    yield ":".join(["/opt/strangers/else", *parts[1:]])
    if len(parts) == 2:
        yield f"{entry}:ro"
    elif parts[2] in ("ro", "rw"):
        yield ":".join([*parts[:2], {"ro": "rw", "rw": "ro"}[parts[2]]])


def _networks(subject: Subject) -> Iterator[Change]:
    if not subject.own_network:
        return
    names = list(subject.model.get("networks") or {})
    kept: dict[str, Any] = {} if "networks" in subject.text else dict.fromkeys(names)
    top = {"networks": {"strangers": None}}
    yield Change(key="networks", body={"networks": {**kept, "strangers": None}}, sections=top)
    text = subject.written("networks")
    options = text if isinstance(text, Mapping) else dict.fromkeys(text or names)
    for name in names:
        yield Change(key="networks", body={"networks": {**kept, name: {"aliases": ["strangers-alias"]}}})
        if len(names) > 1:
            rest = {other: value for other, value in options.items() if other != name}
            yield Change(key="networks", body={"networks": Instead(rest)})


def _healthcheck(subject: Subject) -> Iterator[Change]:
    check = subject.model.get("healthcheck") or {}
    if not check and not subject.image.get("Healthcheck"):
        yield Change(key="healthcheck", body={"healthcheck": {"test": ["CMD", "stranger"]}})
    if check.get("test") and not check.get("disable"):
        yield Change(key="healthcheck", body={"healthcheck": {"interval": "77s"}})
        yield Change(key="healthcheck", body={"healthcheck": {"test": Instead(["CMD", "stranger"])}})
        yield Change(key="healthcheck", body={"healthcheck": {"disable": True}})
        if not subject.image.get("Healthcheck"):
            yield Change(key="healthcheck", body={"healthcheck": Instead()})


def _logging(subject: Subject) -> Iterator[Change]:
    logging = subject.model.get("logging") or {}
    if not logging:
        yield Change(key="logging", body={"logging": {"driver": "none"}})
    for name, value in (logging.get("options") or {}).items():
        yield Change(key="logging", body={"logging": {"options": {name: another(str(value))}}})


_ENTRIES: Mapping[str, Any] = {
    "cap_add": "SYS_PTRACE",
    "cap_drop": "MKNOD",
    "group_add": "4321",
    "devices": "/dev/null:/dev/stranger",
    "device_cgroup_rules": "c 1:3 mr",
    "security_opt": "seccomp=unconfined",
    "extra_hosts": "stranger.test:10.9.8.7",
    "tmpfs": "/strangers-tmp",
}


def _entries(subject: Subject) -> Iterator[Change]:
    for key, new in _ENTRIES.items():
        if key != "extra_hosts" or subject.own_network:
            yield Change(key=key, body={key: [new]})
        for _, rest in _without_each(key, subject):
            yield Change(key=key, body={key: Instead(rest)})


def _more_keyed(subject: Subject) -> Iterator[Change]:
    yield Change(key="ulimits", body={"ulimits": {"msgqueue": 77777}})
    if subject.own_network:
        yield Change(key="sysctls", body={"sysctls": {"net.core.somaxconn": "777"}})


def _deploy(subject: Subject) -> Iterator[Change]:
    limits = ((subject.model.get("deploy") or {}).get("resources") or {}).get("limits") or {}
    if limits.get("memory"):
        yield Change(key="deploy", body={"deploy": {"resources": {"limits": {"memory": "777M"}}}})
    if limits.get("cpus"):
        yield Change(key="deploy", body={"deploy": {"resources": {"limits": {"cpus": "0.77"}}}})


def _unseen(subject: Subject) -> Iterator[Change]:
    if subject.model.get("pull_policy") != "always":
        yield Change(key="pull_policy", body={"pull_policy": "always"}, unseen=True)
    if subject.model.get("depends_on"):
        yield Change(key="depends_on", body={"depends_on": Instead()}, unseen=True)


_KINDS: tuple[Callable[[Subject], Iterator[Change]], ...] = (
    _environment, _labels, _scalars, _image, _entrypoint, _ports, _volumes, _networks, _healthcheck, _logging, _entries,
    _more_keyed, _deploy, _unseen,
)  # fmt: skip
