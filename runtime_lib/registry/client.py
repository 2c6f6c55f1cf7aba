"""A repository of a registry: what can be read there, and what can be sent (distribution specification 1.1)."""

from __future__ import annotations

import hashlib
from contextlib import contextmanager
from urllib.parse import urlencode

from .. import strictjson
from ..errors import CorruptData, RegistryDenied, RegistryError
from ..records import dataclass
from . import credentials as accounts
from . import endpoint as endpoints
from . import failures
from .blobs import BlobReader
from .session import AGAIN, Session, pause

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator
    from typing import Any

    from .credentials import Credentials
    from .endpoint import Endpoint
    from .settings import Settings

INDEX = "application/vnd.oci.image.index.v1+json"
MANIFEST = "application/vnd.oci.image.manifest.v1+json"
DOCKER_LIST = "application/vnd.docker.distribution.manifest.list.v2+json"
DOCKER_MANIFEST = "application/vnd.docker.distribution.manifest.v2+json"
ACCEPTED = (DOCKER_MANIFEST, DOCKER_LIST, MANIFEST, INDEX)
_MOST_PAGES = 10_000
_LIMIT = strictjson.LIMIT


@dataclass(frozen=True)
class Manifest:
    """A manifest or index as the registry has it; `digest` is that of `body`."""

    media_type: str
    digest: str
    body: bytes


@dataclass(frozen=True)
class Described:
    """What a registry says of a manifest without sending it; `digest` is "" where it does not say."""

    media_type: str
    digest: str
    size: int


@contextmanager
def connect(place: Endpoint, settings: Settings, credentials: Credentials | None = None) -> Iterator[Repository]:
    """Give a repository. Without `credentials` those of the host's files are used, where there are any."""
    with Session(place, settings, _account(credentials, settings, place)) as session:
        yield Repository(session)


def _account(given: Credentials | None, settings: Settings, place: Endpoint) -> accounts.Account:
    if given:
        return accounts.Account(lambda: given)
    return accounts.account(settings.credential_files, place.registry, place.repository)


class Repository:
    """All raise RegistryDenied where credentials are missing, RegistryError for what else a registry does wrong."""

    def __init__(self, session: Session) -> None:
        self._session = session
        self._place = session.endpoint
        self._base = f"/v2/{self._place.repository}"

    def manifest(self, reference: str) -> Manifest:
        """Return the manifest of a tag or digest. Raises CorruptData when it is not the one of its digest."""
        what = f"getting the manifest of {self._place.repository}{'@' if ':' in reference else ':'}{reference}"
        path = f"{self._base}/manifests/{reference}"
        answer = self._session.request("GET", path, self._scope(), {"Accept": ", ".join(ACCEPTED)}, None, _LIMIT)
        if answer.status != 200:
            raise failures.of_answer(self._place, answer, what)
        try:
            body = answer.body(_LIMIT)
            kind = (answer.headers.get("Content-Type") or "").partition(";")[0].strip()
            told = answer.headers.get("Docker-Content-Digest")
        finally:
            answer.close()
        digest = f"sha256:{hashlib.sha256(body).hexdigest()}"
        wanted = reference if reference.startswith("sha256:") else told
        if wanted and wanted.startswith("sha256:") and wanted != digest:
            raise CorruptData(f"registry {self._place.registry}: {what}: it has the digest {digest}, not {wanted}")
        return Manifest(kind, digest, body)

    def describe(self, reference: str) -> Described | None:
        """Return what a tag or digest means, None when there is no such manifest."""
        path = f"{self._base}/manifests/{reference}"
        answer = self._session.request("HEAD", path, self._scope(), {"Accept": ", ".join(ACCEPTED)})
        if answer.status == 404:
            answer.close()
            return None
        if answer.status != 200:
            raise failures.of_answer(self._place, answer, f"looking for {self._place.repository}:{reference}")
        headers = answer.headers
        answer.close()
        kind = (headers.get("Content-Type") or "").partition(";")[0].strip()
        return Described(kind, headers.get("Docker-Content-Digest") or "", _length(headers.get("Content-Length")))

    def blob(self, digest: str, size: int, start: int = 0, total: Any = None) -> BlobReader:
        """Return a reader of a blob; see there. The first request is made when something is read."""
        return BlobReader(self._session, digest, size, start, total)

    def has_blob(self, digest: str) -> bool:
        """Whether the repository has a blob."""
        answer = self._session.request("HEAD", f"{self._base}/blobs/{digest}", self._scope(push=True))
        status = answer.status
        answer.close()
        return status == 200

    def mount(self, digest: str, source: str) -> bool:
        """Take a blob over from another repository of the same registry; return whether it did."""
        query = urlencode({"mount": digest, "from": source})
        scope = f"{self._scope(push=True)} repository:{source}:pull"
        answer = self._session.request("POST", f"{self._base}/blobs/uploads/?{query}", scope, {}, lambda: b"")
        location, status = answer.headers.get("Location"), answer.status
        answer.close()
        if status == 202 and location:  # it begins an upload instead, which is not wanted
            self._session.request("DELETE", location, self._scope(push=True)).close()
        return status == 201

    def upload(self, source: Callable[[], Iterable[bytes]], digest: Callable[[], str]) -> None:
        """Send a blob; `source` gives its bytes anew at each call, and `digest` that of the last ones, afterwards.

        So a blob that is made while it is sent needs no place of its own. What broke off is begun anew: a registry may
        have kept a part.
        """
        settings = self._session.settings
        for tried in range(1, settings.tries):
            location = self._begun()  # a registry that is away has had all its tries here
            try:
                if self._uploaded(location, source, digest, tried):
                    return
            except failures.Broken:
                pass
            settings.sleep(pause(tried))
        self._uploaded(self._begun(), source, digest, 0)

    def _begun(self) -> str:
        """Return the address to which a registry wants a blob sent."""
        answer = self._session.request("POST", f"{self._base}/blobs/uploads/", self._scope(push=True), {}, lambda: b"")
        if answer.status != 202:
            raise failures.of_answer(self._place, answer, f"sending a blob to {self._place.repository}")
        answer.close()
        return self._location(answer.headers.get("Location"))

    def _uploaded(
        self, location: str, source: Callable[[], Iterable[bytes]], digest: Callable[[], str], tried: int
    ) -> bool:
        """Send a blob; return whether it was taken, False for an answer that is worth another try, if there is one."""
        scope = self._scope(push=True)
        what = f"sending a blob to {self._place.repository}"
        kind = {"Content-Type": "application/octet-stream"}
        answer = self._session.request("PATCH", location, scope, kind, source, tries=1)
        if tried and answer.status in AGAIN:
            answer.close()
            return False
        if answer.status not in (202, 204):
            raise failures.of_answer(self._place, answer, what)
        location = self._location(answer.headers.get("Location"))
        answer.close()
        joined = "&" if "?" in location else "?"
        path = f"{location}{joined}{urlencode({'digest': digest()})}"
        answer = self._session.request("PUT", path, scope, {}, lambda: b"")
        if answer.status != 201:
            raise failures.of_answer(self._place, answer, what)
        answer.close()
        return True

    def put_manifest(self, reference: str, media_type: str, body: bytes) -> str:
        """Store a manifest under a tag or digest; return its digest."""
        path = f"{self._base}/manifests/{reference}"
        answer = self._session.request("PUT", path, self._scope(push=True), {"Content-Type": media_type}, lambda: body)
        if answer.status not in (200, 201):
            raise failures.of_answer(self._place, answer, f"storing {self._place.repository}:{reference}")
        answer.close()
        return f"sha256:{hashlib.sha256(body).hexdigest()}"

    def delete(self, digest: str) -> None:
        """Delete a manifest by its digest, or a tag."""
        scope = f"repository:{self._place.repository}:pull,push,delete"
        answer = self._session.request("DELETE", f"{self._base}/manifests/{digest}", scope)
        if answer.status not in (200, 202):
            raise failures.of_answer(self._place, answer, f"deleting {self._place.repository}@{digest}")
        answer.close()

    def tags(self) -> list[str]:
        """Return all tags."""
        return _pages(self._session, f"{self._base}/tags/list", self._scope(), "tags")

    def _scope(self, push: bool = False) -> str:
        return f"repository:{self._place.repository}:{'pull,push' if push else 'pull'}"

    def _location(self, text: str | None) -> str:
        if not text:
            raise RegistryError(f"registry {self._place.registry} does not say where an upload goes to")
        return text


def catalog(registry: str, settings: Settings, credentials: Credentials | None = None) -> list[str]:
    """Return the repositories of a registry, where it tells them."""
    place = endpoints.of(registry, "")
    with Session(place, settings, _account(credentials, settings, place)) as session:
        return _pages(session, "/v2/_catalog", "registry:catalog:*", "repositories")


def login(registry: str, settings: Settings, credentials: Credentials) -> None:
    """Ask a registry whether it accepts credentials. Raises RegistryDenied when it does not."""
    place = endpoints.of(registry, "")
    with Session(place, settings, _account(credentials, settings, place)) as session:
        try:
            answer = session.request("GET", "/v2/")
        except RegistryDenied:
            raise RegistryDenied(f"registry {registry} refuses this name or password; correct them") from None
        if answer.status != 200:
            raise failures.of_answer(place, answer, "logging in")
        answer.close()


def _pages(session: Session, path: str, scope: str, key: str) -> list[str]:
    """Return the entries of a list that comes in pages (RFC 8288, rel="next")."""
    found: list[str] = []
    seen: set[str] = set()
    while path and path not in seen and len(seen) < _MOST_PAGES:
        seen.add(path)
        answer = session.request("GET", path, scope, whole=_LIMIT)
        if answer.status != 200:
            raise failures.of_answer(session.endpoint, answer, f"listing {key}")
        try:
            document = strictjson.parse_object(answer.body(_LIMIT), f"the list of {key}")
            path = _next(answer.headers.get("Link"))
        finally:
            answer.close()
        entries = document.get(key) or []
        if not isinstance(entries, list) or not all(isinstance(entry, str) for entry in entries):
            raise CorruptData(f"registry {session.endpoint.registry}: the list of {key} is not one of texts")
        found += entries
    return found


def _next(link: str | None) -> str:
    address, _unused, rest = (link or "").partition(">")
    return address.strip()[1:] if address.strip().startswith("<") and "next" in rest else ""


def _length(text: str | None) -> int:
    return int(text) if text and text.isascii() and text.isdigit() and len(text) < 19 else 0
