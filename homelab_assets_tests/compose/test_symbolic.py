"""Loading without the real `.env`: unknown variables stay visible, known ones are replaced."""

from typing import Any

import pytest

from homelab_assets.compose import Project, load
from homelab_assets.compose.interpolation import MARKER
from homelab_assets.errors import BaselineError

FOLDER = "/srv/stack"


def _load(text: str, *, files: dict[str, str] | None = None, known: dict[str, str] | None = None) -> Project:
    contents = {f"{FOLDER}/{name}": body.encode() for name, body in {"compose.yaml": text, **(files or {})}.items()}
    return load(
        [f"{FOLDER}/compose.yaml"],
        read=contents.get,
        project_directory=FOLDER,
        environment=known or {},
        symbolic=True,
    )


def _shown(project: Project, value: Any) -> Any:
    """A value with the markers written as the expressions that they stand for."""
    if isinstance(value, dict):
        return {_shown(project, key): _shown(project, item) for key, item in value.items()}
    if isinstance(value, list):
        return [_shown(project, item) for item in value]
    if not isinstance(value, str):
        return value

    def expression(match: Any) -> str:
        found = project.expressions[int(match[1])]
        return f"<{found.name}{found.operator}{found.argument}>"

    return MARKER.sub(expression, value)


def _service(body: str, **more: Any) -> Any:
    project = _load(f"services: {{a: {{image: x, {body}}}}}", **more)
    return _shown(project, project.services["a"])


@pytest.mark.parametrize(
    ("body", "key", "expected"),
    [
        ('hostname: "$A-${B:-b ${C}}-${D:?no}"', "hostname", "<A>-<B:-b ${C}>-<D:?no>"),
        ('ports: ["${P}:80"]', "ports", [{"mode": "ingress", "target": 80, "published": "<P>", "protocol": "tcp"}]),
        ('ports: ["${P}"]', "ports", [{"mode": "ingress", "target": "<P>", "protocol": "tcp"}]),
        (
            'ports: ["${I}:1:${P}/udp"]',
            "ports",
            [{"mode": "ingress", "host_ip": "<I>", "target": "<P>", "published": "1", "protocol": "udp"}],
        ),
        ('volumes: ["${D}:/d"]', "volumes", [{"type": "bind-or-volume", "source": "<D>", "target": "/d"}]),
        (
            'volumes: ["${D}/m:/d:ro"]',
            "volumes",
            [
                {
                    "type": "bind",
                    "source": "<D>/m",
                    "target": "/d",
                    "read_only": True,
                    "bind": {"create_host_path": True},
                }
            ],
        ),
        (
            'volumes: ["./${D}:/d"]',
            "volumes",
            [
                {
                    "type": "bind",
                    "source": f"{FOLDER}/<D>",
                    "target": "/d",
                    "bind": {"create_host_path": True},
                }
            ],
        ),
        (
            'volumes: ["./a/${D}/../../x/../d:/d"]',
            "volumes",
            [
                {
                    "type": "bind",
                    "source": f"{FOLDER}/a/<D>/../../d",
                    "target": "/d",
                    "bind": {"create_host_path": True},
                }
            ],
        ),
        (
            'ports: ["${IP}:90-91:80-81/udp"]',
            "ports",
            [
                {"mode": "ingress", "host_ip": "<IP>", "target": 80, "published": "90", "protocol": "udp"},
                {"mode": "ingress", "host_ip": "<IP>", "target": 81, "published": "91", "protocol": "udp"},
            ],
        ),
        (
            'ports: ["${R:-90-91}:80-81"]',
            "ports",
            [
                {"mode": "ingress", "target": 80, "published": "<R:-90-91>+0", "protocol": "tcp"},
                {"mode": "ingress", "target": 81, "published": "<R:-90-91>+1", "protocol": "tcp"},
            ],
        ),
        ('mem_limit: "${M}"', "mem_limit", "<M>"),
        ('privileged: "${M:-false}"', "privileged", "<M:-false>"),
        ('stop_grace_period: "${T}s"', "stop_grace_period", "<T>s"),
        ('cpus: "${T}"', "cpus", "<T>"),
        ('scale: "${T}"', "scale", "<T>"),
        ("command: 'sh ${A} \"b ${C}\"'", "command", ["sh", "<A>", "b <C>"]),
        ('environment: {A: "${A}", B: }', "environment", {"A": "<A>", "B": None}),
        ('environment: ["${K}=v"]', "environment", {"<K>": "v"}),
        ('extra_hosts: ["h:${A}"]', "extra_hosts", ["h=<A>"]),
        ('labels: ["a=`${A}`"]', "labels", {"a": "`<A>`"}),
        ('cgroup: "${A}"', "cgroup", "<A>"),
        ('healthcheck: {test: ["${A}"], interval: "${T}", retries: "${R}"}', "healthcheck", None),
        ('ulimits: {nofile: "${U}"}', "ulimits", {"nofile": "<U>"}),
    ],
)
def test_unknown_variables_stay_visible(body: str, key: str, expected: Any) -> None:
    found = _service(body)[key]
    if expected is not None:
        assert found == expected
    assert MARKER.search(str(found)) is None


def test_known_variables_are_replaced() -> None:
    project = _load("services: {a: {image: 'x:${T}${U-u}', user: '${E:-${N}}'}}", known={"T": "<secret#01>", "E": ""})
    assert _shown(project, project.services["a"]["image"]) == "x:<secret#01><U-u>"
    assert _shown(project, project.services["a"]["user"]) == "<N>"


def test_missing_env_file_leaves_the_variables_open() -> None:
    project = _load(
        "services: {a: {image: x, env_file: [.env, one.env], label_file: gone}, b: {image: y}}",
        files={"one.env": "A=$B\n"},
    )
    assert project.open_env_files == {"a": {f"{FOLDER}/.env": frozenset()}}
    assert project.open_label_files == {"a": {f"{FOLDER}/gone": frozenset()}}
    assert _shown(project, project.services["a"]["environment"]) == {"A": "<B>"}


@pytest.mark.parametrize(
    "text",
    [
        "include: ['${WHERE}/x.yaml']\nservices: {a: {image: x}}",
        "services: {a: {extends: {file: '${WHERE}', service: b}}}",
        "services: {a: {extends: '${WHERE}'}}",
    ],
)
def test_a_file_named_by_an_unknown_variable_is_an_error_that_names_it(text: str) -> None:
    with pytest.raises(BaselineError, match="WHERE"):
        _load(text)


def test_inventory_of_variables() -> None:
    project = _load("x-a: ${A}\nservices:\n  a:\n    image: ${A:-x${B}}\n    user: ${C:?must}\n    labels: {k: $$D}\n")
    assert {name: [use.span.line for use in uses] for name, uses in project.variables.items()} == {
        "A": [1, 4],
        "B": [4],
        "C": [5],
    }
    assert project.variables["A"][1].default == "x${B}"
    assert project.variables["C"][0].required


def test_warnings_name_unset_variables() -> None:
    contents = {f"{FOLDER}/c.yaml": b"services: {a: {image: 'x$U'}}"}
    project = load([f"{FOLDER}/c.yaml"], read=contents.get, project_directory=FOLDER, environment={})
    assert [warning.split()[1] for warning in project.warnings] == ['"U"']


def test_the_same_text_is_parsed_once_and_never_changed() -> None:
    text = (
        "x-e: &e {A: 1}\n"
        "services: {a: {image: 'x:${T}', environment: *e, ports: ['1:1']}, b: {extends: a, ports: ['2:2']}}"
    )
    first = [_load(text, known={"T": "1"}).to_json() for _ in range(3)]
    assert first[0] == first[1] == first[2]
    assert _load(text, known={"T": "2"}).services["a"]["image"] == "x:2"


def test_open_short_forms_survive_a_further_file() -> None:
    body = (
        "services: {a: {image: x, volumes: ['${D}:/d', '${E}', './f:/f:${M}'], ports: ['${P}', '${Q}:1', '${R}:1-2']}}"
    )
    alone = _load(body).services["a"]
    contents = {f"{FOLDER}/compose.yaml": body.encode(), f"{FOLDER}/more.yaml": b"services: {a: {user: root}}"}
    both = load(list(contents), read=contents.get, project_directory=FOLDER, environment={}, symbolic=True).services[
        "a"
    ]
    assert {**both, "user": None} == {**alone, "user": None}
    assert both["volumes"][0]["type"] == "bind-or-volume"


@pytest.mark.parametrize(
    ("volume", "what"),
    [
        ("type: bind-or-volume", "must be one of bind, cluster"),
        ("type: bind, access_mode: ro", "additional properties 'access_mode' not allowed"),
    ],
)
def test_what_stands_for_an_open_form_can_not_be_written(volume: str, what: str) -> None:
    with pytest.raises(BaselineError, match=what):
        _load(f"services: {{a: {{image: x, volumes: [{{{volume}, source: a, target: /b}}]}}}}")


@pytest.mark.parametrize(
    "extends", ["{file: '${PART:-cpu}.yaml', service: app}", "{file: cpu.yaml, service: '${ONE:-app}'}"]
)
def test_a_variable_that_chooses_a_file_is_refused_or_has_its_default(extends: str) -> None:
    files = {
        "compose.yaml": f"services: {{a: {{image: 'x:${{TAG}}', extends: {extends}}}}}",
        "cpu.yaml": "services: {app: {user: '1'}}",
    }
    contents = {f"{FOLDER}/{name}": body.encode() for name, body in files.items()}
    where: dict[str, Any] = {"project_directory": FOLDER, "environment": {}, "symbolic": True}
    with pytest.raises(BaselineError) as refused:
        load([f"{FOLDER}/compose.yaml"], read=contents.get, **where)
    assert refused.value.what.endswith(" chooses it, and its value is not known")
    assert refused.value.needs in (("PART", f"{FOLDER}/", ".yaml", None), ("ONE", "", "", None))
    project = load([f"{FOLDER}/compose.yaml"], read=contents.get, by_default=True, **where)
    assert (project.services["a"]["user"], [use.name for use in project.expressions]) == ("1", ["TAG"])


@pytest.mark.parametrize(
    ("port", "what"),
    [
        ("::1:${PORT}:80", "invalid IP address in '::1:${PORT}:80' (put an IPv6 address in brackets)"),
        ("${IP:-::}:x:80", "invalid port in '${IP}:x:80': x"),
    ],
)
def test_a_refusal_names_variables_as_the_file_does(port: str, what: str) -> None:
    files = {f"{FOLDER}/compose.yaml": f"services: {{a: {{image: '$TAG', ports: ['{port}']}}}}".encode()}
    with pytest.raises(BaselineError) as refused:
        load(list(files), read=files.get, project_directory=FOLDER, environment={}, symbolic=True)
    assert refused.value.what in what


def test_a_file_that_no_default_finds_is_said_to_be_chosen_by_a_variable() -> None:
    files = {f"{FOLDER}/compose.yaml": b"include: ['parts/$SITE/db.yml']"}
    with pytest.raises(BaselineError) as refused:
        load(list(files), read=files.get, project_directory=FOLDER, environment={}, symbolic=True, by_default=True)
    assert refused.value.what.endswith("no such file (`SITE` chooses a file, and its value is not known here)")


def test_a_file_that_an_included_file_includes_has_a_default_too() -> None:
    files = {
        f"{FOLDER}/compose.yaml": b"include: [sub/a.yaml]",
        f"{FOLDER}/sub/a.yaml": b"include: ['${SITE:-home}.yaml']",
        f"{FOLDER}/sub/home.yaml": b"services: {a: {image: x}}",
    }
    where = {"project_directory": FOLDER, "environment": {}, "symbolic": True, "by_default": True}
    assert list(load([f"{FOLDER}/compose.yaml"], read=files.get, **where).services) == ["a"]
    del files[f"{FOLDER}/sub/home.yaml"]
    with pytest.raises(BaselineError, match=r"no such file \(`SITE` chooses a file"):
        load([f"{FOLDER}/compose.yaml"], read=files.get, **where)
