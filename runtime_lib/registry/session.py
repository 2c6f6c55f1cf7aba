"""Requests to one registry: HTTPS or HTTP, authorization, redirects, and what is worth a second try."""

from __future__ import annotations

import email.utils
import http.client
import socket
import ssl
import time
from urllib.parse import urljoin, urlsplit

from ..errors import RegistryDenied, RegistryError
from . import addresses, challenge, failures
from .connection import Pool
from .tokens import Tokens

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from .connection import Body, Response
    from .credentials import Account
    from .endpoint import Endpoint
    from .settings import Settings

_REDIRECTS = (301, 302, 303, 307, 308)
_MOST_REDIRECTS = 5
AGAIN = (408, 429, 500, 502, 503, 504)
_LONGEST_WAIT = 120.0  # seconds that a registry may ask for with Retry-After
_AGENT = "skiff"
BROKEN = (OSError, http.client.HTTPException)


class Session:
    """A registry, and the authorization for it; a context manager."""

    def __init__(self, endpoint: Endpoint, settings: Settings, account: Account) -> None:
        self.endpoint, self.settings = endpoint, settings
        self._pool = Pool(settings)
        self._account = account
        self._tokens = Tokens(self._pool, settings, endpoint.registry, account)
        self._insecure = (
            endpoint.insecure or endpoint.host in settings.insecure or endpoint.registry in settings.insecure
        )
        self._scheme = ""

    def __enter__(self) -> Session:
        return self

    def __exit__(self, *_unused: object) -> None:
        self._pool.close()

    def request(
        self,
        method: str,
        path: str,
        scope: str = "",
        headers: Mapping[str, str] | None = None,
        body: Callable[[], Body] | None = None,
        whole: int = 0,
        tries: int = 0,
    ) -> Response:
        """Return the answer to a request; `path` begins with /v2/, or is an address that the registry gave.

        With `whole`, a good answer's body of at most so many bytes has been read. `tries` replaces the settings' own.

        Statuses of 400 and more are returned, but for those of a missing authorization and those that are worth a
        second try. Raises RegistryDenied, RegistryError.
        """
        tried = 0
        most = tries or self.settings.tries
        while True:
            tried += 1
            try:
                answer = self._whole(method, path, scope, dict(headers or {}), body, whole)
            except BROKEN as error:
                if tried >= most or not _passes(error, tried):
                    raise failures.broken(self.endpoint, error) from error
                self.settings.sleep(pause(tried))
                continue
            if answer.status not in AGAIN or tried >= most:
                return answer
            wait = self._wait(answer, tried)
            answer.close()
            self.settings.sleep(wait)

    def _whole(
        self, method: str, path: str, scope: str, headers: dict[str, str], body: Callable[[], Body] | None, limit: int
    ) -> Response:
        answer = self._authorized(method, path, scope, headers, body)
        if limit and answer.status == 200:
            try:
                answer.load(limit)
            except BaseException:
                answer.close()
                raise
        return answer

    def _wait(self, answer: Response, tries: int) -> float:
        asked = _retry_after(answer.headers.get("Retry-After"))
        if asked is not None and asked > _LONGEST_WAIT:
            answer.close()
            raise RegistryError(
                f"registry {self.endpoint.registry} has had too many requests and wants none for {asked:.0f} seconds;"
                " try again then"
            )
        return pause(tries) if asked is None else asked

    def _authorized(
        self, method: str, path: str, scope: str, headers: dict[str, str], body: Callable[[], Body] | None
    ) -> Response:
        for attempt in range(3):
            url = self._url(path)
            value = self._tokens.header(scope)
            answer = self._followed(method, url, headers, {"Authorization": value} if value else {}, body)
            if answer.status != 401:
                return answer
            found = challenge.parse(answer.headers.get_all("WWW-Authenticate") or [])
            answer.close()
            self._tokens.forget()
            if found is None or not self._tokens.met(found, url, not self._insecure) or attempt == 2:
                break
        raise self._account.trouble or RegistryDenied(
            f"registry {self.endpoint.registry} refuses access to {self.endpoint.repository or 'it'}:"
            f" log in with other credentials (skiff login {self.endpoint.registry}), or correct the name"
        )

    def _followed(
        self,
        method: str,
        url: str,
        headers: dict[str, str],
        secret: dict[str, str],
        body: Callable[[], Body] | None,
    ) -> Response:
        for _unused in range(_MOST_REDIRECTS + 1):
            mine = self._is_ours(url)
            sent = {"User-Agent": _AGENT, **headers, **(secret if mine else {})}
            answer = self._pool.request(method, url, sent, body() if body else None, not (mine and self._insecure))
            if answer.status not in _REDIRECTS or method not in ("GET", "HEAD"):
                return answer
            try:
                answer.body(1 << 16)
            finally:
                answer.close()
            url = self._target(url, answer.headers.get("Location") or "")
        raise RegistryError(f"registry {self.endpoint.registry} redirects without an end")

    def _target(self, url: str, location: str) -> str:
        parts = addresses.parse(_joined(url, location))
        if parts is None or not parts.hostname:
            raise RegistryError(
                f"registry {self.endpoint.registry} redirects to {location[:200]!r}, which is no address"
            )
        if parts.scheme == "http" and urlsplit(url).scheme == "https":
            raise RegistryError(f"registry {self.endpoint.registry} redirects from HTTPS to plain HTTP; not followed")
        if parts.hostname.startswith("169.254.") or parts.hostname.lower().startswith("fe80:"):
            raise RegistryError(
                f"registry {self.endpoint.registry} redirects to the link-local {parts.hostname}; not followed"
            )
        return parts.geturl()

    def _is_ours(self, url: str) -> bool:
        """Whether an address is of the registry itself, which may know its password and be insecure."""
        own = addresses.parse(f"{self._scheme}://{self.endpoint.host}/")
        parts = addresses.parse(url)
        return own is not None and parts is not None and addresses.place(own) == addresses.place(parts)

    def _url(self, path: str) -> str:
        """Return the address of a path; another one that the registry gave for an upload must be on the same host."""
        if not self._scheme:
            self._scheme = self._find_scheme()
        base = f"{self._scheme}://{self.endpoint.host}"
        url = _joined(f"{base}/", path)
        if not self._is_ours(url):
            raise RegistryError(f"registry {self.endpoint.registry} wants data sent to {url[:200]!r}; not done")
        return url

    def _find_scheme(self) -> str:
        """Return https, or http for a registry that may be insecure and does not speak HTTPS."""
        if not self._insecure:
            return "https"
        try:
            self._pool.request("GET", f"https://{self.endpoint.host}/v2/", {"User-Agent": _AGENT}, None, False).close()
            return "https"
        except BROKEN:
            return "http"


def _passes(error: BaseException, tried: int) -> bool:
    """Whether it may be gone after a pause: no certificate, no unknown name, no resolver that is away twice."""
    if isinstance(error, socket.gaierror):
        return error.errno == socket.EAI_AGAIN and tried < 2
    return not isinstance(error, ssl.SSLCertVerificationError) and not failures.refuses(error)


def _joined(base: str, text: str) -> str:
    try:
        return urljoin(base, text)
    except ValueError:
        return ""


def pause(tries: int) -> float:
    """Return how many seconds to wait after so many tries."""
    return min(0.5 * 2.0 ** (tries - 1), 8.0)


def _retry_after(text: str | None) -> float | None:
    """Return the seconds of a Retry-After header (RFC 9110, 10.2.3): a number, or a date."""
    if not text:
        return None
    if text.isascii() and text.isdigit() and len(text) < 10:
        return float(text)
    parsed = email.utils.parsedate_tz(text[:60])
    return max(email.utils.mktime_tz(parsed) - time.time(), 0.0) if parsed and _is_date(parsed) else None


def _is_date(parsed: tuple[int | None, ...]) -> bool:
    try:
        email.utils.mktime_tz(parsed)  # type: ignore[arg-type]
    except (ValueError, OverflowError, TypeError):
        return False
    return True
