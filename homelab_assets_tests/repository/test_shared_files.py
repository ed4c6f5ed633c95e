"""Which files beyond its folder a stack is made of."""

import time

import pytest

from homelab_assets.repository.shared_files import shared_files
from homelab_assets.repository.stacks import read_stack
from homelab_assets_tests.drift.world import Files

_COMMON = {
    ".env.shared": "A=1\n",
    "common/base.yml": "services: {base: {extends: {file: deep/more.yml, service: x}, env_file: [base.env]}}\n",
    "common/base.env": "A=1\n",
    "common/deep/more.yml": "include: [../../stacks/web/part.yml]\n",
    "common/unused.yml": "services: {}\n",
    "stacks/web/part.yml": "include: ['../other/x.yml']\n",
    "stacks/other/x.yml": "services: {}\n",
}


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("services: {app: {image: x}}", []),
        ("services: {app: {env_file: ../../.env.shared, volumes: ['../data:/data', '../../../out:/x']}}", [".env.shared"]),
        (
            "services: {app: {extends: {file: '../../common/base.yml', service: base}}}",
            ["common/base.env", "common/base.yml", "common/deep/more.yml", "stacks/other/x.yml"],
        ),
        ("include: [part.yml]", ["stacks/other/x.yml"]),
    ],
)  # fmt: skip
def test_what_compose_files_name_and_what_that_names(text: str, found: list[str]) -> None:
    tree = Files({**_COMMON, "stacks/web/compose.yml": text})
    stack = read_stack(tree, "stacks/web", "web")
    assert stack is not None
    assert list(shared_files(tree, stack)) == found


def test_a_dotenv_may_choose_them_and_a_long_text_takes_no_long() -> None:
    tree = Files(
        {**_COMMON, "web/compose.yml": "x: ../" + "a" * 500_000, "web/.env": "COMPOSE_FILE=../common/unused.yml"}
    )
    stack = read_stack(tree, "web", "web")
    assert stack is not None
    started = time.monotonic()
    assert shared_files(tree, stack) == ("common/unused.yml",)
    assert time.monotonic() - started < 5
