"""Published ports, by container port. Wanted bindings (`PortBindings`) are compared, not the ones in effect."""

from collections.abc import Iterator, Mapping, Sequence
from functools import lru_cache
from typing import Any

from homelab_assets.drift.leaf import Given, Leaf, Leaves, Row
from homelab_assets.drift.rows.environment import of_image
from homelab_assets.drift.rows.shapes import has_marker, ip_address, unseen
from homelab_assets.drift.view import Declared, Observed
from homelab_assets.late import late

Binding = tuple[str, str]
"""Host address ("" for all) and host port ("" for a random one)."""

_RANDOM = late(r"::(?=[^:\]]*$)")
"""Where a written binding leaves the host's port out: a `0` there means the same."""

_RANGE = late(r"(\d+)(?:-(\d+))?")


def _address(text: Any) -> str:
    address = ip_address(str(text or "").strip("[]"))
    return "" if address == "0.0.0.0" else address  # noqa: S104 - compared, not bound


def _port(text: Any) -> str:
    number = str(text if text is not None else "").strip()
    if number.isdigit():
        number = str(int(number))
    return "" if number == "0" else number


def write(bindings: frozenset[Binding], port: str) -> Any:
    """Bindings of one container port as compose's short syntax: a text, or a list where there are several."""
    number, _, protocol = port.partition("/")
    suffix = "" if protocol == "tcp" else f"/{protocol}"
    texts = []
    for address, published in sorted(bindings):
        host = f"[{address}]:" if ":" in address else f"{address}:" if address else ""
        texts.append(f"{host}{published}:{number}{suffix}" if published or host else f"{number}{suffix}")
    return texts[0] if len(texts) == 1 else texts


def _entries(declared: Declared) -> Iterator[tuple[str, Binding]]:
    for entry in declared.get("ports") or ():
        if isinstance(entry, str):
            yield entry, ("", "")
            continue
        port = f"{entry.get('target')}/{str(entry.get('protocol') or 'tcp').lower()}"
        yield port, (_address(entry.get("host_ip")), _port(entry.get("published")))


def _leaves(entries: Iterator[tuple[str, Binding]]) -> dict[str, Leaf]:
    bindings: dict[str, set[Binding]] = {}
    for port, binding in entries:
        bindings.setdefault(port, set()).add(binding)
    return {f"ports.{port}": _leaf(port, frozenset(found)) for port, found in bindings.items()}


def _leaf(port: str, bindings: frozenset[Binding]) -> Leaf:
    if any("+" in published for _, published in bindings):
        return unseen("it is one of a range of ports that a variable names, which isn't known here")
    return Leaf(bindings, port if has_marker(port) and "/" not in port else write(bindings, port))


def _expected_ports(declared: Declared) -> dict[str, Leaf]:
    return _leaves(_entries(declared))


def _bindings(container: Observed) -> Iterator[tuple[str, Binding]]:
    asked: Mapping[str, Any] = container.host_config.get("PortBindings") or {}
    if container.host_config.get("PublishAllPorts"):
        # No compose file can ask for that (`docker run -P`, a switch of Portainer): each port gets a random one.
        asked = {**dict.fromkeys(container.config.get("ExposedPorts") or ()), **asked}
    for port, bindings in asked.items():
        # Compose before 2.29 writes no protocol for a port in the long syntax: `80/`.
        number, _, protocol = port.partition("/")
        port = f"{number}/{protocol.lower() or 'tcp'}"
        wanted: Sequence[Mapping[str, Any]] = bindings or ({},)
        for binding in wanted:
            yield port, (_address(binding.get("HostIp")), _port(binding.get("HostPort")))


def _observed_ports(container: Observed, declared: Declared) -> dict[str, Leaf]:
    if not container.host.podman:
        return _leaves(_bindings(container))
    if container.mode() == "host":
        return dict.fromkeys(
            _expected_ports(declared), unseen("podman keeps no ports of a container in the host's network")
        )
    random = {(port, address) for port, (address, published) in _entries(declared) if not published}
    return _leaves(
        (port, (address, "" if (port, address) in random else published))
        for port, (address, published) in _bindings(container)
    )


def is_range(path: str) -> bool:
    """Whether a leaf's path names a range of published ports: only one with a variable in it stays a range."""
    return path.startswith("ports.") and "-" in path


def is_single(path: str) -> bool:
    """Whether a leaf's path names a range of but one port."""
    first, _, last = path.removeprefix("ports.").partition("/")[0].partition("-")
    return first == last


def runs(leaves: Leaves) -> dict[str, Leaf]:
    """Published ports that follow one another on both sides, each run of them as the range that it may be in git."""
    found: dict[tuple[str, str, int], list[tuple[int, int]]] = {}
    for path, leaf in leaves.items():
        number, _, protocol = path.removeprefix("ports.").partition("/")
        for address, published in leaf.value if isinstance(leaf.value, frozenset) else ():
            if number.isdigit() and published.isdigit():
                offset = int(published) - int(number)
                found.setdefault((protocol, address, offset), []).append((int(number), int(published)))
    ranges = {}
    for (protocol, address, _), ports in found.items():
        for run in _consecutive(sorted(ports)):
            inside, outside = (f"{first}-{last}" for first, last in zip(run[0], run[-1], strict=True))
            ranges[f"ports.{inside}/{protocol}"] = Leaf(
                None, write(frozenset({(address, outside)}), f"{inside}/{protocol}")
            )
    return ranges


def _consecutive(ports: Sequence[tuple[int, int]]) -> Iterator[list[tuple[int, int]]]:
    run = [ports[0]]
    for port in ports[1:]:
        if port[0] != run[-1][0] + 1:
            yield run
            run = []
        run.append(port)
    yield run


def _forms(leaf: Leaf) -> tuple[str, ...]:
    """Every way to write the bindings of one port, the usual one first."""
    written = leaf.shown
    forms: list[str] = []
    for text in [written] if isinstance(written, str) else list(written):
        bare = text.removesuffix("/udp")
        forms += [text, f"{bare}/tcp"] if bare == text else [text]
        if text.count(":") == 1:
            forms.append(f"0.0.0.0:{text}")
        elif ":" not in text:
            forms += [f":{text}", f"0:{text}"]
        elif _RANDOM.search(text):
            forms.append(_RANDOM.sub(":0:", text))
    return tuple(forms)


@lru_cache(maxsize=4096)
def _expand(port: str) -> tuple[str, ...]:
    numbers, _, protocol = port.partition("/")
    match = _RANGE.fullmatch(numbers)
    if not match:
        return (port,)
    last = int(match[2] or match[1])
    return tuple(f"{number}/{protocol.lower() or 'tcp'}" for number in range(int(match[1]), last + 1))


def _expected_expose(declared: Declared) -> dict[str, Leaf]:
    published = {port for port, _ in _entries(declared)}
    ports = {port for entry in declared.get("expose") or () for port in _expand(str(entry))}
    return {f"expose.{port}": Leaf(True, port.removesuffix("/tcp")) for port in sorted(ports - published)}


def _observed_expose(container: Observed, declared: Declared) -> dict[str, Leaf]:
    exposed: Mapping[str, Any] = container.config.get("ExposedPorts") or {}
    published = {port for port, _ in _bindings(container)} | {port for port, _ in _entries(declared)}
    wanted = _expected_expose(declared)
    ports = dict.fromkeys(port for entry in exposed for port in _expand(str(entry)))
    leaves = {f"expose.{port}": Leaf(True, port.removesuffix("/tcp")) for port in ports if port not in published}
    # A declared port that is also published on the host is exposed all the same.
    return leaves | {
        path: leaf for path, leaf in wanted.items() if path.removeprefix("expose.") in published & ports.keys()
    }


def _exposed(config: Mapping[str, Any]) -> Given:
    return {f"expose.{port}": (True,) for entry in config.get("ExposedPorts") or () for port in _expand(str(entry))}


def _given_expose(container: Observed, declared: Declared) -> Given:
    return of_image(_exposed, container) if container.image is not None else _exposed(container.config)


def _only_the_images(container: Observed, declared: Declared) -> int | None:
    image = container.image_config.get("ExposedPorts")
    published = any(map(container.host_config.get, ("PortBindings", "PublishAllPorts")))
    plain = not (declared.get("expose") or declared.get("ports") or published)
    same = container.image is not None and plain and container.config.get("ExposedPorts") == image
    return len(of_image(_exposed, container)) if same else None


ROWS: tuple[Row, ...] = (
    Row(
        key="ports", kind="keyed", where="HostConfig.PortBindings",
        still=("HostConfig.PortBindings", "HostConfig.PublishAllPorts"),
        expected=_expected_ports, observed=_observed_ports, forms=_forms,
    ),
    Row(
        key="expose", kind="set", where="Config.ExposedPorts", image="`ExposedPorts`", keys=("expose", "ports"),
        engine="every published port", expected=_expected_expose, observed=_observed_expose, given=_given_expose,
        at_once=_only_the_images,
    ),
)  # fmt: skip
