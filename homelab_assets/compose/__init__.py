"""The git side: compose files in, the model that Compose would deploy out. Nothing here reads a file, a clock or a shell.

`load` is the door; it agrees with `docker compose config` of Compose 2.40.3, key by key. The way of a value:

- `yaml_nodes` parses text to nodes that know their place, `scalars` types them as Go does, `documents` makes trees of them
  (anchors, merge keys, `!reset`), once for every text;
- `interpolation` copies a tree and replaces variables, or leaves markers; `casts` turns text into numbers and booleans;
- `files` puts files together: `extends`, `include`, the rules of `merge`; `specification` (in the language of `schema`)
  says what is allowed; `canonical` and `short_syntax` bring short forms to long ones, `paths` makes paths absolute;
- `normalise` adds what is implied, `shapes` and `values` give each attribute its canonical form, with `shellwords` and
  `units`, `consistency` refuses contradictions; `project` leads through all this, `sources` says where a value is written;
- `dotenv` reads `.env` files, `environment` puts the variables together, `confighash` computes Compose's label.

Everywhere `problems` raises `BaselineError` with file and line.
"""

from homelab_assets.compose.interpolation import Expression, VariableUse
from homelab_assets.compose.project import Project, load

__all__ = ["Expression", "Project", "VariableUse", "load"]
