"""Colours on a terminal, where they are wanted."""

from typing import Any

import click
from msgspec import Struct


class Painter(Struct, frozen=True):
    """Paints text, or leaves it as it is. A call takes what `click.style` takes."""

    color: bool

    def __call__(self, text: str, **style: Any) -> str:
        return click.style(text, **style) if self.color else text

    def red(self, text: str) -> str:
        return self(text, fg="red", bold=True)

    def yellow(self, text: str) -> str:
        return self(text, fg="yellow")

    def green(self, text: str) -> str:
        return self(text, fg="green")

    def bold(self, text: str) -> str:
        return self(text, bold=True)

    def dim(self, text: str) -> str:
        return self(text, dim=True)
