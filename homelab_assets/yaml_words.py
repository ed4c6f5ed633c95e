"""What a YAML parser means, in words that a person can act on."""

from typing import Any


def hint_of(error: Any, text: str) -> str | None:
    """Say what to do about a `yaml.MarkedYAMLError`, from the character at which the parser stopped; None where its own
    words say it.

    Args:
        text: what was parsed.
    """
    mark, problem = error.problem_mark, error.problem or ""
    character = text[mark.index] if mark is not None and mark.index < len(text) else ""
    if character == "\t" or "tab character" in problem:
        return "that is a tab (\\t): YAML wants spaces"
    if problem == "found character that cannot start any token" and character:
        return f"that is {character!r}: put a value that begins with it in quotes"
    return None
