"""Where assets are kept between runs: one canonical JSON file each, that a person can read and only the owner may."""

import json
from pathlib import Path
from typing import Any

import dagster as dg

from homelab_assets.files import read_json, write_whole


class JsonStore(dg.IOManager):
    """Keep plain JSON values below a folder, by asset key. Values arrive sealed: no secret stands in them.

    A missing file is an error, never an empty value: an audit that read nothing would call everything missing.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def file(self, key: dg.AssetKey) -> Path:
        """Return the file of an asset."""
        return self.folder.joinpath(*key.path[:-1], f"{key.path[-1]}.json")

    def handle_output(self, context: dg.OutputContext, obj: Any) -> None:
        """Write the value whole or not at all."""
        text = json.dumps(obj, indent=1, sort_keys=True, ensure_ascii=False, allow_nan=False) + "\n"
        file = self.file(context.asset_key)
        file.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        write_whole(file, text, private=True)
        context.add_output_metadata({"stored_bytes": len(text.encode("utf-8", "backslashreplace"))})

    def load_input(self, context: dg.InputContext) -> Any:
        """Read the value that the last materialization wrote."""
        return self.read(context.asset_key)

    def read(self, key: dg.AssetKey) -> Any:
        """Read an asset's stored value.

        Raises:
            dagster.Failure: it was never materialized, or its file is damaged.
        """
        name = key.to_user_string()
        try:
            return read_json(self.file(key))
        except FileNotFoundError:
            why = f"{name} was never materialized here: materialize it first, or run daily_audit"
        except (ValueError, OSError) as error:
            why = f"the stored value of {name} can't be read ({error}): materialize it again"
        raise dg.Failure(why, allow_retries=False, metadata={"file": dg.MetadataValue.path(str(self.file(key)))})
