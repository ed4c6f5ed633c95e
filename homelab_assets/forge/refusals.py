"""What a forge's status codes mean, in words that a person can act on; and which of them are worth another try."""

import re
import time
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from typing import TypeVar
from urllib.parse import urlsplit

from homelab_assets.forge.model import Refusal, RefusalKind
from homelab_assets.secrecy import SHOWN, redact

Result = TypeVar("Result")
_MEANINGS: Mapping[int, tuple[RefusalKind, str]] = {
    401: ("auth", "the token is wrong, expired or revoked: make a new one and put it into the environment"),
    403: ("forbidden", "the token may not do this: it needs to read and write contents, pull requests and issues"),
    404: (
        "missing",
        "check `slug` in lab.yaml; a private repository is also not found by a token that may not read it",
    ),
    409: ("conflict", "somebody changed it in between: the next run starts from what is there now"),
    410: ("missing", "this part of the repository is switched off or was deleted"),
    413: ("invalid", "the text is too long for the forge"),
    422: ("invalid", "the forge does not accept the request as it is"),
    423: ("forbidden", "the repository is archived or locked"),
    429: ("rate", "too many requests: try again later"),
}
# Whoever names more than the year 2286 in seconds means something else, and Python's calendar has an end.
_SECONDS = re.compile(r"[0-9]{1,10}")
ATTEMPTS = 3
LONGEST_WAIT = 60.0
_MOMENT = 0.5


def refusal(
    status: int, said: str, *, where: str, doing: str, token: str, headers: Mapping[str, str] | None = None
) -> Refusal:
    """Make an error of a status code and of what the forge said, which may repeat the token that it was given."""
    low = {key.lower(): value for key, value in (headers or {}).items()}
    kind, hint = _MEANINGS.get(status, ("server" if status >= 500 else "invalid", "try again later"))
    text = said.lower()
    if status in (403, 429) and ("rate limit" in text or "abuse" in text or low.get("x-ratelimit-remaining") == "0"):
        kind, hint = "rate", f"the forge's rate limit is used up{_until(low)}"
    elif "two-factor" in text or "otp" in low.get("x-github-otp", ""):
        hint = "the account uses two-factor login: use a personal access token"
    elif "protected" in text:
        hint = "the branch is protected: allow the token's account to push or merge, or do it by hand"
    elif "saml" in text or "sso" in text:
        hint = "authorise the token for the organisation's single sign-on"
    message = redact(" ".join((said.replace(token, SHOWN) if token else said).split()))[:300] or f"status {status}"
    return Refusal(f"{doing}: {message}", kind=kind, status=status, where=where, hint=hint)


def no_json(*, status: int, where: str, doing: str, address: str) -> Refusal:
    """Make an error of a page, such as that of a login. `address` says what `url` should be."""
    return Refusal(
        f"{doing}: the answer is no JSON, or of another shape than the interface describes (HTTP {status})",
        kind="unsupported",
        status=status,
        where=where,
        hint=f"check `url` in lab.yaml: it is {address}",
    )


def unreachable(error: Exception, *, url: str, where: str, doing: str) -> Refusal:
    """Make an error of a request that got no answer. Of the forge's address the login is left out."""
    parts = urlsplit(url)
    return Refusal(
        f"{doing}: {parts.scheme}://{parts.netloc.rpartition('@')[2]} can't be reached ({type(error).__name__})",
        kind="unreachable",
        where=where,
        hint="see whether it is up and answers from here, and whether its certificate is trusted (`ca`"
        " beside `url` in lab.yaml); then run it again",
    )


def _until(headers: Mapping[str, str]) -> str:
    wait, reset = headers.get("retry-after", ""), headers.get("x-ratelimit-reset", "")
    if _SECONDS.fullmatch(wait):
        return f" (wait {wait} s)"
    return f" (until {datetime.fromtimestamp(int(reset), UTC):%Y-%m-%d %H:%M} UTC)" if _SECONDS.fullmatch(reset) else ""


def wait_of(headers: Mapping[str, str] | None) -> float | None:
    """Return how many seconds the forge asks to wait, by itself or until its rate limit is new; None where it does not
    say."""
    low = {key.lower(): value for key, value in (headers or {}).items()}
    text, reset = low.get("retry-after", ""), low.get("x-ratelimit-reset", "")
    if re.fullmatch(r"[0-9]+\.?[0-9]*", text):
        return float(text)
    if low.get("x-ratelimit-remaining") == "0" and _SECONDS.fullmatch(reset):
        return max(0.0, int(reset) - time.time())
    return None


class Retry(Exception):
    """A try that failed in a way that may pass. `cause` is raised where it does not."""

    def __init__(self, cause: Refusal, wait: float | None = None) -> None:
        self.cause = cause
        self.wait = wait
        super().__init__(str(cause))


def patiently(attempt: Callable[[], Result], *, sleep: Callable[[float], None] = time.sleep) -> Result:
    """Try up to three times, waiting as the forge asks (at most a minute), else half a second and then one.

    Raises:
        Refusal: the last failure.
    """
    for number in range(ATTEMPTS):
        try:
            return attempt()
        except Retry as failed:
            wait = failed.wait if failed.wait is not None else _MOMENT * 2**number
            if number == ATTEMPTS - 1 or wait > LONGEST_WAIT:
                raise failed.cause from None
            sleep(wait)
    raise AssertionError


def worth_another_try(kind: RefusalKind, *, writes: bool) -> bool:
    """Say whether to try again: never something that may have happened already."""
    return kind == "rate" or (not writes and kind in ("server", "unreachable"))
