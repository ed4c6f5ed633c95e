"""Each dependency that is found has its evidence, and nothing else is taken for one."""

import json
from pathlib import Path

import pytest

from homelab_assets.documentation.dependencies import Map, map_dependencies
from homelab_assets.documentation.dependency_text import dependency_documents
from homelab_assets.documentation.estate import HostFacts
from homelab_assets.documentation.impact import Impacts
from homelab_assets.documentation.service_runbooks import service_runbooks
from homelab_assets.documentation_inputs import last_pipeline
from homelab_assets_tests.documentation.estates import bind, capture, container, estate, identity, volume

NET = {"s_default": ()}


def _found(*containers, pipeline=None, **options) -> set[tuple[str, str, str]]:  # type: ignore[no-untyped-def]
    mapped = map_dependencies(estate(capture("h", *containers, **options)), pipeline)
    return {(d.source[2], d.kind, d.target[2]) for d in mapped.dependencies}


def test_depends_on() -> None:
    app = container("app", stack="s", depends_on="db:service_healthy:false,gone:service_started:false")
    assert _found(app, container("db", stack="s")) == {("app", "service", "db")}
    # A service of that name in another stack is another service.
    assert _found(app, container("db", stack="t")) == set()


def test_a_shared_namespace() -> None:
    vpn = container("gluetun", stack="s")
    client = container("client", stack="s", mode=f"container:{identity('gluetun')}")
    assert _found(vpn, client) == {("client", "namespace", "gluetun")}


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("DB_HOST", "db"),
        ("REDIS_HOSTNAME", "db"),
        ("SERVERS", "other, db"),
        ("DATABASE_URL", "postgres://db:5432/x"),
        ("DATABASE_URL", "postgres://user:s3cr3t-pass@db:5432/x?y=1"),
        ("QUEUE", "db:6379"),
        ("URL", "http://db/path"),
        ("URL", "http://DB:80"),
        ("HOST", "database"),
        ("BROKER", "mqtt://db"),
    ],
)
def test_environment_that_names_a_service(name: str, value: str) -> None:
    app = container("app", stack="s", networks=NET, env={name: value})
    assert _found(app, container("db", stack="s", networks={"s_default": ("database",)})) == {("app", "service", "db")}


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("DB_NAME", "db"),
        ("POSTGRES_USER", "db"),
        ("MODE", "db"),
        ("URL", "http://db.example.com"),
        ("IMAGE", "db:latest"),
        ("PATHS", "/db:8080/x"),
        ("TIME", "12:30"),
    ],
)
def test_environment_that_names_none(name: str, value: str) -> None:
    app = container("app", stack="s", networks=NET, env={name: value})
    assert _found(app, container("db", stack="s", networks=NET)) == set()


def test_a_name_counts_only_on_a_shared_network() -> None:
    app = container("app", stack="s", networks=NET, env={"DB_HOST": "db"})
    assert _found(app, container("db", stack="t", networks={"t_default": ()})) == set()


def test_a_published_port_of_another_host() -> None:
    app = container("app", env={"URL": "http://192.168.50.161:7878/radarr"})
    far = container("radarr", ports={"7878/tcp": ("0.0.0.0", 7878)})
    seen = estate(capture("a", app), capture("b", far), hosts=[HostFacts(name="b", address="192.168.50.161")])
    found = map_dependencies(seen).dependencies
    assert [(d.source, d.target) for d in found] == [(("a", "", "app"), ("b", "", "radarr"))]


def test_a_routed_name_and_traefik() -> None:
    web = container("web", labels={"traefik.http.routers.web.rule": "Host(`web.lan`)"})
    app = container("app", env={"URL": "https://web.lan/hook"})
    assert _found(web, app, container("traefik", "traefik:v3")) == {
        ("app", "service", "web"),
        ("web", "access", "traefik"),
    }


def test_readers_of_files_need_their_writers() -> None:
    writer = container(
        "radarr",
        mounts=[
            bind("/media", "/media"),
            bind("/var/run/docker.sock", "/var/run/docker.sock"),
            bind("/etc/localtime", "/etc/localtime"),
        ],
    )
    reader = container(
        "plex",
        mounts=[bind("/media/movies", "/m", writable=False), bind("/etc/localtime", "/etc/localtime", writable=False)],
    )
    assert _found(writer, reader) == {("plex", "data", "radarr")}


def test_a_volume_that_stands_for_a_folder_is_that_folder() -> None:
    stands = {"Name": "media", "Driver": "local", "Options": {"type": "none", "o": "bind", "device": "/media"}}
    writer = container("radarr", mounts=[bind("/media", "/media")])
    reader = container("plex", mounts=[volume("media", "/data", writable=False)])
    assert _found(writer, reader, volumes=[stands]) == {("plex", "data", "radarr")}
    assert _found(writer, reader) == set()


@pytest.mark.parametrize(
    ("check", "expected"),
    [
        ("search.radarr", ("radarr", "application", "prowlarr")),
        ("downloads.radarr", ("radarr", "application", "qbittorrent")),
        ("requests.radarr_reached", ("overseerr", "application", "radarr")),
        ("library.radarr", ("plex", "data", "radarr")),
    ],
)
def test_the_applications_own_settings(check: str, expected: tuple[str, str, str]) -> None:
    images = {
        "radarr": "linuxserver/radarr:5",
        "prowlarr": "linuxserver/prowlarr:1",
        "qbittorrent": "linuxserver/qbittorrent:4",
        "overseerr": "sctx/overseerr:1",
        "plex": "plexinc/pms-docker:1",
    }
    containers = [container(name, image) for name, image in images.items()]
    for status, wanted in (("pass", {expected}), ("fail", {expected}), ("skipped", set()), ("unknown", set())):
        assert _found(*containers, pipeline={"checks": [{"id": check, "status": status}]}) == wanted


@pytest.mark.parametrize("checks", [5, None, ["x"], [{}, None]])
def test_a_damaged_result_of_the_pipeline_is_passed_over(checks: object, tmp_path: Path) -> None:
    whole = {"schema": 1, "checks": [{"id": "search.radarr"}]}
    (tmp_path / "pipeline-test-2026-11-22.json").write_text(json.dumps(whole))
    (tmp_path / "pipeline-test-2026-11-23.json").write_text(json.dumps({"schema": 1, "checks": checks}))
    assert last_pipeline(tmp_path) == whole


def test_each_replica_answers_to_its_name() -> None:
    replicas = [container(f"web-{n}", stack="s", service="web", networks={"n": ()}) for n in (1, 2)]
    assert _found(*replicas, container("app", networks={"n": ()}, env={"UPSTREAM": "http://web-2:80"})) == {
        ("app", "service", "web")
    }


def test_several_are_told_in_the_plural() -> None:
    users = [container(name, stack="s", depends_on="db:service_started:false") for name in ("a", "b")]
    seen = estate(capture("h", *users, container("db", stack="s")))
    assert "| `a`, `b` miss it |" in dependency_documents(seen, map_dependencies(seen))["dependencies.md"]


def test_plex_goes_on_without_those_who_import() -> None:
    containers = [container("radarr", "linuxserver/radarr:5"), container("plex", "plexinc/pms-docker:1")]
    seen = estate(capture("h", *containers))
    checks = [{"id": "library.radarr", "status": "pass"}]
    text = dependency_documents(seen, map_dependencies(seen, {"checks": checks}))["dependencies.md"]
    assert "`plex` gets nothing new to read" in text
    assert "can't use it" not in text


def _circle() -> Map:
    def one(name: str, other: str):  # type: ignore[no-untyped-def]
        return container(name, stack="s", depends_on=f"{other}:service_started:false")

    return map_dependencies(estate(capture("h", one("a", "b"), one("b", "c"), one("c", "a"), one("d", "a"))))


def test_circles_are_found_and_said() -> None:
    mapped = _circle()
    assert [[key[2] for key in cycle] for cycle in mapped.cycles] == [["a", "b", "c"]]
    seen = estate(
        capture(
            "h",
            container("a", stack="s", depends_on="b:service_started:false"),
            container("b", stack="s", depends_on="a:service_started:false"),
        )
    )
    text = dependency_documents(seen, map_dependencies(seen))["dependencies.md"]
    assert "depend on each other in a circle" in text


def test_a_long_chain_needs_no_recursion() -> None:
    chain = [container(f"c{n}", stack="s", depends_on=f"c{n + 1}:service_started:false") for n in range(3000)]
    assert map_dependencies(estate(capture("h", *chain))).cycles == ()


def test_what_breaks_goes_on_through_what_fails_but_not_through_what_is_only_unreachable() -> None:
    db = container("db", stack="s")
    app = container(
        "app",
        stack="s",
        depends_on="db:service_started:false",
        labels={"traefik.http.routers.app.rule": "Host(`a.lan`)"},
    )
    worker = container("worker", stack="s", depends_on="app:service_started:false")
    mapped = map_dependencies(estate(capture("h", db, app, worker, container("traefik", "traefik:v3"))))
    impacts = Impacts(mapped.dependencies)
    stopped = impacts.of(("h", "s", "db"))
    assert {kind: [key[2] for key in keys] for kind, keys in stopped.direct.items()} == {"service": ["app"]}
    assert [key[2] for key in stopped.further] == ["worker"]
    assert impacts.of(("h", "", "traefik")).further == ()
    assert Impacts(_circle().dependencies).of(("h", "s", "a")).services == 3


def test_a_runbook_names_what_blocks_a_check_and_leads_to_its_cure() -> None:
    seen = estate(capture("h", container("radarr", stack="media", service="radarr")))
    failed = {"id": "paths.radarr_downloads", "status": "fail", "cause": "path_not_mounted", "runbook": "paths"}
    blocked = {"id": "paths.radarr_hardlink", "status": "blocked", "by": "paths.radarr_downloads"}
    pages = service_runbooks(seen, map_dependencies(seen), pipeline={"checks": [failed, blocked, {"id": ["x"]}]})
    (row,) = [line for line in "".join(pages.values()).splitlines() if "hardlink" in line]
    assert "](paths.md#path-not-mounted) | blocked | blocked by paths.radarr\\_downloads |" in row
