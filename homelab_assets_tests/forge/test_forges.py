"""Both forges against their simulations: every request and answer fits the published description."""

import ssl
import threading
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

from homelab_assets.forge import open_forge
from homelab_assets.forge.gitea import Gitea
from homelab_assets.forge.github import GitHub
from homelab_assets.forge.model import Forge, PullRequest, Refusal
from homelab_assets.forge.refusals import Retry, patiently, refusal, wait_of
from homelab_assets.lab.settings import load_lab
from homelab_assets.media.simulator.certificates import CA, certificate
from homelab_assets_tests.forge.git import Remote
from homelab_assets_tests.forge.gitea_server import GiteaFace
from homelab_assets_tests.forge.github_server import GitHubFace
from homelab_assets_tests.forge.server import Face, serving
from homelab_assets_tests.forge.spec import SPECS
from homelab_assets_tests.forge.state import Pull, Refused, Repository

pytestmark = pytest.mark.scenario

FACES = {"github": GitHubFace, "gitea": GiteaFace}


def connect(face: Face, token: str = "t0ken-of-the-test") -> GitHub | Gitea:
    """Connect this project's client to a served face."""
    slug = face.repository.slug
    return (
        GitHub(slug, token=token, url=face.url) if isinstance(face, GitHubFace) else Gitea(face.url, slug, token=token)
    )


@pytest.fixture
def remote(tmp_path: Path) -> Remote:
    remote = Remote(tmp_path)
    remote.branch("feature", {"a.txt": "changed\n"})
    return remote


@pytest.fixture(params=sorted(FACES))
def face(request: pytest.FixtureRequest, remote: Remote) -> Iterator[Face]:
    with serving(FACES[request.param](Repository(remote.origin))) as face:
        yield face
        assert face.breaches == []


@pytest.fixture
def forge(face: Face) -> Iterator[Forge]:
    client = connect(face)
    yield client
    client.close()


def test_the_descriptions_are_there() -> None:
    if not SPECS.is_dir():
        pytest.skip(
            f"no API descriptions beside the checkout ({SPECS.name}): the simulations are not held against them"
        )
    assert all(FACES[name](Repository(Path("."))).spec for name in FACES)


def opened(forge: Forge, *, draft: bool = False) -> PullRequest:
    return forge.open_pull(
        head="feature", base="main", title="fix(x): y", body="b", draft=draft, labels=["drift-remediation"]
    )


def test_opens_lists_updates_closes_and_reopens(forge: Forge, face: Face) -> None:
    assert forge.default_branch() == "main"
    assert list(forge.pulls()) == []
    pull = opened(forge, draft=True)
    (listed,) = forge.pulls()
    assert (listed.number, listed.draft, listed.head) == (pull.number, True, "feature")
    assert (listed.title, listed.labels) == ("fix(x): y", ("drift-remediation",))
    labels = face.repository.labels
    labels["mine"] = {**labels["drift-remediation"], "id": 99, "name": "mine"}
    face.repository.thing(pull.number).labels.append("mine")
    (listed,) = forge.pulls()
    changed = forge.update_pull(listed, title="fix(x): z", body="c", draft=False, labels=["severity/breaking"])
    assert (changed.title, changed.draft, sorted(changed.labels)) == ("fix(x): z", False, ["mine", "severity/breaking"])
    forge.close_pull(changed, body="closed")
    (listed,) = forge.pulls()
    assert (listed.state, listed.body) == ("closed", "closed")
    assert forge.reopen_pull(listed, body="again").state == "open"
    forge.comment(pull.number, "hello")
    assert list(forge.comments(pull.number)) == ["hello"]


def test_merges_only_the_commit_that_was_checked(forge: Forge, face: Face, remote: Remote) -> None:
    pull = opened(forge)
    assert forge.checks(pull.head_commit) == "none"
    face.repository.checks[pull.head_commit] = "success"
    assert forge.checks(pull.head_commit) == "passed"
    face.repository.checks[pull.head_commit] = "failure"
    assert forge.checks(pull.head_commit) == "failed"
    remote.commit_on("feature", {"a.txt": "moved\n"})
    with pytest.raises(Refusal) as refused:
        forge.merge(pull)
    assert refused.value.kind == "conflict"
    (fresh,) = forge.pulls()
    forge.merge(fresh)
    (merged,) = forge.pulls()
    assert (merged.state, merged.merge_commit) == ("merged", remote.git("rev-parse", "main"))


@pytest.mark.parametrize("face", ["github"], indirect=True)
@pytest.mark.parametrize(
    ("conclusion", "verdict"),
    [("success", "passed"), ("neutral", "passed"), ("skipped", "passed"), ("failure", "failed"), ("timed_out", "failed"),
     ("stale", "failed"), ("startup_failure", "failed")],
)  # fmt: skip
def test_a_check_run_passes_only_if_it_says_so(forge: Forge, face: Face, conclusion: str, verdict: str) -> None:
    pull = opened(forge)
    face.repository.check_runs[pull.head_commit] = conclusion
    assert forge.checks(pull.head_commit) == verdict


def test_issues(forge: Forge) -> None:
    opened(forge)
    issue = forge.open_issue(title="t", body="b", labels=["drift-remediation"])
    forge.update_issue(issue, title="t2", body="b2")
    (found,) = forge.issues("drift-remediation")
    assert (found.number, found.title, found.body, found.open) == (issue.number, "t2", "b2", True)


def test_a_forks_pull_request_is_never_ours(forge: Forge, face: Face) -> None:
    pull = opened(forge)
    face.repository.pull(pull.number).head_repository = "mallory/homelab-apps"
    assert list(forge.pulls()) == []


def test_many_pull_requests_are_all_found(forge: Forge, face: Face) -> None:
    for number in range(1, 124):
        slug = face.repository.slug
        face.repository.things[number] = Pull(number, "t", "b", f"b{number}", "main", False, slug, "0" * 40, "closed")
    assert len(forge.pulls()) == 123


def test_an_open_one_is_found_behind_any_number_of_others(
    forge: Forge, face: Face, monkeypatch: pytest.MonkeyPatch
) -> None:
    for module in ("github", "gitea"):
        monkeypatch.setattr(f"homelab_assets.forge.{module}._MOST", 20)
    first = opened(forge)
    for number in range(2, 130):
        slug = face.repository.slug
        face.repository.things[number] = Pull(number, "t", "b", f"b{number}", "main", False, slug, "0" * 40, "closed")
    found = forge.pulls()
    assert [pull.number for pull in found if pull.state == "open"] == [first.number]
    assert len({pull.number for pull in found}) == len(found)


@pytest.mark.parametrize(
    ("status", "message", "kind", "hint"),
    [
        (403, "Resource not accessible by personal access token", "forbidden", "may not do this"),
        (403, "API rate limit exceeded", "rate", "rate limit"),
        (404, "Not Found", "missing", "slug"),
        (409, "conflict", "conflict", "next run"),
        (422, "Validation Failed", "invalid", "does not accept"),
        (401, "Must specify two-factor authentication OTP code.", "auth", "two-factor"),
        (403, "Protected branch: not allowed", "forbidden", "protected"),
    ],
)
def test_refusals_say_what_to_do(forge: Forge, face: Face, status: int, message: str, kind: str, hint: str) -> None:
    face.repository.failures = [("POST", "/pulls", Refused(status, message, {"Retry-After": "999"}))]
    with pytest.raises(Refusal) as refused:
        opened(forge)
    assert refused.value.kind == kind
    assert hint in str(refused.value)
    assert "t0ken-of-the-test" not in str(refused.value)
    assert face.repository.pulls == []


def test_a_short_rate_limit_is_waited_for(forge: Forge, face: Face) -> None:
    face.repository.failures = [("GET", "/pulls", Refused(429, "slow down", {"Retry-After": "0"}))]
    assert list(forge.pulls()) == []


def test_a_used_up_rate_limit_says_until_when(forge: Forge, face: Face) -> None:
    headers = {"X-RateLimit-Remaining": "0", "X-RateLimit-Reset": "4102444800"}
    face.repository.failures = [("POST", "/pulls", Refused(403, "Forbidden", headers))]
    with pytest.raises(Refusal) as refused:
        opened(forge)
    assert refused.value.kind == "rate"
    assert "until 2100-01-01 00:00 UTC" in str(refused.value)


@pytest.mark.parametrize("value", ["99999999999999999", "1e3", "\N{SUPERSCRIPT TWO}", "-1", ""])
def test_a_header_that_is_no_moment_says_nothing(value: str) -> None:
    headers = {"X-RateLimit-Remaining": "0", "X-RateLimit-Reset": value, "Retry-After": f"x{value}"}
    refused = refusal(403, "Forbidden", where="a/b", doing="opening", token="", headers=headers)
    assert (refused.kind, refused.hint) == ("rate", "the forge's rate limit is used up")
    assert wait_of(headers) is None
    assert wait_of({"Retry-After": "\N{SUPERSCRIPT TWO}"}) is None


def test_a_broken_answer_is_tried_again_for_reading_only(forge: Forge, face: Face) -> None:
    face.repository.failures = [("GET", "/pulls", Refused(502, "bad gateway"))]
    assert list(forge.pulls()) == []
    face.repository.failures = [("POST", "/pulls", Refused(502, "bad gateway"))]
    with pytest.raises(Refusal) as refused:
        opened(forge)
    assert refused.value.kind == "server"


def test_a_revoked_token(face: Face) -> None:
    face.repository.token = None
    client = connect(face)
    with pytest.raises(Refusal) as refused:
        client.pulls()
    client.close()
    assert refused.value.kind == "auth"
    assert "token" in str(refused.value)


def test_a_forge_that_is_not_there() -> None:
    for client in (
        GitHub("a/b", token="x" * 20, url="http://127.0.0.1:9"),
        Gitea("http://larry:hunter2@127.0.0.1:9", "a/b", token="x" * 20),
    ):
        with pytest.raises(Refusal) as refused:
            client.pulls()
        client.close()
        assert refused.value.kind == "unreachable"
        assert "http://127.0.0.1:9 can't be reached" in str(refused.value)
        assert "hunter2" not in str(refused.value)


ASKED = {
    "branch": lambda forge: forge.default_branch(),
    "pulls": lambda forge: forge.pulls(),
    "comments": lambda forge: forge.comments(1),
    "issues": lambda forge: forge.issues("drift-remediation"),
    "checks": lambda forge: forge.checks("0" * 40),
    "open": opened,
}


@pytest.mark.parametrize("asked", ASKED.values(), ids=ASKED)
@pytest.mark.parametrize("answer", [(200, b"<html>Sign in</html>"), (302, b"<html>"), (200, b""), (200, b"null")])
@pytest.mark.parametrize("kind", FACES)
def test_a_page_that_is_no_answer_is_never_taken_for_nothing(
    kind: str, answer: tuple[int, bytes], asked: Callable[[Forge], object]
) -> None:
    with answering(*answer) as url:
        client = GitHub("a/b", token="x", url=url) if kind == "github" else Gitea(url, "a/b", token="x")
        with closing(client), pytest.raises(Refusal, match="is no JSON") as refused:
            asked(client)
    assert (refused.value.kind, "`url` in lab.yaml" in str(refused.value)) == ("unsupported", True)


@pytest.mark.parametrize("kind", FACES)
def test_a_certificate_of_ones_own_is_trusted_where_lab_yaml_names_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, kind: str
) -> None:
    with answering(200, b'{"default_branch": "trunk"}', certificate(tmp_path)) as url:
        for ca, bundle in (("", ""), (f", ca: {CA}", ""), ("", str(tmp_path / CA))):
            monkeypatch.setenv("REQUESTS_CA_BUNDLE", bundle)
            forge = f"{{kind: {kind}, slug: a/b, url: '{url}'{ca}}}"
            (tmp_path / "lab.yaml").write_text(
                f"hosts: {{a: {{docker: ssh://a}}}}\nrepositories: {{a: {{path: a, forge: {forge}}}}}\n"
            )
            lab = load_lab(str(tmp_path / "lab.yaml"), {"GITEA_TOKEN": "x", "GITHUB_TOKEN": "x"})
            opened = open_forge(lab, lab.repositories["a"])
            assert opened
            with opened as client:
                if ca or bundle:
                    assert client.default_branch() == "trunk"
                else:
                    with pytest.raises(Refusal, match="certificate is trusted"):
                        client.default_branch()


@contextmanager
def answering(status: int, body: bytes, tls: ssl.SSLContext | None = None) -> Iterator[str]:
    """Serve one answer to whatever is asked, at the address that is yielded."""

    class Handler(BaseHTTPRequestHandler):
        def _answer(self) -> None:
            self.rfile.read(int(self.headers.get("Content-Length") or 0))
            self.send_response(200 if self.path == "/user/login" else status)
            self.send_header("Content-Length", str(len(body)))
            self.send_header("Location", "/user/login")
            self.end_headers()
            self.wfile.write(body)

        do_GET = do_POST = _answer

        def log_message(self, format: str, *arguments: object) -> None:
            pass

    server = ThreadingHTTPServer(("localhost", 0), Handler)
    if tls:
        server.socket = tls.wrap_socket(server.socket, server_side=True)
    threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True).start()
    yield f"http{'s' if tls else ''}://localhost:{server.server_port}"
    server.shutdown()
    server.server_close()


def test_drafts_that_a_plan_does_not_have(forge: Forge, face: Face) -> None:
    face.repository.drafts = False
    pull = opened(forge, draft=True)
    assert pull.number == 1
    changed = forge.update_pull(pull, title="fix(x): z", body="c", draft=True, labels=["severity/breaking"])
    assert (changed.title, changed.body, list(changed.labels)) == ("fix(x): z", "c", ["severity/breaking"])


def test_patience_ends() -> None:
    waits: list[float] = []

    def never() -> None:
        raise Retry(Refusal("no", kind="rate"), 2.0)

    with pytest.raises(Refusal):
        patiently(never, sleep=waits.append)
    assert waits == [2.0, 2.0]
