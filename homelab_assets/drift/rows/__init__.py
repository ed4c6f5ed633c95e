"""The rows of the field table, by subject; `homelab_assets.drift.fields` assembles them.

`shapes` makes most of them, and knows the units of compose. The subjects: `process` (image, command, user), `names`,
`environment` (and labels), `ports`, `mounts` (volumes, binds and tmpfs; `mount` is one of them, as compared),
`borrowed` (another container's mounts), `files` (secrets and configs), `networks` (which a container is in),
`endpoints` (what it is there), `links`, `namespaces`, `security`, `resources` (limits), `upkeep` (restarts, health,
logs, hosts).

No part of the table are `definitions`, the rows of networks and volumes as a whole, with their address `pools`; `made`
finds what an engine has made of one.
"""
