"""Prowlarr's indexers, its applications, and the copies of both in Radarr and Sonarr."""

import re
from collections.abc import Mapping, Sequence
from functools import partial

from homelab_assets.media.clients.servarr import Failure, Provider
from homelab_assets.media.probes.base import Probe, Sight, answered, listed, title_of
from homelab_assets.media.probes.instances import leads_to
from homelab_assets.media.settings import FILM
from homelab_assets.media.verdicts import Fail, Pass, Skipped, Unknown, Verdict

_KEY = re.compile(r"\b401\b|unauthori[sz]ed|invalid credentials|api ?key", re.IGNORECASE)
_LIMIT = re.compile(r"\b429\b|too many requests|request limit", re.IGNORECASE)
# The address of a failed request is part of the message, and holds `apikey=` whatever went wrong.
_ADDRESS = re.compile(r"https?://\S+")
# The last one is what .NET makes of a name server that has no answer now; what follows is the name that was looked up.
_NAME = re.compile(
    r"name or service not known|no such host|name does not resolve|name resolution|resource temporarily unavailable \(",
    re.IGNORECASE,
)
_ADDRESSES = {"host", "port", "usessl", "urlbase", "baseurl"}
_CONNECTING = re.compile(r"connect|timed ?out|refused", re.IGNORECASE)
_FROM_PROWLARR = re.compile(r"/\d+(/api)?/?$")


def indexers_ready(sight: Sight) -> Verdict:
    """Is one enabled indexer of Prowlarr not paused after failures?"""
    assert sight.clients.prowlarr is not None
    indexers = answered(sight.clients.prowlarr.providers("indexer"))
    paused = answered(sight.clients.prowlarr.items("indexerstatus"))
    enabled = [one for one in indexers if one.enabled]
    if not enabled:
        return Fail("provider_disabled" if indexers else "no_provider", [f"{len(indexers)} indexers, none enabled"])
    until = {one.get("indexerId"): one.get("disabledTill") for one in paused if one.get("disabledTill")}
    resting = [f"{one.name} is paused until {until[one.id]}" for one in enabled if one.id in until]
    if len(resting) == len(enabled):
        return Fail("provider_backoff", resting)
    return Pass([f"enabled: {listed([one.name for one in enabled])}", *resting])


def search_finds(sight: Sight) -> Verdict:
    """Search for the test film. Prowlarr answers an empty list too when every indexer failed inside."""
    assert sight.clients.prowlarr is not None
    found = answered(sight.clients.prowlarr.search(FILM))
    if not found:
        return Unknown(f"no result for “{FILM}”", "search_empty")
    return Pass([f"{len(found)} results for “{FILM}”"])


def application_works(app: str, sight: Sight) -> Verdict:
    """Let Prowlarr test an application: it calls the app, and makes the app call back, so one call proves both ways."""
    assert sight.clients.prowlarr is not None
    found = answered(sight.clients.prowlarr.providers("applications"))
    mine = [one for one in found if one.implementation.lower() == app]
    enabled = [one for one in mine if one.enabled]
    if not enabled:
        return _without_sync(app, mine, sight)
    # A second instance (for 4K, say) is another app, with a key of its own that nobody here knows.
    ours = [one for one in enabled if leads_to(app, str(one.fields.get("baseUrl")), sight)] or enabled
    failed: list[Fail] = []
    for one in ours:
        failures = answered(sight.clients.prowlarr.test("applications", one.raw))
        if failures:
            failed.append(_application_fails(one, failures[0], app))
    if len(failed) == len(ours):
        return failed[0]
    if failed:
        which = f"which of {listed([one.name for one in ours])} is the {title_of(app)} of lab.yaml can't be told"
        return Unknown(f"{which}, and {failed[0].about} fails", None, failed[0].evidence)
    return Pass([f"Prowlarr reaches {listed([one.name for one in ours])}, and is reached from there"])


def _without_sync(app: str, disabled: Sequence[Provider], sight: Sight) -> Verdict:
    """Judge where Prowlarr hands an app no indexers: somebody may have entered them there by hand."""
    seen = f"Prowlarr has no application of the kind {title_of(app)}"
    if disabled:
        seen = f"{disabled[0].name} has sync level disabled"
    own = answered(getattr(sight.clients, app).providers("indexer"))
    if any(one.enabled and is_prowlarrs(one) for one in own):
        return Skipped(f"{seen}: Prowlarr's indexers in {title_of(app)} are kept by hand")
    if disabled:
        return Fail("provider_disabled", [seen], about=disabled[0].name)
    return Fail("no_provider", [seen])


def _application_fails(application: Provider, failure: Failure, app: str) -> Fail:
    text = f"{failure.field or 'test'}: {failure.message}"
    if failure.field == "ApiKey":
        return Fail(
            "key_stale_copy", [f"Prowlarr's copy of {title_of(app)}'s key is refused", text], about=application.name
        )
    if failure.field == "ProwlarrUrl":
        where = f"{title_of(app)} can't reach Prowlarr at {application.fields.get('prowlarrUrl')}"
        return Fail(cause_of_failure(failure, "unreachable"), [where, text], about=application.name)
    where = f"Prowlarr can't reach {title_of(app)} at {application.fields.get('baseUrl')}"
    return Fail(cause_of_failure(failure, "unreachable"), [where, text], about=application.name)


def app_searches(app: str, sight: Sight) -> Verdict:
    """Let Radarr or Sonarr test its indexers, with the copy of Prowlarr's address and key that it holds."""
    client = getattr(sight.clients, app)
    found = answered(client.providers("indexer"))
    mine = [one for one in found if "prowlarr" not in sight.settings.services or is_prowlarrs(one)]
    if not mine:
        return Fail("no_provider", [f"{len(found)} indexers, none of them Prowlarr's"])
    enabled = [one for one in mine if one.enabled]
    if not enabled:
        return Fail("provider_disabled", [f"none of {listed([one.name for one in mine])} is enabled"])
    # A request is searched for once, when it comes in; the others would only notice it among what is new.
    if all(one.raw.get("enableAutomaticSearch") is False for one in enabled):
        return Fail("provider_disabled", [f"automatic search is off: {listed([one.name for one in enabled])}"])
    results = answered(client.test_all("indexer"))
    return _judge_indexers(enabled, results)


def _judge_indexers(enabled: Sequence[Provider], results: Mapping[int, Sequence[Failure]]) -> Verdict:
    tested = [one for one in enabled if one.id in results]
    failed = [(one, results[one.id][0]) for one in tested if results[one.id]]
    seen = [f"{one.name}: {failure.message}" for one, failure in failed]
    # A wrong key is a fault wherever it stands; a tracker that is down is everyday life while others work.
    for one, failure in failed:
        if cause_of_failure(failure, "") == "key_stale_copy":
            return Fail("key_stale_copy", ["the copy of Prowlarr's key is refused", *seen], about=one.name)
    if not tested:
        return Unknown(f"the app skipped all of {listed([one.name for one in enabled])} in its test")
    if len(failed) == len(tested):
        return Fail(cause_of_failure(failed[0][1], "unreachable"), seen, about=failed[0][0].name)
    works = [one for one in tested if not results[one.id]]
    if not any(one.is_for_all for one in works):
        return Unknown(f"{listed([one.name for one in works])}: for titles with one of their tags alone", None, seen)
    return Pass([f"{len(works)} of {len(tested)} indexers work", *seen])


def is_prowlarrs(indexer: Provider) -> bool:
    """Say whether an indexer of Radarr or Sonarr is one of Prowlarr's, by its name or its address."""
    return indexer.name.endswith("(Prowlarr)") or bool(_FROM_PROWLARR.search(str(indexer.fields.get("baseUrl") or "")))


def cause_of_failure(failure: Failure, otherwise: str) -> str:
    """Return the cause behind a failed test of a provider, from its field and its words."""
    text = _ADDRESS.sub("", failure.message)
    if _LIMIT.search(text):
        return "provider_backoff"
    if failure.field.lower() == "apikey" or _KEY.search(text):
        return "key_stale_copy"
    if "[410" in text or "disabled" in text.lower():
        return "provider_disabled"
    if "no results in the configured categories" in text or "No rss feed query" in text:
        return "categories"
    if _NAME.search(text):
        return "dns"
    return "server_error" if re.search(r"\[5\d\d\b", text) else otherwise


def reached(failure: Failure) -> bool:
    """Say whether a failed test of a provider got as far as the other side, which then answered something."""
    if failure.field:
        return failure.field.lower() not in _ADDRESSES
    cause = cause_of_failure(failure, "unreachable")
    return cause != "dns" and not (cause == "unreachable" and _CONNECTING.search(failure.message))


PROBES = (
    Probe(
        id="indexers.ready", link="indexers", app="prowlarr", title="Prowlarr has an indexer that is ready",
        proves="At least one indexer is enabled and not paused after failures.",
        judge=indexers_ready, apps=("prowlarr",), needs=("prowlarr.key",),
    ),
    Probe(
        id="indexers.search", link="indexers", app="prowlarr", title="A search finds something",
        proves="Prowlarr brings results for the test film.", judge=search_finds, apps=("prowlarr",),
        needs=("indexers.ready",), deep=True, active=True,
    ),
    *(
        Probe(
            id=f"applications.{app}", link="applications", app="prowlarr",
            title=f"Prowlarr and {title_of(app)} reach each other",
            proves=f"Prowlarr's copy of {title_of(app)}'s key is right, and {title_of(app)} finds its way back.",
            judge=partial(application_works, app), apps=("prowlarr", app), needs=("prowlarr.key", f"{app}.key"),
            deep=True, active=True,
        )
        for app in ("radarr", "sonarr")
    ),
    *(
        Probe(
            id=f"search.{app}", link="search", app=app, title=f"{title_of(app)} searches through Prowlarr",
            proves=f"{title_of(app)}'s copies of Prowlarr's address and key are right, and categories bring results.",
            judge=partial(app_searches, app), apps=(app,),
            needs=(f"{app}.key", "prowlarr.key", "indexers.ready", f"applications.{app}"), deep=True, active=True,
        )
        for app in ("radarr", "sonarr")
    ),
)  # fmt: skip
