"""The catalog: versions, purposes, addresses, dashboards."""

import json
import re

import pytest
import yaml

from homelab_assets.documentation.access import Access
from homelab_assets.documentation.catalog import build_catalog
from homelab_assets.documentation.catalog_text import CATALOG, catalog_documents
from homelab_assets.documentation.dashboards import dashy, homepage
from homelab_assets.documentation.estate import HostFacts
from homelab_assets.documentation.links import ForgeLinks, forge_of
from homelab_assets.documentation.purposes import application_of, repository_of, tag_of
from homelab_assets.lab.settings import ForgeSettings
from homelab_assets.model import Unreachable
from homelab_assets_tests.documentation.estates import NOW, bind, capture, container, drifted, estate, identity


@pytest.mark.parametrize(
    ("image", "repository", "tag"),
    [
        ("redis", "redis", ""),
        ("redis:7.2-alpine", "redis", "7.2-alpine"),
        ("docker.io/library/redis:7", "redis", "7"),
        ("lscr.io/linuxserver/sonarr:4.0.9", "linuxserver/sonarr", "4.0.9"),
        ("localhost:5000/a/b/c:1", "a/b/c", "1"),
        ("registry.lan:5000/thing", "thing", ""),
        ("ghcr.io/a/b:1@sha256:" + "a" * 64, "a/b", "1"),
        ("a/b@sha256:" + "a" * 64, "a/b", ""),
        ("", "", ""),
    ],
)
def test_image_references(image: str, repository: str, tag: str) -> None:
    assert repository_of(image) == repository
    assert tag_of(image) == tag


@pytest.mark.parametrize(
    ("image", "name"),
    [
        ("lscr.io/linuxserver/sonarr:4", "sonarr"),
        ("ghcr.io/hotio/sonarr", "sonarr"),
        ("plexinc/pms-docker:1", "plex"),
        ("traefik:v3.0", "traefik"),
        ("gcr.io/cadvisor/cadvisor:v0.49.1", "cadvisor"),
        ("docker.n8n.io/n8nio/n8n:1", "n8n"),
    ],
)
def test_well_known_images(image: str, name: str) -> None:
    found = application_of(image)
    assert found is not None
    assert found.name == name


@pytest.mark.parametrize("image", ["acme/sonarr-exporter", "someone/sonarr", "sha256:" + "a" * 64, ""])
def test_unknown_images_are_not_guessed(image: str) -> None:
    assert application_of(image) is None


def _entry(*containers, host="h", purposes=None, images=(), **options):  # type: ignore[no-untyped-def]
    seen = estate(capture(host, *containers, images=images), **options)
    return build_catalog(seen, purposes=purposes).entries[0]


def test_the_version_comes_from_the_tag_else_from_the_image() -> None:
    label = {"org.opencontainers.image.version": "2.3.4"}
    image = {"Id": f"sha256:{identity('acme/a:latest')}", "Config": {"Labels": label}}
    assert (_entry(container("a", "acme/a:1.2")).version, _entry(container("a", "acme/a:1.2")).version_source) == (
        "1.2",
        "tag",
    )
    entry = _entry(container("a", "acme/a:latest"), images=[image])
    assert (entry.version, entry.version_source) == ("2.3.4", "org.opencontainers.image.version")
    assert _entry(container("a", "acme/a:latest")).version == "latest"
    assert _entry(container("a", "acme/a")).version == ""


def test_purposes_come_from_people_then_labels_then_the_list_and_are_never_invented() -> None:
    labelled = container(
        "a", "redis:7", stack="s", labels={"org.opencontainers.image.description": "Holds  the\nqueue"}
    )
    assert _entry(labelled).purpose == "Holds the queue"
    assert _entry(labelled, purposes={"s/a": "Mine"}).purpose == "Mine"
    assert _entry(labelled, purposes={"a": "Mine"}).purpose_source == "lab.yaml"
    assert _entry(container("a", "redis:7")).purpose == "Key-value store"
    assert _entry(container("a", "acme/a")).purpose is None


def test_published_ports_are_addresses_of_the_host() -> None:
    entry = _entry(
        container("sonarr", "linuxserver/sonarr:4", ports={"8989/tcp": ("0.0.0.0", 18989), "9999/udp": ("", 9999)}),
        hosts=[HostFacts(name="h", address="192.168.50.161")],
    )
    assert entry.url == "http://192.168.50.161:18989"
    assert [address.text for address in entry.addresses] == ["http://192.168.50.161:18989", "192.168.50.161:9999/udp"]


def test_an_address_of_the_host_alone_is_no_link_for_people() -> None:
    entry = _entry(container("sonarr", "linuxserver/sonarr:4", ports={"8989/tcp": ("127.0.0.1", 8989)}))
    assert entry.addresses[0].local
    assert entry.url == ""


def test_a_service_behind_a_vpn_is_reached_at_the_ports_of_the_vpn() -> None:
    vpn = container("gluetun", "qmcgaw/gluetun:v3", ports={"8080/tcp": ("", 8080), "6881/tcp": ("", 6881)})
    client = container(
        "qbittorrent", "linuxserver/qbittorrent:4", mode=f"container:{identity('gluetun')}", env={"WEBUI_PORT": "8080"}
    )
    seen = estate(capture("h", vpn, client))
    by_name = {service.name: service for service in seen.services}
    assert [address.url for address in Access(seen).of(by_name["qbittorrent"])] == ["http://h:8080"]


def test_a_host_that_does_not_answer_is_said() -> None:
    seen = estate(
        Unreachable(host="far", captured_at=NOW, error="connection timed out"), capture("near", container("a"))
    )
    text = catalog_documents(build_catalog(seen))[CATALOG]
    assert "**not captured**: connection timed out" in text
    assert "This host could not be captured" in text


def test_each_host_has_an_anchor_of_its_own() -> None:
    hosts = ("a.b", "a-b", "a_b", "A.b")
    text = catalog_documents(build_catalog(estate(*(capture(host, container("x")) for host in hosts))))[CATALOG]
    places = re.findall(r'<a id="([^"]+)">', text)
    assert len(set(places)) == len(hosts)
    assert set(re.findall(r"\]\(#(host-[^)]+)\)", text)) == set(places)


def test_drift_and_links_to_git() -> None:
    forge = ForgeLinks(kind="github", base="https://github.com/o/homelab-apps", branch="main")
    seen = estate(capture("h", container("a", stack="s")), verdicts=[drifted("h", "s", "a", "image", "environment.TZ")])
    catalog = build_catalog(seen, forges={"homelab-apps": forge})
    assert catalog.entries[0].file_url == "https://github.com/o/homelab-apps/blob/main/stacks/s/docker-compose.yml#L2"
    text = catalog_documents(catalog)[CATALOG]
    assert "**drifted** (2)" in text
    assert "(https://github.com/o/homelab-apps/blob/main/stacks/s/docker-compose.yml#L2)" in text


@pytest.mark.parametrize(
    ("settings", "ref", "file", "compare"),
    [
        (ForgeSettings(kind="github", slug="o/r"), "origin/main", "https://github.com/o/r/blob/main/a%20b.yml#L3", "https://github.com/o/r/compare/1...2"),
        (ForgeSettings(kind="github", slug="o/r", url="https://ghe.lan/api/v3"), "main", "https://ghe.lan/o/r/blob/main/a%20b.yml#L3", "https://ghe.lan/o/r/compare/1...2"),
        (ForgeSettings(kind="gitea", slug="o/r", url="https://git.lan/"), "origin/main", "https://git.lan/o/r/src/branch/main/a%20b.yml#L3", "https://git.lan/o/r/compare/1...2"),
    ],
)  # fmt: skip
def test_forges(settings: ForgeSettings, ref: str, file: str, compare: str) -> None:
    forge = forge_of(settings, ref)
    assert forge is not None
    assert forge.file("a b.yml", 3) == file
    assert forge.compare("1", "2") == compare


@pytest.mark.parametrize(
    "settings", [ForgeSettings(kind="none"), ForgeSettings(kind="github"), ForgeSettings(kind="gitea", slug="o/r")]
)
def test_without_a_forge_there_are_no_links(settings: ForgeSettings) -> None:
    assert forge_of(settings, "main") is None


def test_dashboards_are_valid_and_hold_what_a_browser_opens() -> None:
    web = container(
        "sonarr",
        "linuxserver/sonarr:4",
        ports={"8989/tcp": ("", 8989)},
        labels={"homepage.description": "{{HOMEPAGE_VAR_X}} ${HOME}"},
    )
    twin = container("sonarr-2", "linuxserver/sonarr:4", stack="t", service="sonarr", ports={"8989/tcp": ("", 8990)})
    catalog = build_catalog(estate(capture("h", web, twin, container("db", "postgres:16"))))
    groups = yaml.safe_load(homepage(catalog))
    assert [list(group) for group in groups] == [["Media"]]
    items = {name: item for entry in groups[0]["Media"] for name, item in entry.items()}
    assert sorted(items) == ["sonarr (h, started by hand)", "sonarr (h, t)"]
    assert items["sonarr (h, started by hand)"]["href"] == "http://h:8989"
    assert "{{" not in homepage(catalog)
    assert "${" not in homepage(catalog)
    # What Homepage and Dashy's own schema know; Dashy refuses a file with other keys.
    assert all(set(item) <= {"href", "siteMonitor", "icon", "description"} for item in items.values())
    page = yaml.safe_load(dashy(catalog))
    assert (set(page), set(page["pageInfo"])) == ({"pageInfo", "sections"}, {"title"})
    assert [set(section) for section in page["sections"]] == [{"name", "items"}]
    assert all(set(i) <= {"title", "url", "statusCheck", "icon", "description"} for i in page["sections"][0]["items"])
    assert page["sections"][0]["items"][0]["icon"] == "hl-sonarr"


def test_a_large_catalog_is_split_by_host() -> None:
    captures = [
        capture(f"host-{h}", *(container(f"c{n}", ports={"1/tcp": ("", n + 1)}) for n in range(80))) for h in range(5)
    ]
    documents = catalog_documents(build_catalog(estate(*captures)))
    assert sorted(documents) == [CATALOG, *(f"catalog/host-{h}.md" for h in range(5))]
    assert "(catalog/host-3.md)" in documents[CATALOG]
    assert "(../troubleshooting/host-3--c7.md)" in documents["catalog/host-3.md"]


def test_json_is_plain() -> None:
    catalog = build_catalog(estate(capture("h", container("a", mounts=[bind("/x", "/y")]))))
    data = json.loads(json.dumps(catalog.to_json()))
    assert data["schema"] == 1
    assert data["services"][0]["service"] == "a"
