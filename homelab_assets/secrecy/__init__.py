"""What is a secret, and how it travels: as a token, never as itself.

A secret is replaced where it enters (capture, `.env`, credentials) by a token like
`<secret#3f2a.9f86d081884c7d651a2b>`: the first part names the installation's key, the second is a keyed fingerprint
(HMAC-SHA-256) of the secret. Equal secrets have equal tokens, so everything downstream compares, stores and prints
tokens as ordinary text. A `Vault` remembers, in memory only, what it sealed: `reveal` gives it back to the few that
need it (the config hash, an apply plan).

A value is a secret if its name says so, if it looks like one, or if it stands where git has an unresolved `${VAR}`
(the last is judged by the comparison, which knows git's side).

In the order in which to read:

- `tokens` are what stands for a secret. `names` says what the name of a variable tells of its value; `looks` finds what
  looks like a secret, `places` what stands where secrets stand: in URLs and headers, in `commands`, in `structures` of
  several values; `finding` is what these searches share;
- `vault` seals and reveals, `documents` knows the fields of inspect documents in which a text may stand;
- `values` seals once more what stands behind git's variables, before a capture is stored, and finds secrets anywhere;
- `defects` tells of an error of ours without the data that it met.
"""

from homelab_assets.secrecy.looks import find_secrets
from homelab_assets.secrecy.names import names_a_secret, words
from homelab_assets.secrecy.tokens import HIDDEN, SHOWN, SHOWN_CHANGED, TOKEN, has_token, outside, show
from homelab_assets.secrecy.vault import Vault, is_secret, redact

__all__ = [
    "HIDDEN",
    "SHOWN",
    "SHOWN_CHANGED",
    "TOKEN",
    "Vault",
    "find_secrets",
    "has_token",
    "is_secret",
    "names_a_secret",
    "outside",
    "redact",
    "show",
    "words",
]
