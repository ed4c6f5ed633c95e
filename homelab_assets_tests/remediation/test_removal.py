"""What is taken out of a file takes its own lines and no others."""

import pytest

from homelab_assets.remediation.removal import without_service, without_target
from homelab_assets.remediation.splice import CannotEdit

FILE = """\
# The site.
services:
  web:
    image: web:1  # keep
    depends_on:
      - db
      - cache

  # The database,
  # of the site.
  db:
    image: 'db:1'
    # ports: [5432]

  # Everything below is fast.
  cache: {image: "cache:1", depends_on: {db: {condition: service_started}}}
  queue:
    image: queue:1
    depends_on: [db]
    links:
      - db:database

volumes:
  data:
"""


@pytest.mark.parametrize("newline", ["\n", "\r\n"])
@pytest.mark.parametrize(
    ("name", "gone"),
    [
        ("web", [3, 4, 5, 6, 7]),
        ("db", [6, 8, 9, 10, 11, 12, 13, 19, 20, 21]),
        ("cache", [7, 16]),
        ("queue", [17, 18, 19, 20, 21]),
    ],
)
def test_a_service_takes_its_lines_and_what_names_it(name: str, gone: list[int], newline: str) -> None:
    kept = "\n".join(line for number, line in enumerate(FILE.split("\n"), 1) if number not in gone)
    if name == "db":
        kept = kept.replace(", depends_on: {db: {condition: service_started}}", "")
    assert without_service(FILE.replace("\n", newline), name) == kept.replace("\n", newline)


def test_a_file_that_says_nothing_more_goes() -> None:
    assert without_service("services:\n  a:\n    image: x\n", "a") is None
    assert without_service("services:\n  a:\n    image: x\nvolumes:\n  y:\n", "a") == "volumes:\n  y:\n"
    assert without_service("services:\n  a:\n    image: x\n", "b") == "services:\n  a:\n    image: x\n"
    assert without_service("services:\n  a: {}\n  b:\n    image: x", "b") == "services:\n  a: {}"


def test_an_anchor_that_others_use_keeps_its_service() -> None:
    with pytest.raises(CannotEdit, match="anchor"):
        without_service("services:\n  a: &a\n    image: x\n  b:\n    <<: *a\n", "a")


@pytest.mark.parametrize(
    ("stack", "endpoint", "text"),
    [
        ("one", None, "# targets\ntwo: [a, b]\nthree:\n  endpoints:\n    - a\n    - b  # new\n"),
        ("two", "a", "# targets\none: a\ntwo: [b]\nthree:\n  endpoints:\n    - a\n    - b  # new\n"),
        ("three", "b", "# targets\none: a\ntwo: [a, b]\nthree:\n  endpoints:\n    - a\n"),
        ("three", None, "# targets\none: a\ntwo: [a, b]\n"),
        ("one", "a", "# targets\ntwo: [a, b]\nthree:\n  endpoints:\n    - a\n    - b  # new\n"),
        ("two", "c", "# targets\none: a\ntwo: [a, b]\nthree:\n  endpoints:\n    - a\n    - b  # new\n"),
        ("four", None, "# targets\none: a\ntwo: [a, b]\nthree:\n  endpoints:\n    - a\n    - b  # new\n"),
    ],
)
def test_a_target_takes_its_entry(stack: str, endpoint: str | None, text: str) -> None:
    before = "# targets\none: a\ntwo: [a, b]\nthree:\n  endpoints:\n    - a\n    - b  # new\n"
    assert without_target(before, stack, endpoint) == text
