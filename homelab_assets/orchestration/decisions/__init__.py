"""What the sensors decide, as pure functions: cursor and observations in, cursor and requests out. No Dagster here."""
