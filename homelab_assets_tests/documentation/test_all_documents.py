"""Promises that all documents keep: no secret, no hostile name that acts, no dead link, the same bytes again."""

import json
import re
import shlex
from collections.abc import Iterator
from pathlib import Path, PurePosixPath

import pytest
from msgspec.structs import replace

from homelab_assets.audit import Audit, run_audit
from homelab_assets.documentation.audit_trail import build_trail
from homelab_assets.documentation.estate import HostFacts
from homelab_assets.documentation.generate import PARTS, Documents, Material, generate
from homelab_assets.documentation.links import ForgeLinks, slug
from homelab_assets.documentation.mermaid import MOST_CHARACTERS, MOST_EDGES
from homelab_assets.documentation_inputs import estate_of
from homelab_assets.documenting import document_audit
from homelab_assets.drift.document import Item, ServiceDrift
from homelab_assets.lab.settings import load_lab
from homelab_assets.model import Unreachable
from homelab_assets.rendering.drift_markdown import drift_markdown
from homelab_assets.repository.baselines import Baselines
from homelab_assets.secrecy import TOKEN
from homelab_assets_tests.documentation.estates import NOW, VAULT, bind, capture, container, document, estate
from homelab_assets_tests.documentation.links import RENDERER, Site
from homelab_assets_tests.documentation.test_audit_trail import _Commit, _history

FORGES = {"homelab-apps": ForgeLinks(kind="github", base="https://github.com/o/homelab-apps", branch="main")}
HOSTILE = [
    "x|y", "`x`", "```", "<script>alert(1)</script>", "<img src=x onerror=alert(1)>", "[x](javascript:alert(1))", "![x](http://evil.example/x.png)",
    "@everyone", "fixes #1", "GH-12", "\x1b[31mred\x1b]0;t\x07", "a\u202eb", "two\nlines", "# heading", "<!-- homelab-assets:end catalog -->", "-->", "end", "$(reboot)",
    "'; rm -rf / #", "../../etc/passwd", "CON", "a" * 300, "%2e%2e", "{{ 7 * 7 }}", "{% raw %}", "&lt;b&gt;", "</details>", "https://evil.example", " ", ".",
]  # fmt: skip


@pytest.fixture(scope="module")
def demo(tmp_path_factory: pytest.TempPathFactory) -> tuple[Documents, Documents]:
    """The demo lab's documents, made twice from scratch."""
    lab = load_lab(None, {"HOMELAB_STATE": str(tmp_path_factory.mktemp("state")), "HOMELAB_LAB": ""})

    def make() -> Documents:
        return document_audit(lab, run_audit(lab, vault=VAULT, now=NOW), vault=VAULT)[0]

    return make(), make()


def hostile_documents() -> Documents:
    """Documents of a lab where every name that people or containers choose is hostile."""
    containers, verdicts = [], []
    for number, text in enumerate(HOSTILE):
        containers.append(
            container(
                f"c{number}{text}",
                f"acme/{text}:1",
                stack=text,
                service=text,
                networks={text: (text,)},
                env={text: text, "DB_HOST": text},
                labels={
                    f"traefik.http.routers.{number}.rule": f"Host(`{text}`) || Host(`h{number}.lan`) && PathPrefix(`/{text}`)",
                    "homepage.description": text,
                },
                ports={"80/tcp": (text, 1000 + number)},
                mounts=[bind(f"/data/{text}", text)],
                command=[text],
                directory=f"/opt/{text}",
                test=["CMD-SHELL", text],
                depends_on=f"{text}:{text}:false",
            )
        )
        items = [
            Item(
                path=f"environment.{text}",
                change="changed",
                severity="functional",
                baseline=text,
                running=[text],
                note=text,
                first_seen=NOW,
            )
        ]
        verdicts.append(
            ServiceDrift(
                host="h",
                stack=text,
                service=text,
                container=f"c{number}{text}",
                status="drifted",
                items=items,
                file=text,
                line=1,
                repository=text,
                note=text,
            )
        )
    pipeline = {
        "schema": 1,
        "generated_at": NOW,
        "checks": [
            {"id": text, "status": "fail", "link": text, "cause": text, "runbook": "vpn", "title": text}
            for text in HOSTILE
        ],
    }
    seen = estate(
        capture("h", *containers, networks=[{"Name": text, "Driver": text} for text in HOSTILE]), Unreachable(host="b<i>|", captured_at=NOW, error=HOSTILE[3]),
        verdicts=verdicts, hosts=[HostFacts(name="h", address="[x](y)", description=HOSTILE[4], login="ssh a`b")],
        repositories=HOSTILE, runs_on=HOSTILE[3],
    )  # fmt: skip
    commits = [
        _Commit(f"{n:040x}", NOW, text, author=text, files=(f"stacks/web/{text}", text))
        for n, text in enumerate(HOSTILE)
    ]
    trail = build_trail(
        [_history(*commits, models=lambda sha, folder: {text: {text: sha} for text in HOSTILE})], document(*verdicts)
    )
    return generate(
        Material(estate=seen, pipeline=pipeline, trail=trail, forges=FORGES, purposes={HOSTILE[0]: HOSTILE[3]})
    )


@pytest.fixture(scope="module")
def hostile() -> Documents:
    return hostile_documents()


def _texts(documents: Documents) -> dict[str, str]:
    return {
        **{f"docs/{path}": text for path, text in documents.docs.items()},
        **{f"reports/{path}": text for path, text in documents.reports.items()},
    }


def test_every_part_is_made(demo: tuple[Documents, Documents]) -> None:
    texts = _texts(demo[0])
    for path in (
        "docs/SERVICE_CATALOG.md",
        "docs/dependencies.md",
        "docs/architecture/hosts.md",
        "docs/architecture/media-flow.md",
        "reports/AUDIT_TRAIL.md",
        "docs/troubleshooting/rebuild-ct-media-01.md",
    ):
        assert path in texts
    assert "radarr" in texts["docs/SERVICE_CATALOG.md"]
    # Its running name is hidden, and git's was changed on the host: neither is an address.
    assert "portainer.${DOMAIN}" not in texts["docs/SERVICE_CATALOG.md"]


def test_the_hosts_stand_between_their_repositories_and_where_the_audit_runs(demo: tuple[Documents, Documents]) -> None:
    page = demo[0].docs["architecture/hosts.md"]
    audit = re.search(r'(n\d+)\(\["dev-vm<br>drift-detector audits and compares"\]\)', page)
    infra = re.search(r'(n\d+)\[\("homelab-infra<br>git"\)\]', page)
    assert audit
    assert infra
    assert f'{infra[1]} -.->|"no stacks"| {audit[1]}' in page
    assert "**dev-vm**: the audit runs here" in page
    assert "`homelab-infra`: deploys no stack" in page


def test_a_repository_that_could_not_be_read_is_not_said_to_deploy_nothing(tmp_path: Path) -> None:
    (tmp_path / "lab.yaml").write_text(
        "hosts: {h: {docker: ssh://x}}\nrepositories: {apps: {path: a}, infra: {path: b}}\n"
    )
    seen = replace(document(), problems=({"kind": "repository", "what": "no such folder", "repository": "apps"},))
    audit = Audit(captures=[capture("h")], baselines=Baselines(baselines=(), refs=(), problems=()), document=seen)
    joined = estate_of(load_lab(str(tmp_path / "lab.yaml")), audit)
    assert list(joined.repositories) == ["infra"]


def test_the_same_input_gives_the_same_bytes(demo: tuple[Documents, Documents]) -> None:
    assert demo[0] == demo[1]
    assert list(demo[0].docs) == list(demo[1].docs)


def test_parts_can_be_made_alone(hostile: Documents) -> None:
    seen = estate(capture("h", container("a")))
    whole = generate(Material(estate=seen))
    apart = Documents()
    for part in PARTS:
        apart |= generate(Material(estate=seen), [part])
    assert whole == apart


RAW = [
    "hunter2hunter2", "sk-abcdefghijklmnopqrstuvwx", "swordfish-99", "claim-AbCdEfGhIjKlMnOpQrSt", "eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxIn0.c2ln", "$apr1$H6uskkkW$IgXLP6ewTrSuBkTrqE8wj/",
    "ghp_a1B2a1B2a1B2a1B2a1B2a1B2a1B2a1B2a1B2", "s3cr3t-requirepass",
]  # fmt: skip


def test_no_secret_reaches_a_document(hostile: Documents, demo: tuple[Documents, Documents]) -> None:
    app = container(
        "app", "redis:7", stack="s", networks={"n": ()},
        env={"DB_PASSWORD": RAW[0], "OPENAI": RAW[1], "DATABASE_URL": f"postgres://user:{RAW[2]}@db:5432/x", "PLEX_CLAIM": RAW[3], "NOTE": RAW[4]},
        labels={"traefik.http.middlewares.a.basicauth.users": f"admin:{RAW[5]}", "homepage.description": f"token {RAW[6]}", "org.opencontainers.image.description": RAW[6]},
        command=["redis-server", "--requirepass", RAW[7]], test=["CMD-SHELL", f"redis-cli -a {RAW[7]} ping"], mounts=[bind(f"/data/{RAW[6]}", "/d")],
    )  # fmt: skip
    verdict = ServiceDrift(
        host="h", stack="s", service="app", container="app", status="drifted",
        items=[Item(path="environment.DB_PASSWORD", change="changed", severity="breaking", baseline="<secret>", running="<secret changed>", secret=True)],
    )  # fmt: skip
    seen = estate(capture("h", app, container("db", stack="s", networks={"n": ()})), verdicts=[verdict])
    made = generate(Material(estate=seen))
    for documents in (made, hostile, *demo):
        for path, text in _texts(documents).items():
            assert not TOKEN.search(text), path
            assert not [raw for raw in RAW if raw in text], path
    assert "<secret changed>" in made.docs["troubleshooting/h--s--app.md"].replace("&lt;", "<").replace("&gt;", ">")


_OUR_HTML = re.compile(
    r"<(?:/?details|/?summary|br)>|<a id=\"[a-z0-9-]*\">|</a>|<!-- homelab-assets:(?:begin|end) [^\n]*-->|The same in words|\s"
)


def _tokens(text: str) -> Iterator[object]:
    for token in RENDERER.parse(text):
        yield token
        yield from token.children or ()


def test_hostile_names_only_read(hostile: Documents) -> None:
    for path, text in _texts(hostile).items():
        assert not re.search(r"[\x00-\x09\x0b-\x1f\x7f\u202a-\u202e\u2066-\u2069]", text), path
        if not path.endswith(".md"):
            continue
        for token in _tokens(text):
            kind, content = token.type, token.content  # type: ignore[attr-defined]
            assert kind != "image", path
            if kind in {"html_block", "html_inline"}:
                assert not _OUR_HTML.sub("", content), f"{path}: {content!r}"
            if kind == "link_open":
                target = token.attrGet("href")  # type: ignore[attr-defined]
                assert re.match(
                    r"(\.\./|[\w./-]+\.md|#|https://github\.com/o/|https?://h\d+\.lan|http://)", str(target)
                ), f"{path}: {target}"
            if kind == "text":
                assert not re.search(r"@(?=everyone)|\bGH-1", content), f"{path}: {content!r}"


def test_headings_are_ours(hostile: Documents) -> None:
    for path, text in _texts(hostile).items():
        tokens = list(RENDERER.parse(text)) if path.endswith(".md") else []
        titles = [
            tokens[n + 1].content
            for n, token in enumerate(tokens)
            if token.type == "heading_open" and token.tag == "h1"
        ]
        assert len(titles) <= 1, path


def test_files_stay_below_their_folder_and_apart(hostile: Documents) -> None:
    names = [PurePosixPath(name) for name in hostile.docs]
    assert all(not name.is_absolute() and ".." not in name.parts and len(name.name) < 200 for name in names)
    assert all(re.fullmatch(r"[A-Za-z0-9._/-]+", str(name)) for name in names)
    lowered = [str(name).lower() for name in names]
    assert len(set(lowered)) == len(lowered)
    runbooks = {entry["runbook"] for entry in json.loads(hostile.docs["service_catalog.json"])["services"]}
    assert len(runbooks) == len(HOSTILE)
    assert runbooks <= set(hostile.docs)


def test_names_of_files_are_stable_and_tell_apart() -> None:
    assert slug("ct-media-01", "media-indexers", "radarr") == "ct-media-01--media-indexers--radarr"
    assert slug("h", "a--b", "c") != slug("h", "a", "b--c")
    assert slug("h", "A", "c") != slug("h", "a", "c")
    assert slug("h", "", "c") == "h--c"
    assert len({slug("h", text) for text in HOSTILE}) == len(HOSTILE)


def test_no_link_is_dead(hostile: Documents, tmp_path: Path) -> None:
    for path, text in _texts(hostile).items():
        file = tmp_path / path
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text)
    site = Site(tmp_path)
    assert site.links > len(HOSTILE)
    assert list(site.dead()) == []


def test_every_diagram_keeps_the_limits(hostile: Documents, demo: tuple[Documents, Documents]) -> None:
    count = 0
    for documents in (hostile, demo[0]):
        for text in documents.docs.values():
            for source in re.findall(r"^```mermaid\n(.*?)\n```$", text, re.MULTILINE | re.DOTALL):
                count += 1
                assert source.startswith("flowchart ")
                assert len(source) <= MOST_CHARACTERS
                assert sum(bool(re.match(r" +n\d+ -", line)) for line in source.splitlines()) <= MOST_EDGES
    assert count > 10


def test_an_empty_lab_still_has_documents() -> None:
    made = generate(Material(estate=estate(capture("h")), trail=build_trail([], document())))
    assert "No services." in made.docs["SERVICE_CATALOG.md"]
    assert all(text.strip() for text in _texts(made).values())


def test_shell_commands_are_quoted(hostile: Documents) -> None:
    texts = [text for path, text in hostile.docs.items() if path.startswith("troubleshooting/h--")]
    sources = re.findall(r"^`{3,}sh\n(.*?)\n`{3,}$", "\n".join(texts), re.MULTILINE | re.DOTALL)
    assert sources
    for line in "\n".join(sources).splitlines():
        words = shlex.split(line)
        assert words[0] in {"docker", "cd", "git", "ssh"}, line
        assert not {"rm", "reboot"} & set(words), line


def test_findings_of_the_reports_lead_to_runbooks_that_exist(demo: tuple[Documents, Documents]) -> None:
    verdict = ServiceDrift(
        host="ct-media-01", stack="media-indexers", service="radarr", container="radarr", status="drifted", cause="git_ahead"
    )  # fmt: skip
    links = re.findall(r"\]\(\.\./docs/([^)#]+)(#[^)]*)?\)", drift_markdown(document(verdict)))
    assert [anchor for _, anchor in links] == ["", "#git-is-ahead"]
    assert {path for path, _ in links} <= set(demo[0].docs)
