"""What stands behind git's variables on a host, found as the comparison finds it, so that it can be sealed at rest."""

import re
from bisect import bisect_right
from collections.abc import Collection, Iterator, Mapping, Sequence
from contextlib import suppress
from typing import Any

import msgspec
from msgspec.structs import replace

from homelab_assets.drift.binding_hosts import bind_to_hosts
from homelab_assets.drift.malformed import MalformedCapture, reading, without
from homelab_assets.drift.matching import Containers
from homelab_assets.drift.respelling import spellings_of
from homelab_assets.drift.settling import settle_stacks
from homelab_assets.drift.unify import Settled, unexplained_texts
from homelab_assets.drift.view import Host
from homelab_assets.errors import UserError
from homelab_assets.late import late
from homelab_assets.model import Baseline, Captured, CaptureResult
from homelab_assets.secrecy import TOKEN, Vault
from homelab_assets.secrecy.values import named_secrets, seal_values

_SEALED = ("containers", "networks", "volumes")
"""What of a capture is sealed once more; an image is known to everybody who can pull it."""

_WORD = late(r"\w+")
_UNBROKEN = late(r"""[^\s"']+""")
_DEFAULT = late(r"\$\{\w+:?[-+]([^{}]+)\}")
_LONGEST_PHRASE = 4
_LONGEST_PART = 256


def sealed_for_rest(captured: Captured, baselines: Sequence[Baseline], vault: Vault) -> CaptureResult:
    """Return a capture as it may be written: what stands behind git's `${VAR}` is sealed too, `.env` files wholly.

    `woken` undoes it in the same process. A capture that no engine wrote counts as not made.
    """
    try:
        with reading(captured):
            values = values_behind_variables(captured, baselines, vault)
            spellings = _spellings(captured, baselines, vault)
    except MalformedCapture as malformed:
        return without([captured], malformed)[0]
    return replace(
        captured,
        **{part: [seal_values(one, values, vault) for one in getattr(captured, part)] for part in _SEALED},
        dotenv=_wholly_sealed(captured.dotenv, vault),
        env_files=_wholly_sealed(captured.env_files, vault),
        spellings=spellings,
    )


def _spellings(captured: Captured, baselines: Sequence[Baseline], vault: Vault) -> dict[str, list[str]]:
    found: dict[str, set[str]] = {}
    for settled in _settled(captured, baselines, vault):
        for value, spelling in spellings_of(settled):
            if spelling != value:
                found.setdefault(value, set()).add(spelling)
    return {value: sorted(spellings) for value, spellings in sorted(found.items())}


def woken(captured: Captured, baselines: Sequence[Baseline], vault: Vault) -> Captured:
    """Return a stored capture as it was captured, if this process captured it; else with what can be known: what git
    and the images have in clear, too, is recognised.

    Of a variable whose value only another process knew the token is left, which equals that of the same value.
    """
    _recognise(captured, baselines, vault)
    return replace(
        captured,
        **{part: [vault.seal_inspect(vault.reveal_all(one)) for one in getattr(captured, part)] for part in _SEALED},
        dotenv=_woken_files(captured.dotenv, vault),
        env_files=_woken_files(captured.env_files, vault),
    )


def _recognise(captured: Captured, baselines: Sequence[Baseline], vault: Vault) -> None:
    """Let the vault know what tokens of a capture stand for that are words of git's stacks, or of the images, as well:
    a value of a `.env` may be a part of paths and commands that have nothing to do with it."""
    parts = [getattr(captured, part) for part in (*_SEALED, "dotenv", "env_files")]
    stored = msgspec.json.encode(parts).decode()
    unknown = {match[0] for match in TOKEN.finditer(stored) if not vault.revealable(match[0])}
    texts = (*_texts_of(baselines, captured.host), msgspec.json.encode(captured.images).decode()) if unknown else ()
    lines = [line for text in texts for line in text.splitlines()]
    within = {_rest_of_word(stored, match) for match in TOKEN.finditer(stored) if match[0] in unknown} - {("", "")}
    phrases = {phrase for line in lines for phrase in (*_phrases(line), *_parts_of_words(line, within))}
    for phrase in phrases:
        if vault.fingerprint(phrase) in unknown:
            vault.token(phrase)


def _rest_of_word(text: str, token: re.Match[str]) -> tuple[str, str]:
    """What of a word stands before and behind a token in it."""
    start, end = token.span()
    before = start
    while before and _WORD.match(text, before - 1):
        before -= 1
    rest = _WORD.match(text, end)
    return text[before:start], rest[0] if rest else ""


def _texts_of(baselines: Sequence[Baseline], host: str) -> Iterator[str]:
    for baseline in baselines:
        if baseline.endpoint in (host, None):
            for file in baseline.files:
                with suppress(UserError):
                    yield (baseline.tree.read(file) or b"").decode("utf-8", "replace")


def _phrases(line: str) -> Iterator[str]:
    """Give every run of a few words, with what is between them, and of however many without a blank or quote or in a
    variable's default."""
    yield from _UNBROKEN.findall(line)
    yield from _DEFAULT.findall(line)
    words = [match.span() for match in _WORD.finditer(line)]
    for number, (start, _) in enumerate(words):
        yield from (line[start:end] for _, end in words[number : number + _LONGEST_PHRASE])


def _parts_of_words(line: str, around: Collection[tuple[str, str]]) -> Iterator[str]:
    """Give what stands between these beginnings and ends of words."""
    for before, after in around:
        if before in line and after in line:
            starts = [match.end() for match in re.finditer(rf"(?<!\w){re.escape(before)}", line)]
            ends = [match.start() for match in re.finditer(rf"{re.escape(after)}(?!\w)", line)]
            for start in starts:
                near = ends[bisect_right(ends, start) : bisect_right(ends, start + _LONGEST_PART)]
                yield from (line[start:end] for end in near)


_Files = Mapping[str, Mapping[str, str | None]]


def _wholly_sealed(files: _Files, vault: Vault) -> dict[str, dict[str, Any]]:
    return {
        file: {name: value and vault.token(value) for name, value in found.items()} for file, found in files.items()
    }


def _woken_files(files: _Files, vault: Vault) -> dict[str, dict[str, Any]]:
    return {
        file: {name: token and vault.seal(name, vault.reveal(token)) for name, token in found.items()}
        for file, found in files.items()
    }


def values_behind_variables(captured: Captured, baselines: Sequence[Baseline], vault: Vault) -> set[str]:
    """Return what the variables of a host's stacks stand for, in clear where the process knows it: what its `.env`
    files say, what its containers give away, and the containers' own variables that are secrets by their names."""
    # Without its files: containers that were started with other values than theirs give them away, too.
    unaided = replace(captured, dotenv={}, env_files={}, compose_variables={})
    files = (*captured.dotenv.values(), *captured.env_files.values())
    found = {value for variables in files for value in variables.values() if value}
    for container in Containers(Host(captured)).all:
        found.update(named_secrets(container.variables, vault))
    for settled in _settled(unaided, baselines, vault):
        found.update(value for value in settled.known.values() if value)
        found.update(unexplained_texts(settled))
        found.update(value for values in settled.bindings.choices.values() for value in values if value)
    return {vault.reveal(value) for value in found}


def _settled(captured: Captured, baselines: Sequence[Baseline], vault: Vault) -> Iterator[Settled]:
    containers = Containers(Host(captured))
    bound = [
        one for one in bind_to_hosts(baselines, {captured.host: containers}, [captured]) if one.host == captured.host
    ]
    names = frozenset(name for one in bound for name in one.project_names)
    settled = settle_stacks(bound, containers, vault, names, lambda one, error: None)
    return (stack for _, stack in settled)
