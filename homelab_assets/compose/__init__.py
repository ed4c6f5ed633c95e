"""The git side: compose files in, the model that Compose would deploy out. Nothing here touches the world.

`load` is the door; it agrees with `docker compose config` of Compose 2.40.3, key by key. The way of a value:

- `yaml_nodes` parses text, in Compose's `dialect` of YAML, to nodes that know their place, `scalars` types them as Go
  does, `documents` makes trees (`tree`) of them once for every text, with anchors, merge keys and `!reset`;
- `interpolation` copies a tree and replaces variables, or leaves markers; `casts` turns text to numbers and booleans;
- `files` puts files together, each in its `scope`: `extends`, `includes`, the rules of `merge` and `unique`;
  `specification` and its parts (in the language of `schema`) say what is allowed; `canonical` and `short_syntax` bring
  short forms to long ones, `paths` makes paths absolute;
- `normalise` adds what is implied; `shapes` and their parts, made of `sections` and `values`, give each attribute its
  canonical form, with `shellwords` and `units`; `consistency` refuses contradictions; `service_files` reads env and
  label files;
- `project` leads through all this, `selection` says what of it is deployed, `sources` where a value is written,
  `extensions` deals with `x-` keys;
- `dotenv` reads `.env` files, `environment` puts the variables together, `confighash` computes Compose's label with
  what `spellings` knows of other versions.

Everywhere `problems` raises `BaselineError` with file and line.
"""

from homelab_assets.compose.interpolation import Expression, Knowledge, VariableUse
from homelab_assets.compose.project import Project, load

__all__ = ["Expression", "Knowledge", "Project", "VariableUse", "load"]
