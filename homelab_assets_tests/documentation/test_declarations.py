"""What git declares, with the values that somebody keeps out of git as the variables that hold them."""

import json

import pytest
from msgspec import to_builtins

from homelab_assets.documentation.declarations import declare
from homelab_assets_tests.drift.world import baseline

VALUES = {
    "TITLE": "sunny-otter-77x",
    "DOMAIN": "home.example",
    "KIND": "media",
    "TOKEN": "<secret#91b4.0f89bc594596a302acc1>",
}
BODY = (
    "image: 'plain:1', hostname: '${TITLE}', labels: {a: '${DOMAIN} ${KIND} ${TOKEN}'}, volumes: ['/srv/${TITLE}:/x']"
)


def test_a_value_that_is_for_nobody_to_see_stays_behind_its_variable() -> None:
    (found,) = declare([baseline("web", f"services: {{app: {{{BODY}}}}}", variables=VALUES)])
    text = json.dumps(to_builtins(found))
    assert VALUES["TITLE"] not in text
    assert "<secret#" not in text
    assert '"home.example media ${TOKEN}"' in text
    assert "/srv/${TITLE}" in text


@pytest.mark.parametrize("name", ["TITLE", "KIND"])
def test_a_value_that_chooses_a_file_is_used(name: str) -> None:
    text = f"include: ['${{{name}}}.yml']\nservices: {{other: {{image: 'plain:1'}}}}"
    extra = {f"{VALUES[name]}.yml": f"services: {{app: {{{BODY}}}}}"}
    found = declare([baseline("web", text, extra=extra, variables=VALUES)])
    assert {one.service for one in found} == {"app", "other"}
