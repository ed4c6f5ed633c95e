"""Mistakes are told with file and line; hostile files end quickly."""

import time
from contextlib import nullcontext

import pytest

from homelab_assets.compose import load
from homelab_assets.errors import BaselineError

FILE = "/srv/stack/compose.yaml"


def _refusal(text: str | bytes, **files: str) -> BaselineError:
    data = text.encode() if isinstance(text, str) else text
    contents = {FILE: data, **{f"/srv/stack/{name}": body.encode() for name, body in files.items()}}
    with pytest.raises(BaselineError) as caught:
        load([FILE], read=contents.get, project_directory="/srv/stack", environment={})
    return caught.value


@pytest.mark.parametrize(
    ("text", "line", "words"),
    [
        ("services:\n  a:\n    image: x\n    imagee: y\n", 4, "imagee"),
        ("services:\n  a:\n    image: x\n    command:\n      - sleep\n      - 10\n", 6, "must be a string"),
        ("services:\n  a:\n    image: x\n    image: y\n", 4, "already defined at line 3"),
        ("services:\n  a:\n    image: x\n    ports:\n      - 80:80\n      - a:b\n", 6, "invalid port"),
        ("services:\n  a:\n    image: x\n    mem_limit: 1q\n", 4, "invalid size"),
        ("services:\n  a:\n    image: x\n    volumes:\n      - vol:/x\n", 5, "undefined volume vol"),
        ("services:\n  a:\n    image: x\n    depends_on: [b]\n", 4, "undefined service 'b'"),
        ("services:\n  a:\n    image: ${I:?please}\n", 3, "please"),
        ("services:\n  a:\n    image: ${I\n", 3, "invalid interpolation"),
        ("services:\n  a:\n    image: x\n    privileged: maybe\n", 4, "boolean"),
        ("services:\n  a:\n    image: x\n   b: y\n", 4, "not valid YAML"),
        ("services:\n  a:\n    image: x\n    command: (a)\n", 4, "command line"),
        ("services:\n  a:\n    image: x\n    env_file: gone\n", 4, "not found"),
        (
            "services:\n  a:\n    image: x\n    env_file:\n      - path: /e\n        required: false\n      - gone\n",
            7,
            "not found",
        ),
        ("services:\n  a:\n    image: x\n    label_file:\n      - gone\n", 5, "label file"),
        ("services:\n  a:\n    image: x\n    volumes:\n      - {type: tmpfs}\n", 5, "missing a mount target"),
        ("services:\n  a:\n    image: x\n    networks:\n      - default\n      - n\n", 6, "undefined network n"),
        ("services:\n  a:\n    image: x\n    networks:\n      default:\n      n:\n", 6, "undefined network n"),
        ("services:\n  a:\n    image: x\n    secrets:\n      - source: s\n        uid: '1'\n", 5, "undefined secret s"),
        ("services:\n  a:\n    build:\n      secrets:\n        - s\n", 5, "undefined secret s"),
        (
            "services:\n  a:\n    image: x\n    depends_on:\n      b:\n        condition: service_healthy\n",
            5,
            "service 'b'",
        ),
        ("services:\n  a:\n    image: x\n    tmpfs: /t\n    volumes:\n      - /v\n      - /t\n", 7, "mounted twice"),
        ("services:\n  a:\n    image: x\n    network_mode: service:b\n", 4, "'b' not found"),
        ("services:\n  a:\n    image: x\nsecrets:\n  s: {file: x}\n  t:\n    driver: d\n", 6, "secret 't'"),
        ("services:\n  a:\n    image: 'x\n    user: u\n    tty: true\n", 3, "unexpected end of stream"),
        ("services:\n  a:\n    image: x\n    user\n    tty: true\n", 4, "could not find expected ':'"),
        ("x-v: &v w\nservices:\n  a:\n    image: x\n    labels:\n      b: *v\n      b.c: *v\n", 7, "cycle detected"),
    ],
)
def test_refusals_name_file_and_line(text: str, line: int, words: str) -> None:
    error = _refusal(text)
    assert error.where == f"{FILE}:{line}"
    assert words in error.what


@pytest.mark.parametrize(
    ("text", "hint"),
    [
        ("services:\n\ta:\n", "that is a tab (\\t): YAML wants spaces"),
        ("# café ☕\nservices:\n  a:\n\t  image: x\n", "that is a tab (\\t): YAML wants spaces"),
        (
            "services:\n  a:\n    image: x # 1\n\t# no comment before\n\tuser: y\n",
            "that is a tab (\\t): YAML wants spaces",
        ),
        ("services:\n  a:\n    command: @x\n", "that is '@': put a value that begins with it in quotes"),
        ("services:\n  a:\n    command: [\n", None),
    ],
)
def test_what_yaml_does_not_take_is_named(text: str, hint: str | None) -> None:
    assert _refusal(text).hint == hint


@pytest.mark.parametrize(
    "line",
    [
        "environment: [DB_PASSWORD: sunny-otter]",
        "environment: [[DB_PASSWORD, sunny-otter]]",
        "labels: [db.password: sunny-otter]",
        "environment: {DB_PASSWORD: *sunny-otter}",
        "environment: {DB_PASSWORD: 'x${sunny-otter'}",
        "environment: {DB_PASSWORD: 'x${sunny otter}'}",
        "build: {args: [NPM_TOKEN: sunny-otter]}",
    ],
)
def test_what_may_be_a_secret_is_not_told(line: str) -> None:
    error = _refusal(f"services: {{a: {{image: x, {line}}}}}")
    assert "sunny" not in f"{error}{error.hint}"
    assert error.where == f"{FILE}:1"


def test_a_mistake_in_an_included_file_is_told_there() -> None:
    error = _refusal("include: [i.yaml]\n", **{"i.yaml": "services:\n  a:\n    imag: x\n"})
    assert error.where == "/srv/stack/i.yaml:3"


def test_an_env_file_that_is_a_folder_is_refused_even_where_it_may_be_missing() -> None:
    services = b"services: {a: {image: x, env_file: [{path: d, required: false}]}}"
    with pytest.raises(BaselineError, match="is a directory"):
        load(
            [FILE],
            read={FILE: services}.get,
            project_directory="/srv/stack",
            environment={},
            is_directory=lambda _: True,
        )


@pytest.mark.parametrize(("length", "fine"), [(65_535, True), (65_536, False)])
def test_a_line_of_a_raw_env_file_may_have_65535_bytes(length: int, fine: bool) -> None:
    services = b"services: {a: {image: x, env_file: [{path: e, format: raw}]}}"
    read = {FILE: services, "/srv/stack/e": b"A=1\nB=" + b"x" * (length - 2) + b"\nC=1"}.get
    with nullcontext() if fine else pytest.raises(BaselineError, match="more than 65535 bytes"):
        load([FILE], read=read, project_directory="/srv/stack", environment={})


def test_a_missing_file() -> None:
    with pytest.raises(BaselineError, match="no such file"):
        load(["/nowhere.yaml"], read=lambda path: None, project_directory="/", environment={})


BOMB = "x-0: &a0 [x, x, x, x, x, x, x, x, x]\n" + "".join(
    f"x-{n}: &a{n} [{', '.join([f'*a{n - 1}'] * 9)}]\n" for n in range(1, 12)
)


@pytest.mark.parametrize(
    "text",
    [
        BOMB + "services: {a: {image: x}}",
        "[" * 100_000,
        "a: " * 5000 + "b",
        "{a: " * 5000,
        "services: {a: {image: '" + "${A:-" * 50_000 + "'}}",
        "services: {a: {image: '" + "${A:-" * 900 + "x" + "}" * 900 + "'}}",
        "services: {a: {image: '" + "${A:-x} " * 100_000 + "'}}",
        "x-a: [" + "a:," * 200_000 + "]",
        "x-v: &v 1\nx-a:\n  ? " + "a." * 500_000 + "\n  : *v\n  a: *v\n",
        b"\x00\x01\x02",
        b"\xff\xfe\xff",
        b"services: {a: {image: \xc3\x28}}",
        "x" * 5_000_000,
        "services:\n" + "".join(f"  s{n}: {{extends: s{n + 1}}}\n" for n in range(3000)),
    ],
    ids=range(14),
)
def test_hostile_files_end_quickly(text: str | bytes) -> None:
    started = time.process_time()
    _refusal(text)
    assert time.process_time() - started < 5


def test_files_that_include_each_other_again_and_again_end_quickly() -> None:
    started = time.process_time()
    files = {f"{n}.yaml": f"include: [{n + 1}.yaml, {{path: [{n + 1}.yaml]}}]" for n in range(12)}
    files["12.yaml"] = "services: {}"
    assert "expands to more than" in _refusal("include: [0.yaml]\nservices: {a: {image: x}}", **files).what
    assert time.process_time() - started < 5


def test_a_deep_chain_of_dependencies_is_no_cycle() -> None:
    chain = "".join(f"  s{n}: {{image: x, depends_on: [s{n + 1}]}}\n" for n in range(800))
    text = f"services:\n{chain}  s800: {{image: x}}\n"
    project = load([FILE], read={FILE: text.encode()}.get, project_directory="/srv/stack", environment={})
    assert len(project.services) == 801
