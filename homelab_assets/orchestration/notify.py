"""Sends one message to one address: a webhook, or ntfy."""

import json
import os
from urllib.parse import unquote, urlsplit, urlunsplit

from homelab_assets.errors import ConfigurationError, UserError

SECONDS = 10.0

_SCHEMES = {
    "http": "http",
    "https": "https",
    "json": "http",
    "jsons": "https",
    "ntfy": "http",
    "ntfys": "https",
}


def send(target: str, title: str, text: str) -> None:
    """Deliver a message.

    Args:
        target: `https://…` or `jsons://…` (a JSON POST that Slack, Mattermost, Discord and Apprise API understand),
            `ntfys://host/topic`; `json://` and `ntfy://` without TLS.

    Raises:
        ConfigurationError: it is no address, or its scheme is unknown. UserError: not delivered; the text never shows
            the address, which may hold a secret.
    """
    try:
        parts = urlsplit(target)
    except ValueError:
        # It says the address, too.
        raise ConfigurationError(
            "a target of `notify` is no address", hint="write what is special in its login as %XX, such as %5B for ["
        ) from None
    if parts.scheme not in _SCHEMES or not parts.hostname:
        raise ConfigurationError(
            "a target of `notify` has no known scheme", hint="use " + ", ".join(f"{scheme}://" for scheme in _SCHEMES)
        )
    url = urlunsplit((_SCHEMES[parts.scheme], parts.netloc.rpartition("@")[2], parts.path, parts.query, ""))
    body, headers = _message(parts.scheme, title, text)
    import requests

    try:
        with requests.Session() as session:
            # Neither a proxy nor a .netrc of the shell, nor a redirect, leads the message and its login elsewhere. A
            # home's own certificate authority is known all the same.
            session.trust_env = False
            session.verify = os.environ.get("REQUESTS_CA_BUNDLE") or True
            if parts.username:
                login = (unquote(part or "").encode() for part in (parts.username, parts.password))
                session.auth = requests.auth.HTTPBasicAuth(*login)
            with session.post(
                url, data=body, headers=headers, timeout=SECONDS, allow_redirects=False, stream=True
            ) as answer:
                status = answer.status_code
    except (requests.RequestException, OSError, ValueError) as error:
        raise UserError(f"the target can't be reached: {type(error).__name__}", where=parts.hostname) from None
    if status >= 300:
        raise UserError(f"the target answered {status}", where=parts.hostname)


def _message(scheme: str, title: str, text: str) -> tuple[bytes, dict[str, str]]:
    """Return the body and the headers of a message."""
    headers = {"User-Agent": "homelab-assets"}
    if scheme.startswith("ntfy"):
        return text.encode(), {**headers, "Title": title.encode("ascii", "replace").decode(), "Tags": "house"}
    whole = f"{title}\n{text}"
    # Each service reads its own key and leaves the others alone.
    message = {
        "title": title,
        "body": text,
        "message": whole,
        "text": whole,
        "content": whole[:1900],
        "type": "warning",
    }
    return json.dumps(message).encode(), {**headers, "Content-Type": "application/json"}
