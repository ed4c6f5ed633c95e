"""What counts as a secret, and that sealing neither loses nor leaks anything."""

import ast
import pickle
import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

import homelab_assets
from homelab_assets.secrecy import (
    SHOWN,
    SHOWN_CHANGED,
    TOKEN,
    Vault,
    commands,
    is_secret,
    outside,
    places,
    redact,
    show,
)
from homelab_assets.secrecy.defects import described
from homelab_assets.secrecy.finding import Places
from homelab_assets.secrecy.values import seal_values

HEX = "9f86d081884c7d659a2feaa0c55ad015"

SECRETS = [
    ("RADARR__AUTH__APIKEY", HEX),
    ("radarrApiKey", "x"),
    ("POSTGRES_PASSWORD", "1234"),
    ("DB_PASS", "correct horse"),
    ("N8N_ENCRYPTION_KEY", "abc"),
    ("PLEX_CLAIM", "claim-abcdefghij1234567890"),
    ("anything", "claim-abcdefghij1234567890"),
    ("SENTRY_DSN", "https://abc@sentry.home/1"),
    ("DATABASE_URL", "postgres://n8n:hunter2@db:5432/n8n"),
    ("CF_DNS_API_TOKEN", "short"),
    ("traefik.http.middlewares.auth.basicauth.users", "admin:$apr1$H6uskkkW$IgXLP6ewTrSuBkTrqE8wj/"),
    ("x", "admin:$2y$05$abcdefghijklmnopqrstuuUGyUlwKm2zkTVdpHdd5kKfQrOp1yKgy"),
    ("x", "Authorization: Bearer abcdef123456"),
    ("x", "curl http://radarr:7878/api/v3/queue?apikey=abcd1234"),
    ("x", "redis-cli -a s3cr3t ping"),
    ("x", "mysqladmin ping -ps3cr3t"),
    ("x", "eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxMjM0NTY3ODkwIn0.dozjgNryP4J3jVmNHl0w5N"),
    ("x", "ghp_0123456789abcdefghij0123456789abcdef"),
    ("x", "-----BEGIN OPENSSH PRIVATE KEY-----\nb3BlbnNzaC1rZXk\n-----END OPENSSH PRIVATE KEY-----"),
    ("x", "https://discord.com/api/webhooks/123456789/abcdefghijklmnopqrstuvwxyz"),
    ("x", HEX),
    ("homepage.widget.key", "abc123"),
]

ORDINARY = [
    ("TZ", "Europe/Brussels"),
    ("PUID", "1000"),
    ("PATH", "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin"),
    ("AUTH_METHOD", "forms"),
    ("TOKEN_TTL", "3600"),
    ("POSTGRES_PASSWORD_FILE", "/run/secrets/postgres"),
    ("SSL_KEY", "/etc/ssl/private/server.pem"),
    ("UUID", "7d444840-9dc0-11d1-b245-5ffdce74fad2"),
    ("image", "lscr.io/linuxserver/radarr:5.2.6.8376-ls123"),
    ("digest", "sha256:" + HEX * 2),
    ("org.opencontainers.image.revision", "5c9a1a8b7d6e4f3a2b1c0d9e8f7a6b5c4d3e2f1a"),
    ("PYTHON_SHA256", HEX * 2),
    ("traefik.http.routers.x.rule", "Host(`radarr.home.arpa`) && PathPrefix(`/api`)"),
    ("traefik.http.routers.x.middlewares", "authelia@docker"),
    ("KEYBOARD", "be"),
    ("MONKEY", "george"),
    ("DOMAIN", "a-very-long-host-name-with-many-words.example.org"),
    ("x", "http://flaresolverr:8191"),
    ("HEALTHCHECK", "curl -fsS http://localhost:8080/health || exit 1"),
    ("REQUIRE_AUTH", "true"),
]


@pytest.fixture
def vault() -> Vault:
    return Vault(b"0123456789abcdef")


@pytest.mark.parametrize(("name", "value"), SECRETS)
def test_secrets_are_sealed_and_can_be_revealed(vault: Vault, name: str, value: str) -> None:
    sealed = vault.seal(name, value)
    assert TOKEN.search(sealed)
    assert vault.reveal(sealed) == value
    assert vault.seal(name, sealed) == sealed
    assert is_secret(name, value)


@pytest.mark.parametrize(("name", "value"), ORDINARY)
def test_ordinary_values_stay_readable(vault: Vault, name: str, value: str) -> None:
    assert vault.seal(name, value) == value


def test_only_the_secret_part_of_a_url_is_sealed(vault: Vault) -> None:
    sealed = vault.seal("DATABASE_URL", "postgres://n8n:hunter2@db:5432/n8n")
    assert show(sealed) == f"postgres://n8n:{SHOWN}@db:5432/n8n"


@pytest.mark.parametrize(
    "text", ['WEBPASSWORD: "${WEBPASSWORD}"', "--requirepass ${REDIS_PASSWORD}", "postgres://n8n:${DB_PASS}@db/n8n"]
)
def test_a_reference_to_a_variable_is_no_secret(text: str) -> None:
    assert redact(text) == text


@pytest.mark.parametrize("what", ["should be text such as ${PLEX_TOKEN}", "unknown key", "stands twice", "is missing"])
def test_what_is_wrong_with_a_secret_key_of_lab_yaml_can_be_read(what: str) -> None:
    text = f"lab.yaml:6: media.services.plex.token: {what}"
    assert redact(text) == text


def _said(file: Path) -> Iterator[str]:
    """Return the texts in a module that are more than a word, with `…` for what is filled in. No docstrings."""
    tree = ast.parse(file.read_text("utf-8"))
    parts = {id(node.value) for node in ast.walk(tree) if isinstance(node, ast.Expr)}
    for node in ast.walk(tree):
        if isinstance(node, ast.JoinedStr):
            parts |= {id(part) for part in node.values}
            yield "".join(str(part.value) if isinstance(part, ast.Constant) else "…" for part in node.values)
        elif isinstance(node, ast.Constant) and isinstance(node.value, str) and id(node) not in parts:
            yield node.value


def test_no_message_of_ours_is_taken_for_a_secret() -> None:
    # An example of what not to do, and a pattern.
    spared = {"hl403_no_secret_in_clear.py", "keys.py"}
    files = [file for file in Path(homelab_assets.__file__).parent.rglob("*.py") if file.name not in spared]
    texts = [text for file in files for text in _said(file) if " " in text]
    assert len(texts) > 2000
    assert {text: redact(text) for text in texts if redact(text) != text} == {}


def test_an_argument_after_a_secret_flag_is_sealed(vault: Vault) -> None:
    sealed = vault.seal_args(["redis-server", "--requirepass", "hunter2", "--appendonly", "yes"])
    assert [show(argument) for argument in sealed] == ["redis-server", "--requirepass", SHOWN, "--appendonly", "yes"]


def test_equal_secrets_have_equal_tokens_and_other_keys_other_ones(vault: Vault) -> None:
    other = Vault(b"fedcba9876543210")
    assert vault.token("hunter2") == vault.token("hunter2") != vault.token("hunter3")
    assert vault.token("hunter2") != other.token("hunter2")


def test_inspect_documents_are_sealed_where_free_text_stands(vault: Vault) -> None:
    document = {
        "Id": HEX * 2,
        "Image": "sha256:" + HEX * 2,
        "Config": {
            "Env": ["TZ=UTC", "API_KEY=hunter2"],
            "Labels": {"token": "hunter2", "com.docker.compose.config-hash": HEX * 2},
            "Cmd": ["server", "--password", "hunter2"],
            "Healthcheck": {"Test": ["CMD-SHELL", "curl http://x?apikey=hunter2"]},
        },
        "State": {"Health": {"Log": [{"Output": "hunter2"}]}},
        "HostConfig": {"LogConfig": {"Type": "syslog", "Config": {"splunk-token": "hunter2"}}},
        "Options": {"o": "addr=nas,username=x,password=hunter2"},
    }
    sealed = vault.seal_inspect(document)
    assert "hunter2" not in repr(sealed)
    assert sealed["Id"] == document["Id"]
    assert sealed["Image"] == document["Image"]
    assert sealed["Config"]["Labels"]["com.docker.compose.config-hash"] == HEX * 2
    assert sealed["Config"]["Env"][0] == "TZ=UTC"


def test_a_network_may_be_called_as_a_field_of_the_engine_is(vault: Vault) -> None:
    endpoint = {"DriverOpts": {"vpn.token": "hunter2"}, "Aliases": ["x://larry:hunter2@nas"]}
    sealed = vault.seal_inspect({"NetworkSettings": {"Networks": {"Created": endpoint, "Id": endpoint}}})
    assert "hunter2" not in repr(sealed)


def test_a_vault_never_leaves_its_process_or_shows_what_it_holds(vault: Vault) -> None:
    vault.token("hunter2")
    assert "hunter2" not in f"{vault!r} {vault}"
    with pytest.raises(TypeError):
        pickle.dumps(vault)


def test_redaction_knows_what_was_sealed(vault: Vault) -> None:
    vault.seal("PASSWORD", "correct horse battery")
    assert vault.redact("login failed for correct horse battery") == f"login failed for {SHOWN}"
    assert redact("[401] [GET] at [http://prowlarr:9696/1/api?apikey=abcdef12]").count(SHOWN) == 1


def test_a_secret_right_beside_a_sealed_one_is_redacted_too(vault: Vault) -> None:
    assert redact(f"{vault.token('abc')} pw=hunter2-9xQ") == f"{SHOWN} pw={SHOWN}"


def _texts() -> Iterator[st.SearchStrategy[str]]:
    yield st.text(max_size=80)
    yield st.from_regex(r"[a-z]{2,5}://[a-z]{0,4}:[ -~]{1,12}@[a-z]{1,5}/[ -~]{0,10}", fullmatch=True)
    yield st.from_regex(r"[A-Za-z0-9+/=_-]{16,64}", fullmatch=True)


@given(name=st.sampled_from(["TZ", "PASSWORD", "x.key", ""]), value=st.one_of(*_texts()))
def test_sealing_is_idempotent_and_loses_nothing(name: str, value: str) -> None:
    vault = Vault(b"0123456789abcdef")
    sealed = vault.seal(name, value)
    assert vault.reveal(sealed) == value
    assert vault.seal(name, sealed) == sealed


_WORDS = st.from_regex(r"[A-Za-z0-9_.~+-]{1,40}", fullmatch=True)
_NUMBERS = st.from_regex(r"[0-9]{1,19}", fullmatch=True)
_SHAPES = (
    "https://discord.com/api/webhooks/{n}/{w}", "https://hooks.slack.com/services/{w}/{w}/{w}", "https://api.telegram.org/bot{n}:{w}/sendMessage",
    "https://x.webhook.office.com/webhookb2/{w}@{w}/IncomingWebhook/{w}/{w}", "https://ha.lan/api/webhook/{w}", "https://hc-ping.com/{w}", "slack://{w}/{w}", "tgram://{n}:{w}/{n}",
    "postgres://{w}:{w}@{w}:{n}/{w}", "redis://:{w}@{w}/0", "https://{w}@{w}/x.git", "{w}:{w}@tcp({w}:{n})/{w}", "{w}:{w}@{w}:{n}/{w}", "Server={w};Password={w};Uid={w}", "host={w} password='{w} {w}'",
    "Authorization: Bearer {w}", "Authorization: Basic {w}=", "X-Api-Key: {w}", "Cookie: {w}={w}; token={w}", "password {w}",
    '{{"password":"{w}","keys":["{w}","{w}"],"tokens":{{"{w}":"{w}"}}}}', "password: >-\n  {w}\n  {w}\nkey: {w}", "api_keys: [{w}, {w}]\nx: {w}", "api_keys:\n  - {w}\n  - {w}",
    "mysql -u{w} -p{w} --token {w}", "curl -u {w}:{w} https://{w}:{w}@{w}/?apikey={w}", "redis-cli -a {w}", "echo {w}:{w} | chpasswd", "echo {w} | passwd --stdin", "htpasswd -nb {w} {w}", "openssl passwd {w}",
    "-u {w};{w};{n}", "{w}:{w}:1001:::{w}", "{w}:{w}:{n}:{n}:{w}", "--token {w} --password={w}", "APP_TOKEN={w} run", "export PASSWORD={w}; run {w}", "${{TOKEN:-{w}}}", "{w}",
)  # fmt: skip


@st.composite
def _shaped(draw: st.DrawFn) -> str:
    """One or two texts such as homes hold them, side by side."""
    shapes = draw(st.lists(st.sampled_from(_SHAPES), min_size=1, max_size=2))
    filled = [shape.replace("{n}", "{}").replace("{w}", "\0") for shape in shapes]
    texts = []
    for text in filled:
        text = text.format(*(draw(_NUMBERS) for _ in range(text.count("{}"))))
        while "\0" in text:
            text = text.replace("\0", draw(_WORDS), 1)
        texts.append(text)
    return draw(st.sampled_from((" ", "\n", ";", ""))).join(texts)


@settings(max_examples=400)
@given(name=st.sampled_from(["NOTIFY_URL", "PASSWORD", "SSL_KEY", "DB_USERS", "GIT_SHA", "command"]), text=_shaped())
def test_sealing_what_is_sealed_changes_nothing(name: str, text: str) -> None:
    vault = Vault(b"0123456789abcdef")
    sealed = vault.seal(name, text)
    assert vault.seal(name, sealed) == sealed
    assert vault.reveal(sealed) == text
    words = vault.seal_args(text.split(" "))
    assert vault.seal_args(words) == words
    assert vault.reveal_all(words) == text.split(" ")
    document = {"Config": {"Env": [f"{name}={text}"], "Cmd": ["sh", "-c", text], "Labels": {name: text, text: name}}}
    once = vault.seal_inspect(document)
    assert vault.seal_inspect(once) == once


def test_a_webhook_is_sealed_once(vault: Vault) -> None:
    number, token = "1098765432109876543", "dQw4w9WgXcQz" * 5 + "abcd_f-1"
    sealed = vault.seal("NOTIFY_URL", f"https://discord.com/api/webhooks/{number}/{token}")
    assert sealed == vault.seal("NOTIFY_URL", sealed)
    assert show(sealed) == redact(sealed) == f"https://discord.com/api/webhooks/{number}/{SHOWN}"


def test_what_seals_a_password_does_not_hide_another(vault: Vault) -> None:
    arguments = ["curl", "--token", "a;b-secret", "-u", "larry:hunter2"]
    assert [show(word) for word in vault.seal_args(arguments)] == ["curl", "--token", SHOWN, "-u", f"larry:{SHOWN}"]


def test_a_name_says_nothing_of_what_is_left_beside_a_token(vault: Vault) -> None:
    sealed = f"/etc/ssl/{vault.token('home-of-larry')}.pem"
    assert vault.seal("SSL_KEY", sealed) == sealed
    assert vault.reveal(sealed) == "/etc/ssl/home-of-larry.pem"


@pytest.mark.parametrize(
    "value", ["secret", "<secret", "secret changed", "changed", "secret#", "4484", "9f86d081884c7d659a2f", "0123"]
)
def test_a_value_that_is_a_part_of_a_token_leaves_tokens_whole(vault: Vault, value: str) -> None:
    other = "<secret#0123.9f86d081884c7d659a2f>"
    container = {"Config": {"Env": [f"A={vault.token('x')}", f"B={other}", f"C={value}", f"D=a {value} {other}"]}}
    sealed = seal_values(container, [value], vault)
    env = sealed["Config"]["Env"]
    assert env[:2] == container["Config"]["Env"][:2]
    assert vault.reveal(env[2]) == f"C={value}"
    assert vault.reveal(env[3]) == f"D=a {value} {other}"
    assert vault.seal_inspect(sealed) == sealed
    assert vault.redact(f"{SHOWN} {SHOWN_CHANGED} {other} x") == f"{SHOWN} {SHOWN_CHANGED} {SHOWN} x"


def test_a_value_is_no_word_of_the_engine_and_no_name_of_a_variable(vault: Vault) -> None:
    container = {
        "Config": {"Env": ["PUID=1000", "MODE=PUID"], "Healthcheck": {"Test": ["CMD-SHELL", "bind volume"]}},
        "HostConfig": {"LogConfig": {"Type": "json-file", "Config": {"tag": "json-file"}}, "Binds": ["bind:/x"]},
        "Mounts": [{"Type": "bind", "Source": "/srv/bind", "Destination": "/x", "Propagation": "rprivate"}],
    }
    values = ["PUID", "CMD-SHELL", "bind", "json-file", "rprivate"]
    sealed = seal_values(container, values, vault)
    assert vault.reveal_all(sealed) == container
    assert sealed["Config"]["Env"] == ["PUID=1000", f"MODE={vault.token('PUID')}"]
    assert sealed["Config"]["Healthcheck"]["Test"] == ["CMD-SHELL", f"{vault.token('bind')} volume"]
    assert sealed["HostConfig"]["LogConfig"] == {"Type": "json-file", "Config": {"tag": vault.token("json-file")}}
    mount = {**container["Mounts"][0], "Source": f"/srv/{vault.token('bind')}"}  # type: ignore[index]
    assert sealed["Mounts"] == [mount]


def test_what_a_value_hid_is_sealed_with_it(vault: Vault) -> None:
    container = {"Config": {"Cmd": ["mysql", "a;bcd", "-phunter2"]}}
    sealed = seal_values(vault.seal_inspect(container), ["a;bcd"], vault)
    assert sealed["Config"]["Cmd"] == ["mysql", vault.token("a;bcd"), f"-p{vault.token('hunter2')}"]
    assert vault.seal_inspect(sealed) == sealed


def test_changing_a_text_leaves_covers_and_tokens(vault: Vault) -> None:
    text = f"a {SHOWN} {SHOWN_CHANGED} {vault.token('a')} a"
    assert outside(text, str.upper) == f"A {SHOWN} {SHOWN_CHANGED} {vault.token('a')} A"


@pytest.mark.parametrize(
    "command", ["app --token=$(cat /run/t)", "echo root:$PW | chpasswd", "htpasswd -nb larry ${PW}"]
)
def test_what_a_shell_fills_in_is_no_secret(command: str) -> None:
    assert redact(command) == command


@pytest.mark.parametrize(
    ("words", "pattern"),
    [row for module in (commands, places) for table in vars(module).values() if isinstance(table, Places)
     for row in table.rows],
)  # fmt: skip
def test_what_a_pattern_finds_holds_one_of_its_words(words: tuple[str, ...], pattern: re.Pattern[str]) -> None:
    """A text without any of them is not searched: a word too many would hide secrets."""
    found = 0

    @given(st.from_regex(re.compile(pattern.pattern, pattern.flags)))
    @settings(max_examples=10, suppress_health_check=list(HealthCheck), deadline=None, database=None)
    def one(text: str) -> None:
        nonlocal found
        for _ in pattern.finditer(text):
            found += 1
            assert any(word in text.casefold() for word in words), text

    one()
    assert found


@pytest.mark.parametrize(
    ("error", "told"),
    [
        (ValueError("can't read 'hunter2-value'"), "ValueError: can…"),
        (ValueError("unconverted data remains: hunter2-value"), "ValueError: unconverted data remains: …"),
        (KeyError("hunter2-value"), "KeyError: …"),
        (ValueError("it is 'a' not \"b's hunter2-value"), "ValueError: it is …"),
        (TypeError("'int' object is not callable"), "TypeError: 'int' object is not callable"),
        (RuntimeError(), "RuntimeError"),
    ],
)
def test_a_defect_is_described_up_to_where_it_begins_to_quote(error: Exception, told: str) -> None:
    assert described(error) == told
