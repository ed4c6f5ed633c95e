"""Random compose stacks for comparing two readers: mostly valid, sometimes not, in every syntax that Compose knows."""

import json
from typing import Any

from hypothesis import strategies as st

from homelab_assets_tests.compose.plugin import Case

Strategy = st.SearchStrategy[Any]


class Plain(str):
    """A scalar that is written without quotes."""

    __slots__ = ()


def _among(*tokens: str) -> Strategy:
    return st.sampled_from([Plain(token) for token in tokens])


def _texts(*tokens: str) -> Strategy:
    return st.sampled_from(tokens)


def _mostly(sound: Strategy, odd: Strategy) -> Strategy:
    """Values that Compose takes, and now and then one that it may refuse: one bad value spoils a whole stack."""
    return st.integers(0, 39).flatmap(lambda chance: odd if chance == 23 else sound)


NAMES = _texts("a", "b", "c")
SCALARS = _among(
    "yes",
    "no",
    "true",
    "False",
    "~",
    "012",
    "0o7",
    "08",
    "0x1F",
    "1e3",
    "1.10",
    "5.",
    "22:22",
    "1_000",
    "-3",
    "1000000.5",
    "word",
    '"q"',
    "'s'",
    ".5",
) | _texts("", "${SET}", "${UNSET}", "${UNSET:-d $SET}", "${EMPTY-x}", "${EMPTY:+x}${SET:+y}", "a=b", "$$x", "é <&>")
STRINGS = _mostly(
    _texts("", "word", "1.10", "${SET}", "${UNSET:-d $SET}", "$$x", "é <&>") | _among("yes", "22:22"), SCALARS
)
FLAGS = _mostly(_among("true", "false", "True") | _texts("${FLAG}", "yes", "on", "No"), _texts("1", "x"))
BOOLEANS = _mostly(_among("true", "FALSE"), FLAGS)
NUMBERS = _mostly(_among("1", "0", "010", "0x10", "7"), _among("2.0", "-1") | _texts("${NUMBER}"))
INTEGERS = _mostly(NUMBERS | _texts("5", "${NUMBER}"), _texts("x"))
SIZES = _mostly(_among("1024", "1g", "64 MB", "1.5k", "0") | _texts("1KiB", "${SIZE}", "10b"), _texts("64Mi"))
DURATIONS = _mostly(
    _texts("30s", "1m30s", "1h1h", "1500ms", "0s", "1d", "${TIME}") | _among("1.5h"), _texts("30") | _among("90")
)
KEYS = _texts("A", "B", "SET", "UNSET", "x.y", "x-k")
WORDS = _texts(
    "echo", "a b", "a 'b c'", "a && b", 'sh -c "x; y"', "", "a\\ b", "${SET} x", "`a b` c", "x > y"
) | _among("top", "ls -l")
COMMANDS = WORDS | st.lists(_mostly(WORDS, _among("10")), max_size=3) | _among("~")


def _map_or_list(values: Strategy = SCALARS) -> Strategy:
    items = st.builds(lambda key, value: f"{key}={value}", KEYS, _texts("1", "", "${SET}", "a=b")) | KEYS
    return st.dictionaries(KEYS, values, max_size=3) | st.lists(items, max_size=3, unique=True)


PORTS = st.lists(
    _texts(
        "80",
        "8080:80",
        "8080:80/udp",
        "127.0.0.1:8080:80",
        "8000-8002:80-82",
        "8000-8010:80",
        "[::1]:1:1",
        "${NUMBER}:90",
        ":70",
        "1:2/TCP",
    )
    | _among("80", "22:22", "443")
    | st.fixed_dictionaries(
        {"target": INTEGERS},
        optional={
            "published": INTEGERS,
            "protocol": _texts("udp", "UDP"),
            "mode": _texts("host"),
            "host_ip": _mostly(_texts("127.0.0.1"), _texts("x")),
        },
    ),
    max_size=3,
)
TARGETS = _texts("/x", "/y/", "/z//w", "/x/../y")
VOLUMES = st.lists(
    st.builds(
        lambda *parts: ":".join(part for part in parts if part),
        _texts("./a", "../b", "/c", "~/d", "vol", "other", "", "${SET}", "./${SET}"),
        TARGETS,
        _texts("", "ro", "rw,z", "nocopy", "cached", "rslave"),
    )
    | st.fixed_dictionaries(
        {"type": _texts("bind", "volume", "tmpfs"), "target": TARGETS},
        optional={
            "source": _texts("./a", "vol", "/c"),
            "read_only": FLAGS,
            "bind": st.fixed_dictionaries({}, optional={"create_host_path": FLAGS, "propagation": _texts("rslave")}),
            "volume": st.fixed_dictionaries({}, optional={"nocopy": FLAGS, "subpath": _texts("s")}),
            "tmpfs": st.fixed_dictionaries({}, optional={"size": SIZES, "mode": NUMBERS}),
        },
    ),
    max_size=3,
)
NETWORKS = st.lists(_mostly(_texts("net", "default"), _texts("gone")), max_size=2, unique=True) | st.dictionaries(
    _texts("net", "default"),
    _among("~", "{}")
    | st.fixed_dictionaries(
        {}, optional={"aliases": st.lists(NAMES, max_size=2), "priority": NUMBERS, "ipv4_address": _texts("1.2.3.4")}
    ),
    max_size=2,
)
DEPENDS_ON = st.lists(NAMES, max_size=1) | st.dictionaries(
    NAMES,
    st.fixed_dictionaries(
        {"condition": _texts("service_started", "service_healthy")},
        optional={"restart": FLAGS, "required": _among("true", "false")},
    ),
    max_size=1,
)
HEALTHCHECK = st.fixed_dictionaries(
    {},
    optional={
        "test": _mostly(WORDS | st.just(["CMD", "a"]) | st.just(["NONE"]), COMMANDS),
        "interval": DURATIONS,
        "timeout": DURATIONS,
        "retries": INTEGERS,
        "disable": FLAGS,
    },
)
DEPLOY = st.fixed_dictionaries(
    {},
    optional={
        "replicas": INTEGERS,
        "labels": _map_or_list(),
        "resources": st.fixed_dictionaries(
            {},
            optional={
                "limits": st.fixed_dictionaries(
                    {},
                    optional={
                        "cpus": _texts("0.5", "1") | _among("0.1"),
                        "memory": _texts("1g", "64m"),
                        "pids": INTEGERS,
                    },
                ),
                "reservations": st.fixed_dictionaries(
                    {}, optional={"memory": _texts("1m"), "devices": st.just([{"capabilities": ["gpu"]}])}
                ),
            },
        ),
        "restart_policy": st.fixed_dictionaries(
            {}, optional={"condition": _texts("any", "none"), "delay": DURATIONS, "max_attempts": INTEGERS}
        ),
    },
)
LOGGING = st.fixed_dictionaries(
    {},
    optional={
        "driver": _texts("json-file", "local"),
        "options": st.dictionaries(_texts("max-size", "max-file"), SCALARS, max_size=2),
    },
)
SECRETS = st.lists(
    _texts("sec")
    | st.fixed_dictionaries(
        {"source": _texts("sec")},
        optional={"target": _texts("t", "/t"), "mode": _among("0400", "400") | _texts("0440"), "uid": _texts("1")},
    ),
    max_size=2,
)
ULIMITS = st.dictionaries(
    _texts("nofile", "nproc"), INTEGERS | st.fixed_dictionaries({"soft": INTEGERS, "hard": INTEGERS}), max_size=2
)
BUILD = _texts(".", "./sub", "https://github.com/a/b.git") | st.fixed_dictionaries(
    {},
    optional={
        "context": _texts("./c"),
        "args": _map_or_list(),
        "dockerfile": _texts("D"),
        "target": _texts("t"),
        "labels": _map_or_list(),
    },
)
HOOKS = st.lists(
    st.fixed_dictionaries(
        {"command": WORDS.filter(bool) | st.just(["a", "b c"])},
        optional={"user": STRINGS, "privileged": FLAGS, "working_dir": _texts("/w"), "environment": _map_or_list()},
    ),
    max_size=2,
)
WATCH = st.fixed_dictionaries(
    {"path": _texts("./a", "/b"), "action": _texts("sync", "rebuild"), "target": _texts("/t")},
    optional={"ignore": _texts("x/") | st.lists(_texts("x/"), max_size=1), "initial_sync": _among("true", "false")},
)
GPUS = _texts("all") | st.lists(
    st.fixed_dictionaries(
        {}, optional={"driver": _texts("d"), "capabilities": st.just(["gpu"]), "options": _map_or_list()}
    )
    .flatmap(lambda request: st.sampled_from([{}, {"count": Plain("2")}, {"device_ids": ["0"]}]).map(request.__or__))
    .filter(bool),
    max_size=2,
)
BLKIO = st.fixed_dictionaries(
    {},
    optional={
        "weight": NUMBERS,
        "weight_device": st.just([{"path": "/dev/a", "weight": Plain("10")}]),
        "device_read_bps": st.lists(st.fixed_dictionaries({"path": _texts("/dev/a"), "rate": SIZES}), max_size=1),
    },
)

ATTRIBUTES: dict[str, Strategy] = {
    "annotations": _map_or_list(),
    "attach": BOOLEANS,
    "blkio_config": BLKIO,
    "build": BUILD,
    "cap_add": st.lists(_texts("NET_ADMIN", "ALL", "CAP_NET_ADMIN"), max_size=2),
    "cap_drop": st.lists(_texts("ALL", "MKNOD"), max_size=2),
    "cgroup": _texts("host", "private"),
    "command": COMMANDS,
    "configs": st.lists(
        _texts("cfg")
        | st.fixed_dictionaries({"source": _texts("cfg")}, optional={"target": _texts("/t"), "gid": _texts("1")}),
        max_size=2,
    ),
    "container_name": _texts("one", "two", "${SET}"),
    "cpus": _among("0.5", "1", ".25") | _texts("1.5", "${NUMBER}"),
    "depends_on": DEPENDS_ON,
    "deploy": DEPLOY,
    "develop": st.fixed_dictionaries({}, optional={"watch": st.lists(WATCH, max_size=2)}),
    "device_cgroup_rules": st.lists(_texts("c 1:3 mr", "a *:* rwm"), max_size=2, unique=True),
    "devices": st.lists(
        _texts("/dev/a", "/dev/a:/dev/b", "/dev/a:/dev/c:r") | st.just({"source": "/dev/e", "target": "/dev/f"}),
        max_size=2,
    ),
    "dns": _texts("1.1.1.1", "") | st.lists(_texts("1.1.1.1", "8.8.8.8", ""), max_size=2),
    "dns_search": _texts("d.e") | st.lists(_texts("d.e", "f"), max_size=2),
    "entrypoint": COMMANDS,
    "env_file": _texts("one.env")
    | st.lists(
        _texts("one.env", "two.env")
        | st.fixed_dictionaries({"path": _texts("two.env", "gone.env")}, optional={"required": _among("false")}),
        max_size=2,
    ),
    "environment": _map_or_list(),
    "expose": st.lists(_texts("80", "81/udp") | _among("80"), max_size=2),
    "extra_hosts": st.lists(_texts("a:1.1.1.1", "a=2.2.2.2", "b=[::1]", "c"), max_size=2)
    | st.dictionaries(NAMES, _texts("1.1.1.1", "::1"), max_size=2),
    "gpus": GPUS,
    "group_add": st.lists(_texts("audio", "${NUMBER}") | _among("44", "010"), max_size=2, unique=True),
    "healthcheck": HEALTHCHECK,
    "hostname": STRINGS,
    "init": FLAGS,
    "label_file": _texts("two.env") | st.lists(_texts("one.env", "two.env"), max_size=2),
    "labels": _map_or_list(),
    "logging": LOGGING,
    "mem_limit": SIZES,
    "memswap_limit": SIZES | _among("-1"),
    "models": st.just(["m"]) | st.fixed_dictionaries({"m": _among("~") | st.just({"model_var": "V"})}),
    "network_mode": _texts("host", "none", "service:a", "container:x"),
    "networks": NETWORKS,
    "oom_score_adj": INTEGERS,
    "pids_limit": INTEGERS,
    "platform": _texts("linux/amd64"),
    "ports": PORTS,
    "post_start": HOOKS,
    "privileged": FLAGS,
    "profiles": st.lists(_texts("p", "q"), max_size=1),
    "pull_policy": _mostly(_texts("always", "if_not_present"), _texts("sometimes")),
    "restart": _among("no", "always", "true") | _texts("on-failure:3", "${UNSET}"),
    "scale": INTEGERS,
    "secrets": SECRETS,
    "security_opt": st.lists(_texts("no-new-privileges:true", "label=disable"), max_size=2, unique=True),
    "shm_size": SIZES,
    "stop_grace_period": DURATIONS,
    "stop_signal": _texts("SIGINT"),
    "storage_opt": st.dictionaries(_texts("size"), _texts("1G") | _among("1"), max_size=1),
    "sysctls": _map_or_list(),
    "tmpfs": _texts("/t", "/t:size=1m") | st.lists(_texts("/t", "/u"), max_size=2),
    "tty": FLAGS,
    "ulimits": ULIMITS,
    "user": STRINGS,
    "volumes": VOLUMES,
    "working_dir": _texts("/w", ""),
    "x-note": SCALARS,
}
FILES = {
    "one.env": "A=1\nB=\"two $A ${SET}\"\nPASSED\n# note\nC='$x' # rest\n",
    "two.env": "export A=2\nB: yaml\nD = spaced \n",
    ".env": "SET=from-dotenv\nNUMBER=7\nSIZE=10m\nTIME=5s\nFLAG=yes\n",
}


@st.composite
def _service(draw: st.DrawFn, *, image: bool) -> dict[str, Any]:
    keys = draw(st.lists(st.sampled_from(sorted(ATTRIBUTES)), max_size=5, unique=True))
    service = {key: draw(ATTRIBUTES[key]) for key in keys}
    return {"image": draw(_texts("x", "x:${NUMBER}", "${UNSET:-y}")), **service} if image else service


@st.composite
def stacks(draw: st.DrawFn) -> Case:
    """A stack of one or two files, with an `.env` and env files; now and then it includes a file or extends one."""
    services = draw(st.dictionaries(NAMES, _service(image=True), min_size=1, max_size=3))
    if draw(st.integers(0, 4)) == 0:
        services["d"] = {"extends": draw(_texts(*services)), **draw(_service(image=False))}
    sound = draw(st.integers(0, 9)) != 6
    resources: dict[str, Any] = {
        "volumes": {
            "vol": draw(
                _among(
                    "~",
                    "{}",
                    "{external: true}",
                    "{name: '${SET}'}",
                    "{driver: local, driver_opts: {o: bind, device: ./v}}",
                )
            )
        },
        "networks": {
            "net": draw(
                _among("~", "{internal: yes}", "{external: true, name: n}", "{labels: [a=b], driver_opts: {mtu: 1450}}")
            )
        },
        "secrets": {"sec": draw(_among("{file: ./s}", "{environment: SET}", "{external: true}"))},
        "configs": {"cfg": draw(_among("{file: ./s}", "{content: 'a ${SET} $$b'}", "{environment: EMPTY}"))},
        "models": {"m": Plain("{model: ai/m, context_size: 1024}")},
    }
    files = dict(FILES)
    if draw(st.integers(0, 5)) == 3:
        services["e"] = {"extends": {"service": "l", "file": "sub/lent.yaml"}, **draw(_service(image=False))}
        files.update({f"sub/{name}": "E=sub\n" for name in ("one.env", "two.env")})
        files["sub/lent.yaml"] = render({"services": _untangled(draw(_service(image=True)), "l", sound)})
    if draw(st.integers(0, 5)) == 3:
        # Both files define the same: what stands relative to the one folder is another thing in the other.
        resources.update(
            {"volumes": {"vol": None}, "secrets": {"sec": {"file": "/s"}}, "configs": {"cfg": {"file": "/c"}}}
        )
        resources["include"] = [draw(_include(files, resources))]
    if sound:
        _untangle(services, services)
    files["compose.yaml"] = render({"services": services, **resources})
    load = ["compose.yaml"]
    if draw(st.booleans()):
        over = draw(st.dictionaries(st.sampled_from(sorted(services)), _service(image=False), min_size=1, max_size=2))
        if sound:
            _untangle(over, services)
        files["over.yaml"] = render({"services": {name: draw(_tagged(service)) for name, service in over.items()}})
        load.append("over.yaml")
    return Case(
        name="generated",
        files=files,
        load=load,
        env={"EMPTY": "", "PASSED": "p"},
        profiles=draw(st.sampled_from([(), ("p",), ("*",)])),
    )


def _untangle(services: dict[str, Any], known: dict[str, Any]) -> None:
    """Drop what is fine by itself and refused beside the rest: a stack of many services would hardly ever be accepted."""
    for name, service in services.items():
        earlier = {each for each in known if each < name}
        if not set(service.get("depends_on", ())) <= earlier:
            del service["depends_on"]
        mode = service.get("network_mode", "")
        if "networks" in service or (mode.startswith("service:") and mode[8:] not in earlier):
            service.pop("network_mode", None)
        if "container_name" in service:
            service["container_name"] += f"-{name}"
            service.pop("scale", None)
            service.get("deploy", {}).pop("replicas", None)


def _untangled(service: dict[str, Any], name: str, sound: bool) -> dict[str, Any]:
    services = {name: service}
    if sound:
        _untangle(services, services)
    return services


@st.composite
def _include(draw: st.DrawFn, files: dict[str, str], resources: dict[str, Any]) -> Any:
    """An entry of `include`; what it names is added to the files."""
    service = _untangled(draw(_service(image=True)), "i", True)
    files.update({f"{folder}{name}": "I=${SET}\n" for folder in ("inc/", "") for name in ("one.env", "two.env")})
    files.update({"inc/.env": "SET=inc\nNUMBER=8\n", "other.env": "SET=other\nSIZE=1k\nTIME=1s\nFLAG=no\nNUMBER=9\n"})
    files["inc/c.yaml"] = render({"services": service, **resources})
    files["inc/over.yaml"] = render({"services": {"i": {"labels": ["over=1"]}}})
    path = draw(_texts("inc/c.yaml") | st.just(["./inc/c.yaml", "inc/over.yaml"]))
    further = {"project_directory": _texts(".", "inc", "./inc/"), "env_file": _texts("other.env")}
    entry = {"path": path, **draw(st.fixed_dictionaries({}, optional=further))}
    return path if entry == {"path": path} and isinstance(path, str) and draw(st.booleans()) else entry


@st.composite
def _tagged(draw: st.DrawFn, value: Any, *, top: bool = True) -> Any:
    """Put tags before some of the values, at any depth."""
    if not top and draw(st.integers(0, 11)) == 7:
        return Plain(f"!override {render(value)}") if draw(st.booleans()) else Plain("!reset null")
    if isinstance(value, dict):
        return {key: draw(_tagged(item, top=False)) for key, item in value.items()}
    return [draw(_tagged(item, top=False)) for item in value] if isinstance(value, list) else value


def render(value: Any) -> str:
    """Write a value as YAML in flow style, the top level as a block."""
    if isinstance(value, dict):
        return "{" + ", ".join(f"{json.dumps(key)}: {render(item)}" for key, item in value.items()) + "}"
    if isinstance(value, list):
        return "[" + ", ".join(map(render, value)) + "]"
    return str(value) if isinstance(value, Plain) else json.dumps(value)
