"""Dagster's face of the project: assets, checks, jobs, schedules and sensors over the functions that `cli` calls too.

`assembly` puts the code location together, of what these say:

- `names` are the keys that everything refers to; `assets` has a module for each group, `checks` the verdicts on what is
  stored, `jobs` which assets are made together;
- `schedules` and `sensors` say when; what a sensor concludes from what it sees is decided in `decisions`, without
  Dagster. `retention` keeps the history small, `notify` sends a message;
- `resources` is the homelab as an asset sees it; `store` keeps values as JSON, `documents` turns captures, baselines
  and drift into that and back, `tables` makes the metadata that pages show.

`run` runs a job in this process, for `drift-detector audit`.
"""
