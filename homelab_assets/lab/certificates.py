"""Files of certificates that `lab.yaml` names, for addresses whose certificate no public authority has signed."""

import os
import ssl
from typing import TYPE_CHECKING

from homelab_assets.errors import ConfigurationError

if TYPE_CHECKING:
    from homelab_assets.lab.settings import Lab


def trusted(lab: "Lab", text: str, key: str) -> str:
    """Return the file that a key names, once it is known to hold certificates: a call would not say why it fails.

    Raises:
        ConfigurationError: it is not there, or holds none.
    """
    file = lab.file.parent / os.path.expanduser(text)
    try:
        ssl.create_default_context(capath=file) if file.is_dir() else ssl.create_default_context(cafile=file)
    except OSError as error:
        raise ConfigurationError(
            f"{key}: {file} " + ("holds no certificates" if isinstance(error, ssl.SSLError) else f"{error.strerror}"),
            where=f"{lab.file}:{lab.lines.get(key, 1)}",
            hint="name a file of certificates in PEM format",
        ) from None
    return str(file)
