"""JSON for people and machines: readable in any language, and harmless on a terminal."""

import json
import re
from typing import Any

from homelab_assets.late import late

# Controls, direction marks and invisible characters; in JSON they can only stand inside of texts.
_HIDDEN = late(
    "[\x7f-\x9f\xad\u061c\u180e\u200b-\u200f\u2028-\u202e\u2060-\u206f\ud800-\udfff\ufeff\ufff9-\uffff"
    "\U000e0000-\U000e0fff]"
)


def json_text(value: Any) -> str:
    """Return a value as indented JSON with a newline at the end.

    Letters stay as they are; what a terminal would act on, and what no UTF-8 file can hold, is escaped.
    """
    return _HIDDEN.sub(_escaped, json.dumps(value, indent=2, ensure_ascii=False)) + "\n"


def _escaped(match: re.Match[str]) -> str:
    return json.dumps(match[0])[1:-1]
