"""Sends one message to one address: a webhook, or ntfy."""

import base64
import json
import urllib.error
import urllib.request
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
        ConfigurationError: the scheme is unknown. UserError: not delivered; the text never shows the address, which
            may hold a secret.
    """
    parts = urlsplit(target)
    if parts.scheme not in _SCHEMES or not parts.hostname:
        raise ConfigurationError(
            "a target of `notify` has no known scheme", hint="use " + ", ".join(f"{scheme}://" for scheme in _SCHEMES)
        )
    url = urlunsplit((_SCHEMES[parts.scheme], parts.netloc.rpartition("@")[2], parts.path, parts.query, ""))
    if parts.scheme.startswith("ntfy"):
        body, headers = text.encode(), {"Title": title.encode("ascii", "replace").decode(), "Tags": "house"}
    else:
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
        body, headers = json.dumps(message).encode(), {"Content-Type": "application/json"}
    if parts.username:
        login = f"{unquote(parts.username)}:{unquote(parts.password or '')}"
        headers["Authorization"] = "Basic " + base64.b64encode(login.encode()).decode()
    # S310: the scheme was mapped to http or https above.
    request = urllib.request.Request(url, data=body, headers={**headers, "User-Agent": "homelab-assets"})  # noqa: S310
    try:
        with urllib.request.urlopen(request, timeout=SECONDS) as answer:  # noqa: S310
            answer.read(1024)
    except urllib.error.HTTPError as error:
        error.close()
        raise UserError(f"the target answered {error.code}", where=parts.hostname) from None
    except (OSError, ValueError) as error:
        reason = getattr(error, "reason", error)
        raise UserError(f"the target can't be reached: {type(reason).__name__}", where=parts.hostname) from None
