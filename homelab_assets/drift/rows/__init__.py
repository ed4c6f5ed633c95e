"""The rows of the field table, by subject; `homelab_assets.drift.fields` assembles them."""
