"""Every canonical value knows the text that decided it."""

from homelab_assets.compose import Project, load

FOLDER = "/srv/stack"
BASE = """\
# a comment
x-env: &env
  TZ: UTC
services:
  radarr:
    image: "radarr:1"   # the tag
    environment:
      <<: *env
      PUID: 1000
    labels:
      - traefik.enable=true
    ports: ["7878:7878", 1-2:1-2]
    volumes:
      - ./config:/config

  db: {image: postgres, env_file: db.env}
"""
OVER = """\
services:
  radarr:
    image: radarr:2
    environment: ["PUID=1001"]
    volumes: ["./other:/config"]
"""


def _project() -> Project:
    contents = {
        f"{FOLDER}/a.yaml": BASE.encode(),
        f"{FOLDER}/b.yaml": OVER.encode(),
        f"{FOLDER}/db.env": b"# x\nA=1\n",
    }
    return load([f"{FOLDER}/a.yaml", f"{FOLDER}/b.yaml"], read=contents.get, project_directory=FOLDER, environment={})


def test_spans_are_the_deciding_text() -> None:
    sources = _project().sources
    texts = {f"{FOLDER}/a.yaml": BASE, f"{FOLDER}/b.yaml": OVER}

    def text(*path: str) -> tuple[int, str]:
        span = sources["services", *path]
        return span.line, texts[span.file][span.start : span.end]

    assert text("radarr", "image") == (3, "radarr:2")
    assert text("radarr", "environment", "TZ") == (3, "UTC")
    assert text("radarr", "environment", "PUID") == (4, '"PUID=1001"')
    assert text("radarr", "labels", "traefik.enable") == (11, "traefik.enable=true")
    assert text("radarr", "ports", "0") == (12, '"7878:7878"')
    assert text("radarr", "ports", "2") == (12, "1-2:1-2")
    assert text("radarr", "volumes", "0") == (5, '"./other:/config"')
    assert text("db", "image") == (16, "postgres")
    assert text("db")[1] == "db: {image: postgres, env_file: db.env}"


def test_a_section_ends_with_its_last_value() -> None:
    contents = {f"{FOLDER}/a.yaml": BASE.replace("db.env", "[]").encode()}
    project = load([f"{FOLDER}/a.yaml"], read=contents.get, project_directory=FOLDER, environment={})
    span = project.sources["services", "radarr"]
    assert (span.line, span.column) == (5, 3)
    assert BASE[span.start : span.end].endswith("- ./config:/config")


def test_variables_of_env_files_point_there() -> None:
    span = _project().sources["services", "db", "environment", "A"]
    assert (span.file, span.line) == (f"{FOLDER}/db.env", 2)


def test_variables_of_raw_env_files_point_there_too() -> None:
    files = {
        "/p/c.yaml": b"services: {a: {image: x, env_file: [{path: r.env, format: raw}]}}",
        "/p/r.env": b'#\nA="q"\n',
    }
    sources = load(["/p/c.yaml"], read=files.get, project_directory="/p", environment={}).sources
    assert (sources["services", "a", "environment", "A"].file, sources["services", "a", "environment", "A"].line) == (
        "/p/r.env",
        2,
    )


def test_what_compose_adds_has_no_source() -> None:
    assert ("services", "db", "networks", "default") not in _project().sources


def test_a_byte_order_mark_counts() -> None:
    text = "\ufeffservices: {a: {image: x}}"
    project = load(["/c.yaml"], read={"/c.yaml": text.encode()}.get, project_directory="/p", environment={})
    span = project.sources["services", "a", "image"]
    assert text[span.start : span.end] == "x"


def test_every_path_that_is_listed_is_found_and_no_other() -> None:
    sources = _project().sources
    listed = set(sources)
    assert len(listed) == len(sources) > 10
    assert all(sources[path].line for path in listed)
    for path in listed:
        assert (*path, "nothing") not in sources
        assert (*path[:-1], "nothing") not in sources
