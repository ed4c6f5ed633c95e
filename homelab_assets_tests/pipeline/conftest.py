"""Connections, clients and test data of the operator's suite.

Where the apps are, in this order: `lab.yaml` (`$HOMELAB_LAB` or `./lab.yaml`) with a media section; else `<APP>_URL`,
`<APP>_API_KEY`, `PLEX_TOKEN`, `QBITTORRENT_USERNAME`, `QBITTORRENT_PASSWORD`, `HOME_ADDRESSES` (comma-separated) and
`MEDIA_HOST` (the Docker address of the host that runs the apps, such as `ssh://root@192.168.50.161`) in the environment
or in `./.env`; else a simulated media host. What is not configured is skipped with that reason.
"""

import os
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path

import pytest
from dotenv import dotenv_values

from homelab_assets.audit import utc_now
from homelab_assets.fingerprint_key import load_key
from homelab_assets.media.clients import Clients, open_clients
from homelab_assets.media.result import Check, PipelineResult
from homelab_assets.media.session import Session, open_session, remembered
from homelab_assets.media.settings import APPS, FILM, FILM_ID, MediaSettings, Service
from homelab_assets.media.simulator import World
from homelab_assets.media.verdicts import Blocked, Fail, Pass, Skipped, Unknown
from homelab_assets.model import Captured, CaptureResult
from homelab_assets.rendering.pipeline_words import by_id
from homelab_assets.secrecy import Vault

Prove = Callable[[str], None]


CHAIN = ("service_health", "qbittorrent_vpn", "radarr_prowlarr", "download_paths", "plex_autoscan", "end_to_end")


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Mark the suite's tests, and run them in the order of the chain: a cause before what depends on it."""
    here = Path(__file__).parent
    places = [number for number, item in enumerate(items) if item.path.is_relative_to(here)]
    own = sorted((items[number] for number in places), key=lambda item: CHAIN.index(item.path.stem[len("test_") :]))
    for number, item in zip(places, own, strict=True):
        item.add_marker(pytest.mark.pipeline)
        items[number] = item


@pytest.fixture(scope="session")
def environment() -> Mapping[str, str]:
    """The environment, and beneath it `./.env`."""
    return {**{name: value for name, value in dotenv_values(".env").items() if value}, **os.environ}


@pytest.fixture(scope="session")
def session(environment: Mapping[str, str]) -> Iterator[Session]:
    """Everything that is needed to talk to the pipeline: settings, clients, the host's containers."""
    from homelab_assets.lab.settings import find_lab, load_lab

    if find_lab(environment=environment):
        lab = load_lab(environment=environment)
        if lab.media.get("services"):
            salt = load_key(lab.state, create=False)
            with open_session(lab, vault=Vault(salt), salt=salt) as opened:
                yield opened
            return
    settings = settings_from(environment)
    if settings.services:
        state = Path(environment.get("HOMELAB_STATE", ".homelab_state"))
        salt = load_key(state)
        captured = containers_of(environment.get("MEDIA_HOST"), salt)
        with (
            remembered(state / "refused-logins.json") as memory,
            open_clients(settings, memory=memory, salt=salt) as clients,
        ):
            yield Session(settings=settings, clients=clients, captured=captured, salt=salt)
        return
    with World() as world, world.clients() as clients:
        captured = Captured(
            host="simulated",
            captured_at=utc_now(),
            engine={},
            images=(),
            networks=(),
            containers=world.containers(),
            volumes=world.volumes,
        )
        yield Session(settings=world.settings(), clients=clients, captured=captured, salt=b"simulated")


def containers_of(docker: str | None, salt: bytes) -> CaptureResult | None:
    """Capture the host that runs the apps, given its Docker address."""
    if not docker:
        return None
    from homelab_assets.engine import capture_host
    from homelab_assets.lab.settings import HostSettings

    return capture_host(HostSettings(name="media-host", docker=docker), vault=Vault(salt))


def settings_from(environment: Mapping[str, str]) -> MediaSettings:
    """Read connections from variables."""

    def value(app: str, name: str) -> str | None:
        return environment.get(f"{app.upper()}_{name}") or None

    services = {
        app: Service(
            url=url,
            api_key=value(app, "API_KEY"),
            token=value(app, "TOKEN"),
            username=value(app, "USERNAME"),
            password=value(app, "PASSWORD"),
        )
        for app in (*APPS, "seerr")
        if (url := value(app, "URL"))
    }
    home = [text.strip() for text in environment.get("HOME_ADDRESSES", "").split(",") if text.strip()]
    host = "media-host" if environment.get("MEDIA_HOST") else None
    return MediaSettings(host=host, services=services, home_addresses=home)


@pytest.fixture(scope="session")
def settings(session: Session) -> MediaSettings:
    """Where the apps are."""
    return session.settings


@pytest.fixture(scope="session")
def clients(session: Session) -> Clients:
    """A client per configured app: `clients.radarr`, `clients.plex` and so on."""
    return session.clients


@pytest.fixture(scope="session")
def test_movie_id(environment: Mapping[str, str]) -> int:
    """The Movie Database's id of a film in the public domain (`TEST_MOVIE_ID`)."""
    return int(environment.get("TEST_MOVIE_ID", FILM_ID))


@pytest.fixture(scope="session")
def test_movie_title(environment: Mapping[str, str]) -> str:
    """Its title (`TEST_MOVIE_TITLE`)."""
    return environment.get("TEST_MOVIE_TITLE", FILM)


@pytest.fixture(scope="session")
def result(session: Session) -> PipelineResult:
    """All probes, run once for the whole suite: one login, each question asked once."""
    return session.check(generated_at=utc_now())


@pytest.fixture(scope="session")
def document(session: Session, result: PipelineResult) -> dict[str, object]:
    """The result with its proposed fixes, as the report has it."""
    return session.document(result)


@pytest.fixture(scope="session")
def said() -> set[str]:
    """Ids of the failed checks that a test has already failed for."""
    return set()


@pytest.fixture
def prove(result: PipelineResult, document: dict[str, object], said: set[str]) -> Prove:
    """Assert that a check passes; say what is wrong and what to do where it does not."""

    def check_it(identity: str) -> None:
        check = result.check(identity)
        match check.verdict:
            case Pass():
                return
            case Skipped(why):
                pytest.skip(why)
            case Unknown(why):
                pytest.fail(f"{check.probe.title}: can't be told: {why}", pytrace=False)
            case Blocked(by) if by in said:
                pytest.skip(f"depends on a check that failed: {result.check(by).probe.title} ({by})")
            case Blocked(by):
                # Also when only this file is run, the failure behind it has to show.
                said.add(by)
                pytest.fail(
                    f"{check.probe.title}: can't be judged, because\n{in_words(result.check(by), document)}",
                    pytrace=False,
                )
            case Fail():
                said.add(identity)
                pytest.fail(in_words(check, document), pytrace=False)

    return check_it


def in_words(check: Check, document: dict[str, object]) -> str:
    """Say what failed, why, and what to do."""
    words = by_id(document)[check.probe.id]
    lines = [f"{check.probe.title}: {words['title']}", str(words["diagnosis"])]
    lines += [f"  seen: {line}" for line in words["evidence"]]
    return "\n".join([*lines, f"  do: {words['remedy']}"])
