"""Rules of Traefik 2 and 3 give the addresses under which a router answers, and no others."""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from homelab_assets.documentation.access import Access
from homelab_assets.documentation.architecture import architecture_documents
from homelab_assets.documentation.dependencies import map_dependencies
from homelab_assets.documentation.estate import Declaration
from homelab_assets.documentation.traefik import hosts_as_written, matches_of, proxy_of, routers_of
from homelab_assets.drift.document import Item, ServiceDrift
from homelab_assets_tests.documentation.estates import capture, container, estate

RULES = {
    "Host(`a.lan`)": ["a.lan"],
    'Host("a.lan")': ["a.lan"],
    "Host(`A.Lan`)": ["a.lan"],
    "Host(`a.lan`) || Host(`b.lan`)": ["a.lan", "b.lan"],
    "Host(`a.lan`, `b.lan`)": ["a.lan", "b.lan"],
    "Host(`a.lan`,`b.lan`) && PathPrefix(`/x`)": ["a.lan/x", "b.lan/x"],
    "Host(`a.lan`) && (Path(`/api`) || PathPrefix(`/ui`))": ["a.lan/api", "a.lan/ui"],
    "(Host(`a.lan`) || Host(`b.lan`)) && PathPrefix(`/x`)": ["a.lan/x", "b.lan/x"],
    "Host(`a.lan`) || Host(`b.lan`) && PathPrefix(`/x`)": ["a.lan", "b.lan/x"],
    "PathPrefix(`/x`) && Host(`a.lan`) && PathPrefix(`/x/y`)": ["a.lan/x/y"],
    "Host(`a.lan`) && !PathPrefix(`/admin`)": ["a.lan"],
    "!Host(`a.lan`)": [],
    "Host(`a.lan`) && Host(`b.lan`)": [],
    "HostRegexp(`^.+\\.lan$`)": [],
    "HostRegexp(`{sub:[a-z]+}.lan`) || Host(`a.lan`)": ["a.lan"],
    "Host(`a.lan`) && Headers(`X-Mode`, `(on)`)": ["a.lan"],
    "Host(`a.lan`) && Method(`GET`) && ClientIP(`10.0.0.0/8`)": ["a.lan"],
    "Host(`a.lan`) && PathPrefix(`/users/{id:[0-9]+}`)": [],
    "Host(`a.lan`) && Path(`/api`) && PathPrefix(`/api`)": ["a.lan/api"],
    "Host(`a.lan`) && Path(`/api`) && PathPrefix(`/api/v1`)": [],
    "Host(`a.lan`) && PathPrefix(`/api`) && Path(`/api/v1`)": ["a.lan/api/v1"],
    "PathPrefix(`/x`)": [],
    "HostSNI(`db.lan`)": ["db.lan"],
    "HostSNI(`*`)": [],
    "Host(`a.lan": [],
    "Host(`a.lan`) &&": [],
    "Host(`a.lan`))": [],
    "Host(`${APP}.lan`)": [],
    "": [],
    "((((((Host(`a.lan`)))))))": ["a.lan"],
}


@pytest.mark.parametrize(("rule", "expected"), RULES.items(), ids=list(RULES))
def test_rules(rule: str, expected: list[str]) -> None:
    assert [match.host + match.path for match in matches_of(rule)] == expected


@given(st.text(alphabet="Host(`a.lan`)|&! Pthrefix/", max_size=80))
def test_any_rule_is_survived(rule: str) -> None:
    for match in matches_of(rule):
        assert match.host


def test_a_deep_rule_ends() -> None:
    assert matches_of("(" * 5000 + "Host(`a.lan`)" + ")" * 5000) == ()
    assert matches_of("!" * 5000 + "Host(`a.lan`)") == ()


def test_a_wide_rule_stays_bounded() -> None:
    hosts = " || ".join(f"Host(`h{n}.lan`)" for n in range(500))
    paths = " || ".join(f"PathPrefix(`/p{n}`)" for n in range(500))
    assert len(matches_of(f"({hosts}) && ({paths})")) <= 64


def test_a_container_that_is_not_enabled_has_no_routers() -> None:
    labels = {"traefik.enable": "false", "traefik.http.routers.a.rule": "Host(`a.lan`)"}
    assert routers_of(labels) == ()
    assert len(routers_of({**labels, "traefik.enable": "true"})) == 1


def _traefik(*command: str, env: dict[str, str] | None = None) -> dict[str, object]:
    ports = {"80/tcp": ("0.0.0.0", 80), "8443/tcp": ("0.0.0.0", 9443)}
    return container("traefik", "traefik:v3.1", command=command, ports=ports, env=env)


def _urls(proxy: dict[str, object] | None, labels: dict[str, str]) -> list[str]:
    app = container("app", labels={"traefik.http.routers.app.rule": "Host(`app.lan`) && PathPrefix(`/x`)", **labels})
    seen = estate(capture("h", app, *([proxy] if proxy else [])))
    service = next(service for service in seen.services if service.name == "app")
    return [address.url for address in Access(seen).of(service)]


ENTRY = "traefik.http.routers.app.entrypoints"
TLS = "traefik.http.routers.app.tls"
RESOLVER = "traefik.http.routers.app.tls.certresolver"
HIDDEN = "--providers.docker.exposedByDefault=false"
STATIC = ("--entrypoints.web.address=:80", "--entrypoints.secure.address=:8443", "--entryPoints.secure.http.tls=true")


@pytest.mark.parametrize(
    ("command", "labels", "expected"),
    [
        (STATIC, {ENTRY: "web"}, ["http://app.lan/x"]),
        (STATIC, {ENTRY: "secure"}, ["https://app.lan:9443/x"]),
        (STATIC, {ENTRY: "nowhere"}, []),
        (STATIC, {ENTRY: "web,nowhere"}, ["http://app.lan/x"]),
        ((*STATIC, HIDDEN), {ENTRY: "web"}, []),
        ((*STATIC, HIDDEN), {ENTRY: "web", "traefik.enable": "true"}, ["http://app.lan/x"]),
        (STATIC, {ENTRY: "web,secure"}, ["http://app.lan/x", "https://app.lan:9443/x"]),
        (STATIC, {}, ["http://app.lan/x", "https://app.lan:9443/x"]),
        ((*STATIC, "--entrypoints.web.asDefault=true"), {}, ["http://app.lan/x"]),
        ((*STATIC, "--entrypoints.traefik.address=:8080"), {TLS: "false"}, ["http://app.lan/x"]),
        (STATIC, {TLS: "true"}, ["https://app.lan:9443/x"]),
        (STATIC, {TLS: "false", ENTRY: "web"}, ["http://app.lan/x"]),
        (STATIC, {RESOLVER: "le"}, ["https://app.lan:9443/x"]),
        ((), {ENTRY: "websecure"}, ["https://app.lan/x"]),
        (("--entrypoints.websecure.address=:443",), {ENTRY: "websecure"}, ["http://app.lan:443/x"]),
        (("--entrypoints.websecure.address=:443",), {ENTRY: "websecure", TLS: "true"}, ["https://app.lan/x"]),
        (
            (*STATIC, "--entrypoints.web.http.redirections.entrypoint.to=secure"),
            {ENTRY: "web"},
            ["https://app.lan:9443/x"],
        ),
        ((*STATIC, "--entrypoints.web.http.redirections.entrypoint.to=secure"), {}, ["https://app.lan:9443/x"]),
    ],
)
def test_entry_points_decide_scheme_and_port(
    command: tuple[str, ...], labels: dict[str, str], expected: list[str]
) -> None:
    assert _urls(_traefik(*command), labels) == expected


@pytest.mark.parametrize("port", ["²", "9" * 5000, "-1", ""])
def test_what_is_no_port_is_none(port: str) -> None:
    app = container("app", "linuxserver/qbittorrent:4", env={"WEBUI_PORT": port}, ports={"8080/tcp": ("", 80)})
    seen = estate(capture("h", app, _traefik(f"--entrypoints.web.address=:{port}")))
    access = Access(seen)
    assert access.proxies[0].entrypoints["web"].port is None
    assert [address.url for address in access.of(seen.services[0])] == ["http://h:80"]


def test_entry_points_are_read_from_variables_too() -> None:
    env = {"TRAEFIK_ENTRYPOINTS_SECURE_ADDRESS": ":443", "TRAEFIK_ENTRYPOINTS_SECURE_HTTP_TLS": "true"}
    seen = estate(capture("h", _traefik(env=env)))
    proxy = proxy_of(seen.services[0])
    assert proxy is not None
    assert proxy.entrypoints["secure"].port == 443
    assert proxy.entrypoints["secure"].tls


def test_without_a_traefik_the_labels_still_say_where() -> None:
    assert _urls(None, {ENTRY: "websecure"}) == ["https://app.lan/x"]


def test_a_secret_in_a_rule_is_no_address() -> None:
    path = "/hook/ghp_" + "a1B2" * 9
    urls = _urls(None, {"traefik.http.routers.app.rule": f"Host(`app.lan`) && PathPrefix(`{path}`)"})
    assert urls == [""]


@pytest.mark.parametrize(
    ("rule", "names"),
    [
        ("Host(`a.${DOMAIN}`)", ("a.${DOMAIN}",)),
        ("Host(`${A}`, `${B:-b.lan}`) && PathPrefix(`/x`)", ("${A}", "${B:-b.lan}")),
        ("Host(`a.${DOMAIN}`) || Host(`a.${DOMAIN}`) || !Host(`no.lan`)", ("a.${DOMAIN}",)),
        ("${RULE}", ()),
    ],
)
def test_hosts_as_git_writes_them(rule: str, names: tuple[str, ...]) -> None:
    assert hosts_as_written(rule) == names


@pytest.mark.parametrize(
    ("changed", "shown"), [((), ["app.${DOMAIN}"]), (("labels.traefik.http.routers.app.rule",), [])]
)
def test_a_hidden_name_is_shown_as_git_writes_it_unless_the_host_has_another(
    changed: tuple[str, ...], shown: list[str]
) -> None:
    label = "traefik.http.routers.app.rule"
    token = "<secret#0123.0123456789abcdef0123>"
    seen = estate(capture("h", _traefik(), container("app", labels={label: f"Host(`app.{token}`)"})))
    service = next(service for service in seen.services if service.name == "app")
    declared = Declaration(
        repository="r",
        stack="s",
        endpoint="h",
        service="app",
        file="f",
        model={"labels": {label: "Host(`app.${DOMAIN}`)"}},
    )
    items = tuple(Item(path=path, change="changed", severity="functional") for path in changed)
    verdict = ServiceDrift(host="h", stack="s", service="app", container="app", status="drifted", items=items)
    service = replace(service, declared=declared, verdict=verdict)
    access = Access(seen)
    assert [(address.text, address.url) for address in access.of(service)] == [(text, "") for text in shown]
    assert access.names(service) == shown


ROUTED = {
    "Host(`app.lan`)": "`app`: `app.lan`",
    "Host(`app.<secret#0123.0123456789abcdef0123>`)": "`app`: no name is known",
    "HostRegexp(`^.+\\.lan$`)": "`app`: no name is known",
}


@pytest.mark.parametrize(("rule", "said"), ROUTED.items(), ids=list(ROUTED))
def test_what_is_routed_is_drawn_whether_its_name_can_be_shown_or_not(rule: str, said: str) -> None:
    app = container("app", labels={"traefik.http.routers.app.rule": rule})
    seen = estate(capture("h", _traefik(*STATIC), app))
    page = architecture_documents(seen, map_dependencies(seen))["architecture/networks-h.md"]
    assert said in page
    assert '("app")' in page


def test_a_router_that_traefik_skips_is_no_way_to_a_service() -> None:
    labels = {"traefik.http.routers.app.rule": "Host(`app.lan`)", ENTRY: "nowhere"}
    seen = estate(capture("h", _traefik(*STATIC), container("app", labels=labels)))
    mapped = map_dependencies(seen)
    assert mapped.dependencies == ()
    assert "Through Traefik" not in architecture_documents(seen, mapped)["architecture/networks-h.md"]
