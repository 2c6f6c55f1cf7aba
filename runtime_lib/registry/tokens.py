"""Answers to a registry's challenges: a password, or a token that its token server gives for one.

Source: distribution's documentation, "Token Authentication Specification" and "OAuth2 Token Authentication".
"""

from __future__ import annotations

from urllib.parse import urlencode, urlsplit

from .. import strictjson
from ..errors import RegistryDenied, RegistryError
from . import addresses

TYPE_CHECKING = False
if TYPE_CHECKING:
    from .challenge import Challenge
    from .connection import Pool, Response
    from .credentials import Account
    from .settings import Settings

_LIMIT = 1 << 20  # bytes of a token server's answer
_LIFETIME = 60.0  # seconds, where the server names none
_EARLY = 5.0  # seconds before its end a token counts as too old


class Tokens:
    """The authorization for one registry; `header` is what to send with a request now."""

    def __init__(self, pool: Pool, settings: Settings, registry: str, account: Account) -> None:
        self._pool, self._settings, self._registry = pool, settings, registry
        self._account = account
        self._challenge: Challenge | None = None
        self._secure = True
        self._url = ""
        self._verify = True
        self._kept: dict[str, tuple[str, float]] = {}

    def met(self, challenge: Challenge, url: str, verify: bool) -> bool:
        """Take a challenge of an answer to `url`; return whether asking again can help."""
        repeated = self._challenge is not None
        self._challenge, self._url, self._verify = challenge, url, verify
        if challenge.scheme == "basic":
            return self._account.get() is not None and not repeated
        return True

    def forget(self) -> None:
        """Drop the tokens: one was refused."""
        self._kept.clear()

    def header(self, scope: str) -> str | None:
        """Return the Authorization header for a scope such as repository:team/web:pull, None where none is needed."""
        if self._challenge is None:
            return None
        if self._challenge.scheme == "basic":
            known = self._account.get()
            return known.basic if known and not known.token else None
        kept = self._kept.get(scope)
        if kept is None or kept[1] <= self._settings.now():
            kept = self._kept[scope] = self._ask(self._challenge, scope)
        return f"Bearer {kept[0]}"

    def _ask(self, challenge: Challenge, scope: str) -> tuple[str, float]:
        realm = challenge.parameters.get("realm", "")
        self._check_realm(realm)
        query = [("service", challenge.parameters[key]) for key in ("service",) if key in challenge.parameters]
        query += [("scope", word) for word in scope.split(" ") if word]
        answer = self._request(realm, query)
        try:
            body = answer.body(_LIMIT)
            status = answer.status
        finally:
            answer.close()
        if status in (401, 403):
            raise self._account.trouble or RegistryDenied(
                f"registry {self._registry}: the token server {urlsplit(realm).hostname} refuses"
                + (" the name or password" if self._account.get() else f"; log in: skiff login {self._registry}")
            )
        if status != 200:
            raise RegistryError(
                f"registry {self._registry}: the token server {urlsplit(realm).hostname} answers {status}"
            )
        return self._token(body)

    def _token(self, body: bytes) -> tuple[str, float]:
        document = strictjson.parse_object(body, f"the answer of the token server of {self._registry}")
        token = document.get("token") or document.get("access_token")
        if not isinstance(token, str) or not token.isprintable() or not token.isascii():
            raise RegistryError(f"registry {self._registry}: the token server's answer holds no token")
        lifetime = document.get("expires_in")
        seconds = float(lifetime) if isinstance(lifetime, (int, float)) and 0 < lifetime < 1e9 else _LIFETIME
        return token, self._settings.now() + max(seconds - _EARLY, 1.0)

    def _request(self, realm: str, query: list[tuple[str, str]]) -> Response:
        known = self._account.get()
        if known and known.token:
            form = [("grant_type", "refresh_token"), ("refresh_token", known.token), ("client_id", "skiff"), *query]
            headers = {"Content-Type": "application/x-www-form-urlencoded"}
            return self._pool.request("POST", realm, headers, urlencode(form).encode(), self._verified(realm))
        if known:
            query = [("account", known.user), *query]
        separator = "&" if urlsplit(realm).query else "?"
        headers = {"Authorization": known.basic} if known else {}
        return self._pool.request("GET", f"{realm}{separator}{urlencode(query)}", headers, None, self._verified(realm))

    def _verified(self, realm: str) -> bool:
        """Whether the token server must prove who it is: what is allowed to a registry is not to whom it names."""
        asked, given = addresses.parse(self._url), addresses.parse(realm)
        own = asked is not None and given is not None and addresses.place(asked) == addresses.place(given)
        return self._verify or not (own or (given is not None and given.netloc in self._settings.insecure))

    def _check_realm(self, realm: str) -> None:
        """Never send a password in the clear to whoever a registry names (CVE-2020-15157 and its kin)."""
        asked, given = urlsplit(self._url), addresses.parse(realm)
        if given and (given.scheme == "https" or (given.hostname == asked.hostname and asked.scheme == "http")):
            return
        raise RegistryError(
            f"registry {self._registry} names the token server {realm[:200]!r}, which is not on HTTPS;"
            " nothing was sent there"
        )
