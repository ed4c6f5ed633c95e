"""What must never happen: a secret gets out, an input breaks the tool, a fault loses something."""
