"""One way to talk HTTP for all clients: bounded in time, never retrying, never repeating a secret.

A call gives a `Reply` or a `Trouble`; nothing here raises for what a network or an app can do.
"""

import json
import threading
from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Any, TypeVar

from msgspec import Struct, field

from homelab_assets.media.settings import Service
from homelab_assets.model import Unprinted
from homelab_assets.secrecy import SHOWN, redact

if TYPE_CHECKING:
    import requests

CONNECT_SECONDS, READ_SECONDS = 2.0, 3.0
_MAX_BYTES = 32_000_000
_PATIENCE = 2
# Given long for what it was asked for, an app that is not done need not be broken.
_LATE = "the app was not done in time"
_THROTTLED = "it was asked more often than it, or a proxy before it, allows"
Value = TypeVar("Value")


class Trouble(Struct, frozen=True):
    """Why a call has no usable answer: a code of the catalogue of causes, and what was seen, without secrets.

    Attributes:
        open: why it leaves open whether the link holds; "" where it does not hold.
        timed_out: there was no whole answer in time.
    """

    cause: str
    detail: str
    open: str = ""
    timed_out: bool = False


class Reply(Unprinted, Struct, frozen=True, kw_only=True):
    """What an app answered. Header names are lower case. `said` is what it says went wrong, without secrets."""

    status: int
    headers: Mapping[str, str]
    text: str
    where: str
    said: str = ""

    @property
    def is_json(self) -> bool:
        """Whether the app says that the body is JSON."""
        return "json" in self.headers.get("content-type", "")

    def json(self) -> Any:
        """Return the body as JSON, or a `Trouble` where it is none."""
        try:
            return json.loads(self.text)
        except ValueError:
            return Trouble(
                "not_json",
                f"{self.where} answers HTTP {self.status} with {self.headers.get('content-type') or 'no type'}",
            )


class Transport(Unprinted, Struct):
    """Talks to one app. Equal GETs of one run are asked once; any change forgets them.

    An app that let two calls in a row run out of time is not asked any more: a run has a budget.

    Attributes:
        base: URL without trailing slash. headers: sent always, credentials among them.
        secrets: texts that must not show up in a message.
        effects: how many calls of each kind were made: read, login, command, test, search, write.
        verify: whether HTTPS certificates must be trusted, or the file of those to trust.
    """

    base: str
    headers: Mapping[str, str] = field(default_factory=dict)
    secrets: Sequence[str] = ()
    read_seconds: float = READ_SECONDS
    verify: bool | str = True
    effects: Counter[str] = field(default_factory=Counter)
    _silent: int = 0
    _seen: dict[str, "Reply | Trouble"] = field(default_factory=dict)
    _session: "requests.Session | None" = None

    @classmethod
    def of(cls, service: Service, headers: Mapping[str, str] | None = None) -> "Transport":
        """Make a transport to an app from its settings."""
        return cls(
            base=service.url.rstrip("/"),
            headers=headers or {},
            secrets=service.secrets,
            verify=service.ca or service.verify_tls,
        )

    def get(self, path: str, *, fresh: bool = False, kind: str = "read", **options: Any) -> Reply | Trouble:
        """GET a path below the base URL; `fresh` asks again although the answer is known."""
        key = f"{path} {sorted((options.get('params') or {}).items())}"
        if fresh or key not in self._seen:
            self._seen[key] = self.call("GET", path, kind=kind, **options)
        return self._seen[key]

    def change(self, method: str, path: str, *, kind: str, **options: Any) -> Reply | Trouble:
        """Call with a method that may change something, and forget what was read before."""
        self._seen.clear()
        return self.call(method, path, kind=kind, **options)

    def call(
        self, method: str, path: str, *, kind: str, seconds: float | None = None, **options: Any
    ) -> Reply | Trouble:
        """Make one call. `seconds` bounds all of it: name resolution, connection and the whole body."""
        self.effects[kind] += 1
        usual = CONNECT_SECONDS + self.read_seconds
        limit = seconds or usual
        where = f"{method} {self.base}{path}"
        words = self.scrub(f"{where}: no whole answer within {limit:g} s")
        late: Reply | Trouble = Trouble("unreachable", words, open=_LATE if limit > usual else "", timed_out=True)
        if self._silent >= _PATIENCE:
            return Trouble("unreachable", self.scrub(f"{where}: not asked, after {_PATIENCE} calls without an answer"))
        answer = within(limit, lambda: self._send(method, path, where, limit, options), late)
        silent = isinstance(answer, Trouble) and answer.timed_out and not answer.open
        self._silent = self._silent + 1 if silent else 0
        return answer

    def forget(self) -> None:
        """Ask again for everything from now on."""
        self._seen.clear()

    def scrub(self, text: str) -> str:
        """Return a message without secrets."""
        for secret in sorted(self.secrets, key=len, reverse=True):
            text = text.replace(secret, SHOWN)
        return redact(text)

    def close(self) -> None:
        """Close the connections."""
        if self._session is not None:
            self._session.close()

    def _send(self, method: str, path: str, where: str, limit: float, options: dict[str, Any]) -> Reply | Trouble:
        import requests

        session = self._open()
        timeout = (min(CONNECT_SECONDS, limit), limit)
        try:
            with session.request(
                method, self.base + path, timeout=timeout, allow_redirects=False, stream=True, **options
            ) as response:
                body = response.raw.read(_MAX_BYTES, decode_content=True)
                text = body.decode(response.encoding or "utf-8", "replace")
                headers = {name.lower(): value for name, value in response.headers.items()}
                said = self.scrub(_complaint(text)) if response.status_code >= 400 else ""
                return Reply(
                    status=response.status_code, headers=headers, text=text, where=self.scrub(where), said=said
                )
        except requests.ReadTimeout:
            usual = CONNECT_SECONDS + self.read_seconds
            words = self.scrub(f"{where}: no answer within {limit:g} s")
            return Trouble("unreachable", words, open=_LATE if limit > usual else "", timed_out=True)
        except (requests.RequestException, OSError, ValueError, LookupError) as error:
            return Trouble(cause_of(error), self.scrub(f"{where}: {_in_short(error)}"))
        except Exception as error:  # urllib3's own errors while the body is read
            return Trouble("unreachable", self.scrub(f"{where}: {_in_short(error)}"))

    def _open(self) -> "requests.Session":
        if self._session is None:
            import requests

            self._session = requests.Session()
            # A proxy or .netrc of the operator's shell has no business between two machines of a LAN.
            self._session.trust_env = False
            self._session.verify = self.verify
            if self.verify is False:
                import urllib3

                # Asked for in lab.yaml; it need not be said at each call.
                urllib3.disable_warnings(urllib3.exceptions.InsecureRequestWarning)
            self._session.headers.update({"Accept": "application/json", "User-Agent": "homelab-assets", **self.headers})
        return self._session


def within(seconds: float, work: Callable[[], Value], otherwise: Value) -> Value:
    """Run `work`, but wait no longer than `seconds` for it.

    Timeouts of sockets bound one packet, and those of the resolver nothing: an app that sends a byte a second, or a
    dead DNS server, would hold everything up. A thread that is given up is left to die by itself.
    """
    result: list[Value] = []
    thread = threading.Thread(target=lambda: result.append(work()), daemon=True, name="media-call")
    thread.start()
    thread.join(seconds)
    return result[0] if result else otherwise


def at_once(works: Iterable[Callable[[], object]]) -> None:
    """Run all works at the same time and wait for them. Each must bound itself."""
    threads = [threading.Thread(target=work, daemon=True, name="media-prefetch") for work in works]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()


def cause_of(error: BaseException) -> str:
    """Return the code of the cause behind an exception of a call."""
    text = repr(error)
    if "NameResolutionError" in text or "getaddrinfo" in text or "Name or service not known" in text:
        return "dns"
    if "CERTIFICATE_VERIFY_FAILED" in text:
        return "tls_untrusted"
    return "not_json" if "WRONG_VERSION_NUMBER" in text else "unreachable"


def _in_short(error: BaseException) -> str:
    text = str(error)
    if cause_of(error) == "dns":
        return "the host name is not known"
    if cause_of(error) == "tls_untrusted":
        return text[text.rfind("verify failed: ") + len("verify failed: ") :].partition(" (_ssl")[0]
    if cause_of(error) == "not_json":
        return "it speaks no TLS: use http:// in its URL"
    if "refused" in text:
        return "connection refused"
    if "timed out" in text or "Timeout" in type(error).__name__:
        return "timed out"
    return type(error).__name__


def _complaint(text: str) -> str:
    """Return what an app's answer says went wrong: its message, or those of the fields that do not validate."""
    try:
        value = json.loads(text)
    except ValueError:
        return ""
    items = [one for one in (value if isinstance(value, list) else [value]) if isinstance(one, dict)]
    messages = [one.get("message") or one.get("errorMessage") for one in items]
    return " ".join("; ".join(one for one in messages if isinstance(one, str)).split())[:200]


def usable(answer: Reply | Trouble, *, refused: Sequence[int] = (401, 403)) -> Reply | Trouble:
    """Return a reply with status 2xx as it is, and everything else as the trouble that it means."""
    if isinstance(answer, Trouble):
        return answer
    status, where = answer.status, answer.where
    if 200 <= status < 300:
        return answer
    if 300 <= status < 400:
        target = redact(answer.headers.get("location", "?"))
        return Trouble("http_redirect", f"{where} answers HTTP {status} and points to {target}")
    if status in refused:
        return Trouble("key_rejected", f"{where} answers HTTP {status}")
    if status == 404 and not answer.is_json:
        return Trouble("not_json", f"{where} answers HTTP 404 without JSON")
    if status == 429:
        return Trouble("server_error", f"{where} answers HTTP 429", open=_THROTTLED)
    if status in (502, 504):
        return Trouble("unreachable", f"{where}: a proxy answers HTTP {status}, as it has no answer from the app")
    return Trouble("server_error", f"{where} answers HTTP {status}{answer.said and f': {answer.said}'}")


def json_of(answer: Reply | Trouble, shape: type[Value]) -> Value | Trouble:
    """Return a reply's JSON where it has the expected outermost type (`list` or `dict`), else the trouble."""
    reply = usable(answer)
    if isinstance(reply, Trouble):
        return reply
    value = reply.json()
    if isinstance(value, Trouble | shape):
        return value
    return Trouble("not_json", f"{reply.where} answers JSON that is no {'list' if shape is list else 'object'}")
