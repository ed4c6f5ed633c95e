"""Documentation that writes itself: pure functions from what was seen to texts. Nothing here reads or writes.

`generate` is the door. In the order in which to read:

- `estate` is what all documents are made from: every service with what runs, what git says and what the audit found.
  `survey` builds it from containers (`seen`), from git (`declarations`) and from the drift document;
- what is found out about it: `purposes` (what a service is for), `traefik` and `access` (where it is reached),
  `dependencies` (who needs whom; `cycles`, and `impact` if it stops), `commands` (with its real names and paths);
- documents: `catalog` with `catalog_text` and `dashboards`; `architecture` with the diagrams of `topology`, `networks`
  and `media_flow`, drawn by `mermaid`; `dependency_text`; `runbooks` with `service_runbooks` and `rebuild`;
- the past: `audit_trail` with `audit_trail_text`; `change` says what a commit changed between the models that
  `history_models` reads;
- what documents share: `words`, `links` (to the forge and to runbooks), `markers` (generated blocks in files that
  people write in too).

Beside the way stand `status`, the state at a glance, and `cron`, which knows when the next audit is due.
"""
