"""The page `docs/compose-keys.md`: every compose key, and what the audit makes of it. From the field table."""

from collections.abc import Mapping

from homelab_assets.drift.document import Subject
from homelab_assets.drift.fields import TABLE, UNSEEN
from homelab_assets.drift.leaf import Row
from homelab_assets.drift.policy import Policy
from homelab_assets.drift.rows import definitions

_HEAD = """# Every compose key, and what the audit makes of it

Generated from the field table (`homelab_assets/drift/fields.py`); do not edit by hand.

An audit compares, leaf by leaf, what git declares with what `docker inspect` shows, after subtracting what the image,
the engine and Compose contribute by themselves. *Kind*: how values are compared (`scalar` as a whole, `keyed` by name,
`set` without order, `ordered` with it). *Without recreate*: somebody can change it on a living container
(`docker update`, `docker network`, `docker rename`). *Manual changes*: how many one-change tests real engines have
answered (`homelab_assets_tests/drift/mutations.py`); each is run both ways, on Engine 20.10.24 and 28.5.2, with Compose
2.40.3, 2.29.7, 2.26.1 and 2.20.3.

*Right after `up`*: how many recorded services that use the key an audit has found clean (`data/traps.yml`).

"""
_COLUMNS = (
    "key", "kind", "in inspect", "image contributes", "engine or Compose contributes", "without recreate", "severity",
    "right after `up`", "manual changes",
)  # fmt: skip

_DEFINITIONS = """
## Definitions of networks and volumes

What stands under `networks` and `volumes` at the top of a file, held against the engine's own document of that network or
volume (`homelab_assets/drift/rows/definitions.py`). None that is there is ever changed by an engine, and seldom by
Compose. The first service of the file that uses one, and has a container, tells of it: `networks.proxy.internal`,
`volumes./data.driver_opts.device`. *Changes in git*: how many one-change tests real engines have answered
(`homelab_assets_tests/drift/defined.py`), on Engine 20.10.24 and 28.5.2, with Compose 2.40.3, 2.26.1, 2.20.3 and 1.29.2.
Compose's own hash on them (networks from 2.31 on, volumes from 2.32 on), where it is reproduced, proves that nothing
differs.

| key | kind | in the document | engine or Compose contributes | severity | changes in git |
| --- | --- | --- | --- | --- | --- |
"""
_UNSEEN = """
## Not compared by themselves

| key | why |
| --- | --- |
"""


def keys_page(tested: Mapping[str, int], clean: Mapping[str, int], redefined: Mapping[str, int]) -> str:
    """Write the page.

    Args:
        tested: number of one-change tests by key of the row. clean: number of recorded services that declare a key.
        redefined: number of one-change tests of definitions by key of the row.
    """
    rows = sorted(TABLE, key=lambda row: row.key)
    table = "\n".join(_line(row, tested, clean) for row in rows)
    unseen = "\n".join(f"| `{key}` | {why} |" for key, why in sorted(UNSEEN.items()))
    columns = f"| {' | '.join(_COLUMNS)} |\n|{' --- |' * len(_COLUMNS)}"
    defined = "\n".join(_line_of_definition(row, redefined) for row in definitions.ROWS)
    return f"{_HEAD}{columns}\n{table}\n{_DEFINITIONS}{defined}\n{_UNSEEN}{unseen}\n"


def _line_of_definition(row: Row, redefined: Mapping[str, int]) -> str:
    leaf = f"{row.key}.x" if row.kind == "keyed" else row.key
    severity = Policy().judge(leaf, Subject("", "", ""), "changed").severity
    cells = (f"`{row.key}`", row.kind, f"`{row.where}`", row.engine or "–", severity, str(redefined[row.key]))
    return f"| {' | '.join(cells)} |"


def _line(row: Row, tested: Mapping[str, int], clean: Mapping[str, int]) -> str:
    cells = (
        f"`{row.key}`",
        row.kind,
        f"`{row.where}`",
        row.image or "–",
        row.engine or "–",
        "yes" if row.live else "no",
        _severity(row),
        str(clean.get(row.key, 0) or "–"),
        str(tested.get(row.key, 0) or "–"),
    )
    return "| " + " | ".join(cell.replace("|", "\\|") for cell in cells) + " |"


def _severity(row: Row) -> str:
    paths = (row.key, f"{row.key}.x")
    rules = [Policy().judge(path, Subject("", "", ""), "changed") for path in paths]
    own = [rule for rule in rules if rule.scope.path != "*"] or rules
    return own[0].severity + (" (Traefik's: functional)" if row.key == "labels" else "")


def row_key(path: str) -> str:
    """The key of the row that tells of a path."""
    if path.startswith("networks.") and path.count(".") > 1:
        return "networks.*.aliases" if path.endswith(".aliases") else "networks.*.options"
    if path.startswith("deploy.resources.limits."):
        return {"memory": "mem_limit", "cpus": "cpus", "pids": "pids_limit"}[path.rpartition(".")[2]]
    return "restart" if path.startswith("deploy.restart_policy") else path.partition(".")[0]
