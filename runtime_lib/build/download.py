"""Files of the web for ADD: fetched once, and asked for again by ETag and Last-Modified.

No credentials of the host are ever sent, and a redirection leads to http and https alone.
"""

from __future__ import annotations

import email.utils
import hashlib
import http.client
import json
import os
import shutil
import urllib.error
import urllib.request
from contextlib import contextmanager, suppress

from ..errors import CommandFailed
from ..images import layers
from ..records import dataclass
from ..store import write_file
from .remote import shown

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator
    from typing import IO, Any

    from ..store import Store
    from .remote import Remote

_LOCK = "download"
_PATIENCE = 60.0  # seconds without a byte
_PIECE = 1 << 20
_HEADERS = {"ETag": "If-None-Match", "Last-Modified": "If-Modified-Since"}


@dataclass(frozen=True)
class Download:
    """A file that is kept: its name below `place`, its address, bytes, nanoseconds of its last use."""

    name: str
    url: str
    size: int
    used: int


def place(store: Store) -> str:
    """Return the folder that holds all of them."""
    return f"{store.layout.cache}/downloads"


def listing(store: Store) -> list[Download]:
    """Return all of them, sorted by name."""
    found = []
    for name in sorted(os.listdir(place(store))) if os.path.isdir(place(store)) else ():
        with suppress(FileNotFoundError):
            status = os.stat(f"{place(store)}/{name}")
            data = f"{place(store)}/{name}/data"
            size = os.stat(data).st_size if os.path.exists(data) else 0
            found.append(
                Download(name, shown(_info(f"{place(store)}/{name}").get("url", name)), size, status.st_mtime_ns)
            )
    return found


def remove(store: Store, name: str) -> None:
    """Remove one. Raises Busy when a build uses it."""
    with store.lock(_LOCK, name, 0), layers.scratch(store) as work, suppress(FileNotFoundError):
        os.rename(f"{place(store)}/{name}", f"{work}/download")


def fetch(store: Store, remote: Remote, target: str) -> None:
    """Write the file of an address to `target`, with mode 0600 and the time of its Last-Modified, else of 1970.

    Raises CommandFailed when it cannot be fetched, or has another checksum.
    """
    kept = f"{place(store)}/{hashlib.sha256(remote.url.encode()).hexdigest()}"
    with store.lock(_LOCK, os.path.basename(kept), patience=3600.0):
        info = _info(kept)
        if not (info and remote.checksum and _digest(f"{kept}/data", remote.checksum) == remote.checksum):
            _refresh(store, remote, kept, info)
        shutil.copyfile(f"{kept}/data", target)
        os.utime(kept)
        modified = _seconds(_info(kept).get("Last-Modified", ""))
    os.chmod(target, 0o600)
    os.utime(target, (modified, modified))
    if remote.checksum:
        found = _digest(target, remote.checksum)
        if found != remote.checksum:
            raise CommandFailed(f"{remote.shown()} has the checksum {found}, not {remote.checksum}", 1)


def _refresh(store: Store, remote: Remote, kept: str, info: dict[str, str]) -> None:
    """Fetch the file unless it is as it was."""
    known = {_HEADERS[name]: value for name, value in info.items() if name in _HEADERS}
    with _told(remote), _open(remote.url, known) as answer, layers.scratch(store) as work:
        with open(f"{work}/data", "wb") as file:
            _pour(answer, file, remote)
        found = {name: answer.headers[name] for name in _HEADERS if answer.headers[name]}
        os.makedirs(kept, mode=0o700, exist_ok=True)
        os.rename(f"{work}/data", f"{kept}/data")
        write_file(f"{kept}/info", json.dumps({"url": remote.url, **found}).encode())


def once(remote: Remote, target: str) -> None:
    """Write the file of an address to `target`; nothing is kept for another time. Raises CommandFailed."""
    with _told(remote), _open(remote.url, {}) as answer, open(target, "wb") as file:
        _pour(answer, file, remote)


@contextmanager
def _told(remote: Remote) -> Iterator[None]:
    """Say what was to be fetched when that fails; that it is as it was is no failure."""
    try:
        yield
    except urllib.error.HTTPError as error:
        error.close()
        if error.code != 304:
            raise CommandFailed(
                f"cannot fetch {remote.shown()}: the server says {error.code} {error.reason}", 1
            ) from error
    except (urllib.error.URLError, http.client.HTTPException, TimeoutError) as error:
        raise CommandFailed(f"cannot fetch {remote.shown()}: {getattr(error, 'reason', error)}", 1) from error


class _Redirections(urllib.request.HTTPRedirectHandler):
    def redirect_request(
        self, req: urllib.request.Request, fp: IO[bytes], code: int, msg: str, headers: Any, newurl: str
    ) -> urllib.request.Request | None:
        if not newurl.lower().startswith(("http://", "https://")):
            fp.close()
            raise urllib.error.URLError(f"it leads to {shown(newurl)}, which is neither http nor https")
        return super().redirect_request(req, fp, code, msg, headers, newurl)


def _open(url: str, headers: dict[str, str]) -> Any:
    request = urllib.request.Request(url, headers={"User-Agent": "skiff", **headers})
    return urllib.request.build_opener(_Redirections).open(request, timeout=_PATIENCE)


def _pour(answer: Any, file: IO[bytes], remote: Remote) -> None:
    length, done = answer.headers["Content-Length"], 0
    while piece := answer.read(_PIECE):
        file.write(piece)
        done += len(piece)
    if length and length.isdigit() and done != int(length):
        raise CommandFailed(f"cannot fetch {remote.shown()}: {done} of {length} bytes came", 1)


def _info(kept: str) -> dict[str, str]:
    try:
        with open(f"{kept}/info", encoding="utf-8") as file:
            found = json.load(file)
            return found if os.path.exists(f"{kept}/data") else {}
    except (FileNotFoundError, ValueError):
        return {}


def _digest(path: str, model: str) -> str:
    """Return the digest of a file by the algorithm of another one."""
    total = hashlib.new(model.partition(":")[0])
    with open(path, "rb") as file:
        while piece := file.read(_PIECE):
            total.update(piece)
    return f"{model.partition(':')[0]}:{total.hexdigest()}"


def _seconds(text: str) -> int:
    try:
        return int(email.utils.parsedate_to_datetime(text).timestamp())
    except (TypeError, ValueError, IndexError):
        return 0
