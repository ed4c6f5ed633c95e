import re
from pathlib import Path
from types import ModuleType

import pytest

from homelab_assets.errors import ConfigurationError
from homelab_assets.repository.rules import RULES, metas
from homelab_assets.repository.rules.meta import FAMILIES, Example, Finding
from homelab_assets.repository.rules.page import rules_page
from homelab_assets.repository.structure import Selection, check, selection
from homelab_assets.repository.structure_fix import fix
from homelab_assets.repository.structure_load import build_context
from homelab_assets.repository.trees import WorkingTree
from homelab_assets.secrecy import redact
from homelab_assets_tests.repository.clones import write
from homelab_assets_tests.repository.examples import COMPOSE_FILE, HOSTS, example_files

EVERYTHING = Selection()
ROOT = Path(__file__).parents[2]


def findings_in(root: Path, chosen: Selection = EVERYTHING, hosts: tuple[str, ...] = HOSTS) -> tuple[Finding, ...]:
    return check(build_context("apps", WorkingTree(root), hosts=hosts), chosen)[0]


def lay_out(root: Path, example: Example) -> Path:
    root.mkdir(exist_ok=True)
    write(root, example_files(example))
    return root


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule.META.id)
class TestEachRule:
    def test_says_what_it_is(self, rule: ModuleType) -> None:
        meta = rule.META
        assert re.fullmatch(r"HL\d{3}", meta.id)
        assert rule.__name__.rpartition(".")[2].startswith(f"{meta.id.lower()}_")
        assert (rule.__doc__ or "").startswith(f"{meta.id}: ")
        assert meta.id[:3] in FAMILIES
        assert all([meta.title, meta.rationale, meta.remedy, rule.check.__doc__])
        assert meta.rationale.endswith(".")
        assert meta.fixable == hasattr(rule, "fix")

    def test_its_bad_example_fires_it_alone(self, rule: ModuleType, tmp_path: Path) -> None:
        found = findings_in(lay_out(tmp_path, rule.META.bad))
        assert {finding.rule for finding in found} == {rule.META.id}, found
        assert {finding.severity for finding in found} == {rule.META.severity}
        assert all(finding.file for finding in found)
        # The last redaction takes no word of it for a secret.
        assert [redact(finding.message) for finding in found] == [finding.message for finding in found]

    def test_its_good_example_is_silent(self, rule: ModuleType, tmp_path: Path) -> None:
        assert findings_in(lay_out(tmp_path, rule.META.good)) == ()


@pytest.mark.parametrize("rule", [rule for rule in RULES if rule.META.fixable], ids=lambda rule: rule.META.id)
def test_what_a_rule_can_fix_is_then_right(rule: ModuleType, tmp_path: Path) -> None:
    lay_out(tmp_path, rule.META.bad)
    assert fix(tmp_path, findings_in(tmp_path))
    assert findings_in(tmp_path) == ()
    assert fix(tmp_path, findings_in(tmp_path)) == ()


def test_ids_and_titles_are_unique_and_in_order() -> None:
    ids = [meta.id for meta in metas()]
    assert ids == sorted(set(ids))
    assert len({meta.title for meta in metas()}) == len(ids)


def test_the_page_of_rules_is_current() -> None:
    assert (ROOT / "docs/rules.md").read_text() == rules_page(), (
        "run `python -m homelab_assets.repository.rules.page > docs/rules.md`"
    )


PROXY = "networks:\n  proxy:\n    external: true\n"
ROUTED = (
    "networks: [proxy]\nlabels:\n  - traefik.enable=true\n  - traefik.docker.network=proxy\n"
    "  - traefik.http.routers.web.entrypoints=websecure\n  - traefik.http.services.web.loadbalancer.server.port=80\n"
)
# (service, rule or None, words of the message, line)
CASES: dict[str, tuple[str, str | None, str]] = {
    "no tag": ("image: nginx", "HL001", "no tag"),
    "registry port, no tag": ("image: registry.lan:5000/nginx", "HL001", "no tag"),
    "digest": ("image: nginx@sha256:" + "0" * 64, None, ""),
    "tag from .env": ("image: nginx:${TAG}", None, ""),
    "moving default": ("image: nginx:${TAG:-latest}", "HL001", "moving tag `latest`"),
    "pinned default": ("image: nginx:${TAG:-1.27.3}", None, ""),
    "default that is a variable": ("image: ${TAG:-${DATA}}", None, ""),
    "moving prefix": ("image: nginx:latest-alpine", "HL001", "moving"),
    "built here": ("image: web:latest\nbuild: .", None, ""),
    "loopback port": ('ports: ["127.0.0.1:80:80"]', None, ""),
    "ipv6 loopback port": ('ports: ["[::1]:80:80"]', None, ""),
    "udp port": ('ports: ["51820:51820/udp"]', None, ""),
    "vpn gateway": ('ports: ["8080:8080"]\ncap_add: [NET_ADMIN]\ndevices: [/dev/net/tun:/dev/net/tun]', None, ""),
    "dns port": ('ports: ["53:53"]', None, ""),
    "port from .env": ('ports: ["${PORT}:80"]', "HL202", "publishes"),
    "long port": ("ports:\n  - target: 80\n    published: 8080", "HL202", "publishes port 8080/tcp"),
    "data beside the file": ("volumes: [./data:/data]", "HL301", "./data"),
    "data of another stack": ("volumes: [/opt/appdata/other/web:/data]", "HL301", "/opt/appdata/other/web"),
    "data of others, read-only": ("volumes: ['/opt/appdata:/all:ro', '/opt/appdata/other/web:/x:ro']", None, ""),
    "read-only elsewhere": ("volumes: [/root/web:/data:ro]", None, ""),
    "read-only beside the file": ("volumes: [./html:/html:ro]", None, ""),
    "media and devices": ("volumes: [/media/tv:/tv, /dev/dri:/dev/dri]", None, ""),
    "similar prefix": ("volumes: [/mediastore:/tv]", "HL301", "/mediastore"),
    "named volume": ("volumes: [data:/data]", None, ""),
    "data path from .env": ("volumes: ['${DATA}:/data']", None, ""),
    "password file": ("environment: {TZ: UTC, DB_PASSWORD_FILE: /run/secrets/db}", None, ""),
    "secret default": ("environment: {TZ: UTC, DB_PASSWORD: '${DB_PASSWORD:-correct-horse}'}", "HL403", "DB_PASSWORD"),
    "secret in a URL": ("environment: {TZ: UTC, DB: 'postgres://a:correct-horse@db/x'}", "HL403", "environment.DB"),
    "variable in a URL": ("environment: {TZ: UTC, DB: 'postgres://a:${PW}@db/x'}", None, ""),
    "secret in an argument": ("command: [redis-server, --requirepass, correct-horse]", "HL403", "command"),
    "variable in an argument": ("command: redis-server --requirepass ${PW}", None, ""),
    "variables in a command": ('command: "run --token=${TOK} --url https://user:${PW}@db.lan/x"', None, ""),
    "empty default in a command": ('command: "run --token=${TOK:-} --url https://user:${PW-}@db.lan/x"', None, ""),
    "secret default in a command": ('command: "run --token=${TOK:-correct-horse} --verbose"', "HL403", "command"),
    "default of a secret name": ('command: "run ${DB_PASSWORD:-correct-horse}"', "HL403", "command"),
    "secret beside a variable": ('command: "run --token=${TOK} --password correct-horse"', "HL403", "command"),
    "variable in a header": (
        'healthcheck: {test: [CMD, curl, -H, "Authorization: Bearer ${TOK}", "http://x"]}',
        None,
        "",
    ),
    "variable in a header of one text": (
        """healthcheck: {test: "curl -H 'X-Api-Key: ${TOK}' http://x"}""",
        None,
        "",
    ),
    "variable of the container's shell": (
        """healthcheck: {test: "curl -u x:$$PW -H 'X-Api-Key: a$${TOK}' http://u:p$$PW@x"}""",
        None,
        "",
    ),
    "secret in a header": (
        'healthcheck: {test: [CMD, curl, -H, "Authorization: Bearer correct-horse", "http://x"]}',
        "HL403",
        "healthcheck",
    ),
    "variable that the shell reads": ("environment: {TZ: UTC, DB_PASSWORD: $$OTHER}", None, ""),
    "password with a dollar": ("environment: {TZ: UTC, DB_PASSWORD: correct$$horse}", "HL403", "DB_PASSWORD"),
    "login of Go": ("environment: {TZ: UTC, DB: 'root:correct-horse@tcp(db:3306)/x'}", "HL403", "environment.DB"),
    "variable in a login of Go": ("environment: {TZ: UTC, DB: 'root:${PW}@tcp(db:3306)/x'}", None, ""),
    "list of JSON": ("""environment: {TZ: UTC, C: '{"api_keys":["correct-horse"]}'}""", "HL403", "environment.C"),
    "variables in a list of JSON": ("""environment: {TZ: UTC, C: '{"api_keys":["${TOK}","x${PW}"]}'}""", None, ""),
    "piped password": ('command: [sh, -c, "echo root:correct-horse | chpasswd"]', "HL403", "command"),
    "piped variable": ('command: [sh, -c, "echo root:${PW} | chpasswd"]', None, ""),
    "user of SFTP": ("command: larry:correct-horse:1001:::upload", "HL403", "command"),
    "variable of SFTP": ("command: larry:${PW}:1001:::upload", None, ""),
    "hash in a label": (
        "labels: ['x.basicauth.users=larry:$$2y$$05$$abcdefghijklmnopqrstuuxZ0123456789abcdefghijklmnopqrs']",
        "HL403",
        "labels.x.basicauth.users",
    ),
    "no TZ but the host's clock": ("environment: {A: b}\nvolumes: [/etc/localtime:/etc/localtime:ro]", None, ""),
    "TZ passed through": ("environment: [TZ]", None, ""),
    "check switched off": ("healthcheck: {disable: true}", None, ""),
    "profile": ("profiles: [debug]", None, ""),
    "several hosts in one matcher": (ROUTED + "  - traefik.http.routers.web.rule=Host(`a`,`b`)", "HL501", "one value"),
    "v2 syntax asked for": (
        ROUTED + "  - traefik.http.routers.web.rule=Host(`a`,`b`)\n  - traefik.http.routers.web.ruleSyntax=v2",
        None,
        "",
    ),
    "v2 regexp": (ROUTED + "  - traefik.http.routers.web.rule=HostRegexp(`{x:.+}`)", "HL501", "{name:pattern}"),
    "v3 regexp": (ROUTED + "  - traefik.http.routers.web.rule=HostRegexp(`^[a-z]{1:3}$$`)", "HL501", "{name"),
    "v3 regexp with a count": (ROUTED + "  - traefik.http.routers.web.rule=HostRegexp(`^[a-z]{2}$$`)", None, ""),
    "white list": (
        ROUTED + "  - traefik.http.routers.web.rule=Host(`a`)\n"
        "  - traefik.http.middlewares.lan.ipWhiteList.sourcerange=10.0.0.0/8",
        "HL501",
        "ipAllowList",
    ),
    "v1 label": ("labels: ['traefik.frontend.rule=Host:a']", "HL501", "v1"),
    "variable in a rule": (ROUTED + "  - traefik.http.routers.web.rule=Host(`${HOST}`)", None, ""),
    "router that nothing enables": ("labels: ['traefik.http.routers.web.rule=Host(`a`)']", "HL502", "traefik.enable"),
    "enabled without a router": ("networks: [proxy]\nlabels: ['traefik.enable=true']", "HL502", "no router"),
    "a service of another provider": (
        ROUTED.rpartition("  - ")[0] + "  - traefik.http.routers.web.rule=Host(`a`)\n"
        "  - traefik.http.routers.web.service=nas@file",
        None,
        "",
    ),
    "a service of this provider": (
        ROUTED.rpartition("  - ")[0] + "  - traefik.http.routers.web.rule=Host(`a`)\n"
        "  - traefik.http.routers.web.service=web@docker",
        "HL502",
        "no loadbalancer.server.port",
    ),
    "another network named": (
        ROUTED.replace("network=proxy", "network=web") + "  - traefik.http.routers.web.rule=Host(`a`)",
        "HL503",
        "is web, not proxy",
    ),
}


ELSEWHERE = ROUTED.replace("[proxy]", "[web, default]") + "  - traefik.http.routers.web.rule=Host(`a`)"
UNNAMED = ELSEWHERE.replace("  - traefik.docker.network=proxy\n", "")


@pytest.mark.parametrize(
    ("service", "network", "found"),
    [
        (ELSEWHERE, "web: {external: true, name: proxy}", {}),
        (ELSEWHERE, "web: {external: true, name: '${PROXY}'}", {}),
        (ELSEWHERE, "web: {external: true}", {"HL201": "not on the network proxy"}),
        (ELSEWHERE, "web: {name: proxy}", {"HL201": "web is not declared as external"}),
        (ELSEWHERE.replace("web,", "proxy,"), "proxy: {}", {"HL201": "proxy is not declared as external"}),
        (ELSEWHERE.replace("web,", "proxy,"), "proxy: {external: true, name: x}", {"HL201": "proxy is x on the host"}),
        (UNNAMED, "web: {external: true, name: proxy}", {"HL503": "several networks"}),
        (UNNAMED.replace(", default", ""), "web: {external: true, name: proxy}", {}),
    ],
)
def test_a_network_is_known_by_its_name_on_the_host(
    service: str, network: str, found: dict[str, str], tmp_path: Path
) -> None:
    lay_out(tmp_path, Example(service=service, compose=f"networks:\n  {network}\n"))
    write(tmp_path, {"stacks/app/.env.sample": "PROXY=\n"})
    told = {finding.rule: finding.message for finding in findings_in(tmp_path)}
    assert told.keys() == found.keys(), told
    assert all(found[rule] in message for rule, message in told.items()), told


@pytest.mark.parametrize("case", CASES)
def test_cases(case: str, tmp_path: Path) -> None:
    service, rule, words = CASES[case]
    top = (PROXY if "proxy" in service else "") + ("volumes: {data: {}}\n" if "data:/data" in service else "")
    lay_out(tmp_path, Example(service=service, compose=top))
    sample = "".join(f"{name}=\n" for name in ("TAG", "PORT", "DATA", "PW", "TOK", "HOST", "DB_PASSWORD"))
    write(tmp_path, {"stacks/app/.env.sample": sample})
    found = [finding for finding in findings_in(tmp_path) if finding.rule not in {"HL404"} or rule == "HL404"]
    assert {finding.rule for finding in found} == ({rule} if rule else set()), found
    assert not rule or any(words in finding.message for finding in found), found
    assert "correct-horse" not in repr(found)


@pytest.mark.parametrize(
    "example",
    [
        Example(service='restart: "no"', without=("healthcheck",)),
        Example(service="restart: on-failure", without=("healthcheck",)),
        Example(service="profiles: [debug]", without=("healthcheck", "restart")),
        Example(service="deploy: {restart_policy: {condition: any}}", without=("restart",)),
    ],
    ids=lambda example: example.service,
)
def test_jobs_and_what_only_a_profile_starts_need_less(example: Example, tmp_path: Path) -> None:
    assert findings_in(lay_out(tmp_path, example)) == ()


def alternative(name: str, profiles: str) -> str:
    return (
        f"  {name}:\n    image: nginx:1.27.3\n    profiles: {profiles}\n    container_name: ollama\n"
        "    environment: {TZ: UTC}\n    ports: ['127.0.0.1:11434:11434']\n"
    )


@pytest.mark.parametrize(
    ("profiles", "rules"),
    [
        (("[cpu]", "[gpu, amd]"), set()),
        (("[cpu]", "[gpu, cpu]"), {"HL107", "HL203"}),
        (("[cpu]", "[]"), {"HL107", "HL203", "HL601", "HL602"}),
        (("[cpu]", "[gpu]", "[gpu]"), {"HL107", "HL203"}),
    ],
)
def test_alternatives_of_one_stack_share_a_name_and_ports(
    profiles: tuple[str, ...], rules: set[str], tmp_path: Path
) -> None:
    text = "".join(alternative(f"ollama-{number}", each) for number, each in enumerate(profiles))
    lay_out(tmp_path, Example(files={COMPOSE_FILE: f"services:\n{text}"}))
    assert {finding.rule for finding in findings_in(tmp_path)} == rules


@pytest.mark.parametrize(
    ("one", "other", "clash"),
    [
        ("0.0.0.0:53:53", "[::]:53:53", False),
        ("0.0.0.0:53:53", "[fd00::1]:53:53", False),
        ("127.0.0.1:53:53", "[::]:53:53", False),
        ("0.0.0.0:53:53", "127.0.0.1:53:53", True),
        ("[::]:53:53", "[fd00::1]:53:53", True),
        ("53:53", "[::1]:53:53", True),
        ("53:53", "127.0.0.1:53:53", True),
        ("127.0.0.1:53:53", "127.0.0.2:53:53", False),
    ],
)
def test_ports_clash_within_one_kind_of_address(one: str, other: str, clash: bool, tmp_path: Path) -> None:
    services = "".join(f"  {name}: {{image: 'x:1', ports: ['{port}']}}\n" for name, port in (("a", one), ("b", other)))
    lay_out(tmp_path, Example(files={COMPOSE_FILE: f"services:\n{services}"}))
    assert ("HL203" in {finding.rule for finding in findings_in(tmp_path)}) == clash


@pytest.mark.parametrize("path", ["stacks/app/config/roles/admin/x.json", "ansible/roles/web/test_plugins/x.py"])
def test_roles_of_applications_and_plugins_of_all_kinds_are_right(path: str, tmp_path: Path) -> None:
    role = dict.fromkeys(("ansible/roles/web/tasks/main.yml", "ansible/roles/web/README.md"), "")
    assert findings_in(lay_out(tmp_path, Example(files=role | {path: ""}))) == ()


def test_findings_stand_at_their_lines(tmp_path: Path) -> None:
    text = """\
services:
  web:
    image: nginx:latest
    restart: always
    environment:
      - A=b
      - DB_PASSWORD=correct-horse
      - C=${NOT_IN_SAMPLE}
    ports:
      - "53:53/udp"
      - "8080:80"
    volumes:
      - type: bind
        source: /root/x
        target: /x
    labels:
      a: b
      traefik.backend: web
"""
    lay_out(tmp_path, Example(files={COMPOSE_FILE: text}))
    assert {(f.rule, f.line) for f in findings_in(tmp_path)} == {
        ("HL001", 3),
        ("HL202", 11),
        ("HL301", 13),
        ("HL402", 8),
        ("HL403", 7),
        ("HL404", 5),
        ("HL501", 18),
        ("HL601", 2),
    }


def test_an_endpoint_file_is_judged_with_its_base_and_told_once(tmp_path: Path) -> None:
    lay_out(
        tmp_path,
        Example(
            service="image: nginx:latest",
            files={
                "stack-targets.yml": "app: [host-a, host-b]\n",
                "stacks/app/docker-compose.host-b.yml": "services:\n  web:\n    ports: ['8080:80']\n",
            },
        ),
    )
    found = findings_in(tmp_path)
    assert [(f.rule, f.file, f.line) for f in found] == [
        ("HL202", "stacks/app/docker-compose.host-b.yml", 3),
        ("HL001", COMPOSE_FILE, 3),
    ]


class TestExemptions:
    def comment(self, tmp_path: Path, text: str, chosen: Selection = EVERYTHING) -> list[tuple[str, int | None]]:
        lay_out(tmp_path, Example(service=text))
        return [(finding.rule, finding.line) for finding in findings_in(tmp_path, chosen)]

    def test_at_the_end_of_the_line_and_above_it(self, tmp_path: Path) -> None:
        assert self.comment(tmp_path, "image: nginx # homelab: ignore[HL001] for tests") == []
        assert self.comment(tmp_path, "# homelab: ignore[HL001, HL2] for tests\n# more words\nimage: nginx") == []

    def test_families_count_and_other_rules_do_not(self, tmp_path: Path) -> None:
        assert self.comment(tmp_path, "image: nginx # homelab: ignore[HL0] for tests") == []
        assert self.comment(tmp_path, "image: nginx # homelab: ignore[HL4] x") == [("HL001", 3), ("HL802", 3)]

    def test_without_a_reason_it_hides_nothing(self, tmp_path: Path) -> None:
        assert self.comment(tmp_path, "image: nginx # homelab: ignore[HL001]") == [("HL001", 3), ("HL801", 3)]

    def test_one_that_nobody_knows_is_unused(self, tmp_path: Path) -> None:
        assert self.comment(tmp_path, "image: nginx:1.0 # homelab: ignore[HL999] x") == [("HL802", 3)]

    def test_unused_ones_are_not_judged_when_their_rule_did_not_run(self, tmp_path: Path) -> None:
        text = "image: nginx:1.0 # homelab: ignore[HL001] x"
        assert self.comment(tmp_path, text, selection({}, select=["HL8", "HL4"])) == []

    def test_a_service_s_line_takes_what_is_missing_in_it(self, tmp_path: Path) -> None:
        lay_out(tmp_path, Example(without=("healthcheck", "restart")))
        file = tmp_path / COMPOSE_FILE
        comment = "  web: # homelab: ignore[HL601, HL602] a test\n"
        file.write_text(file.read_text().replace("  web:\n", comment))
        assert findings_in(tmp_path) == ()

    def test_settings_hide_by_rule_path_stack_and_service(self, tmp_path: Path) -> None:
        lay_out(tmp_path, Example(service="image: nginx"))
        for row in ({}, {"path": "stacks/*"}, {"stack": "app"}, {"service": "web", "stack": "app"}):
            chosen = selection({"ignore": [{"rule": "HL0", "reason": "a test", **row}]})
            found, hidden = check(build_context("apps", WorkingTree(tmp_path), hosts=HOSTS), chosen)
            assert found == ()
            assert [(ignored.finding.rule, ignored.reason) for ignored in hidden] == [("HL001", "a test")]
        for row in ({"path": "other/*"}, {"stack": "other"}, {"service": "db"}):
            chosen = selection({"ignore": [{"rule": "HL001", "reason": "a test", **row}]})
            assert [finding.rule for finding in findings_in(tmp_path, chosen)] == ["HL001"]


class TestSelection:
    def test_by_id_and_family(self) -> None:
        chosen = selection({"select": ["HL0", "HL101"]}, ignore=["hl001"])
        assert [rule for rule in ("HL001", "HL101", "HL102") if chosen.includes(rule)] == ["HL101"]
        assert selection({"select": ["HL0"]}, select=["HL4"]).includes("HL403")

    @pytest.mark.parametrize("name", ["HL01", "HL7", "image", "", "HL0011"])
    def test_unknown_names_are_refused(self, name: str) -> None:
        with pytest.raises(ConfigurationError, match="no structure rule"):
            selection({}, select=[name])


class TestFix:
    def test_formatting_and_line_endings_stay(self, tmp_path: Path) -> None:
        head = '\ufeff# the stack\r\nversion: "3.8" # old\r\n\r\n'
        body = "services:   # all\r\n  web: {image: 'nginx:1.0', hostname: \"${A}-${B:-x}\"}\r\n"
        write(tmp_path, {"stacks/app/compose.yml": head + body, "stacks/app/.env.sample": "# names\r\nC=1"})
        (tmp_path / "stacks/app/compose.yml").chmod(0o640)
        assert fix(tmp_path, findings_in(tmp_path)) == (
            "stacks/app/.env.sample: HL402",
            "stacks/app/compose.yml: HL101",
        )
        mended = (tmp_path / "stacks/app/compose.yml").read_bytes().decode()
        assert mended == "\ufeff# the stack\r\n\r\n" + body
        assert sorted((tmp_path / "stacks/app/.env.sample").read_bytes().decode().split("\r\n")) == sorted(
            ["# names", "C=1", "B=", "A=", ""]
        )
        assert (tmp_path / "stacks/app/compose.yml").stat().st_mode & 0o777 == 0o640

    @pytest.mark.parametrize(
        "text",
        [
            "{version: '3', services: {web: {image: 'nginx:1.0'}}}\n",
            "version:\n  '3'\nservices: {web: {image: 'nginx:1.0'}}\n",
            "version: >-\n  3\nservices: {web: {image: 'nginx:1.0'}}\n",
            "version: \"3\\\n  .8\"\nservices: {web: {image: 'nginx:1.0'}}\n",
            "version: 3\n\n  more\nservices: {web: {image: 'nginx:1.0'}}\n",
            "version: &v '3'\nservices: {web: {image: 'nginx:1.0', hostname: *v}}\n",
        ],
    )
    def test_a_version_that_is_no_line_of_its_own_is_left(self, tmp_path: Path, text: str) -> None:
        write(tmp_path, {"stacks/app/compose.yml": text})
        found = [finding for finding in findings_in(tmp_path) if finding.rule == "HL101"]
        assert len(found) == 1
        assert fix(tmp_path, found) == ()
        assert (tmp_path / "stacks/app/compose.yml").read_text() == text

    def test_links_are_not_written_through(self, tmp_path: Path) -> None:
        write(tmp_path, {"stacks/app/compose.yml": "services: {web: {image: '${X}'}}\n", "shared.env": "A=\n"})
        (tmp_path / "stacks/app/.env.sample").symlink_to("../../shared.env")
        found = findings_in(tmp_path)
        assert "HL402" in {finding.rule for finding in found}
        with pytest.raises(Exception, match="symbolic link"):
            fix(tmp_path, found)
        assert (tmp_path / "shared.env").read_text() == "A=\n"


BROKEN = {
    "services:\n  web:\n    image: [\n": None,
    "services:\n  web:\n    image: a:1\n    image: b:1\n": 4,
    "<<<<<<< HEAD\nservices: {}\n=======\n": None,
    "services:\n  web:\n    imag: nginx:1\n": 3,
    "services:\n  web:\n    image: a:1\n    hostname: ${A\n": 4,
    "- a\n": None,
    "a: &a [*a]\n": None,
    "\x00": None,
}


@pytest.mark.parametrize("text", BROKEN)
def test_files_that_can_not_be_read_are_hl901_and_hide_nothing_else(text: str, tmp_path: Path) -> None:
    lay_out(tmp_path, Example(service="image: nginx:latest"))
    write(tmp_path, {"stacks/bad/compose.yml": text, "stacks/bad/.env.sample": ""})
    found = [finding for finding in findings_in(tmp_path) if finding.rule != "HL106"]
    assert [(f.rule, f.file) for f in found] == [("HL001", COMPOSE_FILE), ("HL901", "stacks/bad/compose.yml")]
    assert BROKEN[text] is None or found[1].line == BROKEN[text]


def test_a_variable_may_choose_the_service_that_is_extended(tmp_path: Path) -> None:
    write(
        tmp_path,
        {
            "stacks/app/compose.yml": "services: {web: {extends: {file: parts.yml, service: '${PART:-cpu}'}}}\n",
            "stacks/app/parts.yml": "services: {cpu: {image: 'nginx:latest'}}\n",
        },
    )
    rules = {finding.rule for finding in findings_in(tmp_path)}
    assert "HL001" in rules
    assert "HL901" not in rules
