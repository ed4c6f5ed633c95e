"""What this project reads of the apps' answers, as data. An answer that differs is not guessed at.

A shape is a list with the shape of its items; an object with those of the keys that are read (`*`: of any key), each of
which may be missing or null; or a leaf: `int` (must be there), `float`, `str`, `None` (text, number or truth value), or
`object` (whatever).
"""

from collections.abc import Iterator, Mapping
from typing import Any

from homelab_assets.media.clients.transport import Reply, Trouble, json_of

Shape = Any

_PROVIDER: Shape = {
    "id": int,
    "name": str,
    "implementation": str,
    "tags": [None],
    "fields": [{"name": str, "value": object}],
}
_INDEXER: Shape = {**_PROVIDER, "enableRss": None, "enableAutomaticSearch": None, "enableInteractiveSearch": None}
_FAILURES: Shape = [{"propertyName": str, "errorMessage": str, "isWarning": None}]
SERVARR: Mapping[str, Shape] = {
    "system/status": {"appName": str, "version": str},
    "health": [{"source": str, "type": str, "message": str}],
    # Those of Radarr and Sonarr have three switches, those of Prowlarr one.
    "indexer": [{**_INDEXER, "enable": None}],
    "downloadclient": [{**_PROVIDER, "enable": None}],
    "applications": [{**_PROVIDER, "syncLevel": str}],
    "notification": [{**_PROVIDER, "onDownload": None}],
    "test": _FAILURES,
    "testall": [{"id": int, "validationFailures": _FAILURES}],
    "command": {"id": int, "status": str},
    "indexerstatus": [{"indexerId": int, "disabledTill": str}],
    "search": [{}],
    "rootfolder": [{"path": str, "accessible": None, "freeSpace": float}],
    "remotepathmapping": [{"id": int, "host": str, "remotePath": str, "localPath": str}],
    "qualityprofile": [{"id": int, "name": str}],
    "config/downloadclient": {"enableCompletedDownloadHandling": None},
    "config/mediamanagement": {
        "copyUsingHardlinks": None, "skipFreeSpaceCheckWhenImporting": None, "minimumFreeSpaceWhenImporting": float,
    },
    "filesystem": {"directories": [{"path": str}]},
    "history": {
        "records": [
            {
                "id": int, "movieId": None, "downloadId": str, "sourceTitle": str,
                "data": {"droppedPath": str, "importedPath": str},
            }
        ]
    },
    "queue": {"records": [{"statusMessages": [{"messages": [str]}]}]},
    "movie": [{"id": int, "title": str, "tmdbId": None, "hasFile": None, "movieFile": {"path": str}}],
    "movie/lookup": [{"title": str, "year": None}],
}  # fmt: skip
_SERVER: Shape = {
    "id": int, "name": str, "hostname": str, "port": None, "apiKey": str, "useSsl": None, "baseUrl": str,
    "isDefault": None, "is4k": None, "activeDirectory": str, "activeProfileId": None,
}  # fmt: skip
OVERSEERR: Mapping[str, Shape] = {
    "/status": {"version": str},
    "/settings/public": {},
    "/settings/main": {},
    "/settings/radarr": [_SERVER],
    "/settings/sonarr": [_SERVER],
    "/settings/notifications": {"enabled": None},
    "/request": {"status": None},
}
_FILM: Shape = {
    "ratingKey": None,
    "title": str,
    "Media": [{"Part": [{"file": str, "exists": None, "accessible": None}]}],
}
PLEX: Mapping[str, Shape] = {
    "/identity": {"version": str},
    "/status/sessions": {},
    "/:/prefs": {"Setting": [{"id": None, "value": None, "default": None}]},
    "/library/sections": {"Directory": [{"key": None, "title": str, "type": str, "Location": [{"path": str}]}]},
    "/library/sections/all": {"Metadata": [_FILM]},
    "/library/metadata": {"Metadata": [_FILM]},
}
"""Of the `MediaContainer` that each answer is wrapped in."""
QBITTORRENT: Mapping[str, Shape] = {
    "app/preferences": {"save_path": str, "temp_path": str, "current_network_interface": str, "*": object},
    "app/networkInterfaceList": [{"value": str}],
    "torrents/categories": {"*": {"savePath": str, "save_path": str}},
    "torrents/info": [{"hash": str, "name": str, "progress": float, "state": str, "save_path": str}],
    "transfer/info": {"last_external_address_v4": str, "last_external_address_v6": str},
}
GLUETUN: Mapping[str, Shape] = {"/v1/vpn/status": {"status": str}, "/v1/publicip/ip": {"public_ip": str}}


_ODD = "an answer has another shape than the app's API describes"


def read(answer: Reply | Trouble, shape: Shape) -> Any:
    """Return an answer's JSON where it has a shape, else the trouble."""
    found = json_of(answer, list if isinstance(shape, list) else dict)
    return found if isinstance(found, Trouble) or isinstance(answer, Trouble) else fitting(found, shape, answer.where)


def fitting(value: Any, shape: Shape, where: str) -> Any:
    """Return a value where it has a shape, else the trouble; `where` says whose answer it is."""
    wrong = next(_differences(value, shape, ""), None)
    return value if wrong is None else Trouble("not_json", f"{where}: {wrong}", open=_ODD)


def _differences(value: Any, shape: Shape, at: str) -> Iterator[str]:
    if value is None:
        # What may be missing may be null, which no item of a list is.
        if shape is int or (at.endswith("]") and shape is not object):
            yield f"{at} is null"
    elif isinstance(shape, list):
        yield from _in_list(value, shape[0], at)
    elif isinstance(shape, dict):
        yield from _in_object(value, shape, at)
    elif not _fits(value, shape):
        yield f"{at} is no {_NAMES[shape]}"


def _in_list(value: Any, shape: Shape, at: str) -> Iterator[str]:
    if not isinstance(value, list):
        yield f"{at or 'it'} is no list"
        return
    for number, one in enumerate(value):
        yield from _differences(one, shape, f"{at}[{number}]")


def _in_object(value: Any, shape: Mapping[str, Shape], at: str) -> Iterator[str]:
    if not isinstance(value, dict):
        yield f"{at or 'it'} is no object"
        return
    for key, wanted in shape.items():
        if key != "*" and (key in value or wanted is int):
            yield from _differences(value.get(key), wanted, f"{at}.{key}".lstrip("."))
    for key in value.keys() - shape.keys() if "*" in shape else ():
        yield from _differences(value[key], shape["*"], f"{at}.{key}".lstrip("."))


_NAMES = {int: "number", float: "number", str: "text", None: "single value"}


def _fits(value: Any, leaf: Shape) -> bool:
    if leaf is None:
        return not isinstance(value, list | dict)
    return leaf is object or isinstance(value, int | float if leaf is float else leaf)
