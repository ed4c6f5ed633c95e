"""Patterns that are compiled late find what they would find at once."""

import importlib
import pkgutil
import re

import pytest

import homelab_assets
from homelab_assets import late as module
from homelab_assets.late import late


def test_a_late_pattern_is_compiled_at_its_first_use(monkeypatch: pytest.MonkeyPatch) -> None:
    compiled: list[str] = []
    compile_it = re.compile

    def noted(pattern: str, flags: int = 0) -> re.Pattern[str]:
        compiled.append(pattern)
        return compile_it(pattern, flags)

    monkeypatch.setattr(module.re, "compile", noted)
    pattern = late("b+", re.IGNORECASE)
    assert compiled == []
    assert pattern.sub("-", "aBBc") == "a-c"
    assert [match.span() for match in pattern.finditer("b B")] == [(0, 1), (2, 3)]
    assert compiled == ["b+"]


def test_what_a_pattern_does_not_have_is_no_method_of_it() -> None:
    with pytest.raises(AttributeError, match="serach"):
        _ = late("a").serach  # type: ignore[attr-defined]


def test_every_late_pattern_can_be_compiled() -> None:
    found = 0
    for info in pkgutil.walk_packages(homelab_assets.__path__, "homelab_assets."):
        if info.name.endswith("__main__"):
            continue
        for value in vars(importlib.import_module(info.name)).values():
            if isinstance(value, module._Late):
                re.compile(value.pattern, value.flags)
                found += 1
    assert found > 50
