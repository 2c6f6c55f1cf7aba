"""One HTTP request at a time over connections that are kept: TLS, proxies, time limits."""

from __future__ import annotations

import http.client
import os
import ssl
from base64 import b64encode
from urllib.parse import unquote, urlsplit

from ..errors import RegistryError
from . import endpoint

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from typing import Union

    from .settings import Settings

    Body = Union[bytes, Iterable[bytes], None]


_PATIENCE = 4  # time limits that a small answer may take as a whole


class Response:
    """An answer whose body has not been read yet. Close it; one that was read to its end keeps its connection."""

    def __init__(self, pool: Pool, key: tuple[str, str], connection: http.client.HTTPConnection) -> None:
        self._answer = connection.getresponse()
        self._pool, self._key, self._connection = pool, key, connection
        self._loaded: bytes | None = None
        self.status = self._answer.status
        self.headers = self._answer.headers

    def read(self, size: int) -> bytes:
        """Return at most `size` bytes, b"" at the end. Raises OSError or HTTPException when the connection breaks."""
        return self._answer.read1(size)

    def load(self, limit: int) -> None:
        """Read the whole body now; `body` returns it then. Raises what that does."""
        self._loaded = self.body(limit)

    def body(self, limit: int) -> bytes:
        """Return the whole body, which is small and must come within a few time limits.

        Raises RegistryError when it is larger than `limit` bytes, OSError or HTTPException when it does not come.
        """
        if self._loaded is not None:
            return self._loaded
        parts: list[bytes] = []
        left = limit + 1
        deadline = self._pool.settings.now() + _PATIENCE * self._pool.settings.timeout
        while left > 0:
            piece = self.read(min(left, 1 << 16))
            if not piece:
                break
            parts.append(piece)
            left -= len(piece)
            if self._pool.settings.now() > deadline:
                raise TimeoutError("the answer comes too slowly")
        if left <= 0:
            raise RegistryError(f"registry {self._key[1]} answers with more than {limit} bytes, where few are expected")
        if self._answer.length:  # what was promised and did not come; http.client itself does not mind
            raise http.client.IncompleteRead(b"".join(parts), self._answer.length)
        return b"".join(parts)

    def close(self) -> None:
        """Give the connection back when the body was read to its end, else end it."""
        if self._answer.isclosed() and not self._answer.will_close:
            self._pool.put(self._key, self._connection)
        else:
            self._answer.close()
            self._connection.close()


class Pool:
    """Connections to registries, kept for the next request. Close it at the end."""

    def __init__(self, settings: Settings) -> None:
        self.settings = settings
        self._idle: dict[tuple[str, str], list[http.client.HTTPConnection]] = {}

    def request(
        self, method: str, url: str, headers: Mapping[str, str], body: Body = None, verify: bool = True
    ) -> Response:
        """Send a request and return the answer's beginning; `body` of unknown length is sent in chunks.

        Raises OSError (ssl.SSLError among it) or http.client.HTTPException when there is no answer.
        """
        parts = urlsplit(url)
        key = (parts.scheme, parts.netloc)
        target = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
        kept = self._kept(key) if body is None or isinstance(body, bytes) else None
        if kept:
            try:
                return self._send(kept, key, method, target, headers, body)
            except (OSError, http.client.HTTPException):
                pass  # the other side has closed it meanwhile; what it was sent is safe to send again
        return self._send(self._open(*key, verify), key, method, target, headers, body)

    def _kept(self, key: tuple[str, str]) -> http.client.HTTPConnection | None:
        """Take a connection that is kept; several threads may want it."""
        try:
            return self._idle[key].pop()
        except LookupError:
            return None

    def put(self, key: tuple[str, str], connection: http.client.HTTPConnection) -> None:
        """Keep a connection."""
        self._idle.setdefault(key, []).append(connection)

    def close(self) -> None:
        """End all connections that are kept."""
        for connections in self._idle.values():
            for connection in connections:
                connection.close()
        self._idle.clear()

    def _send(
        self,
        connection: http.client.HTTPConnection,
        key: tuple[str, str],
        method: str,
        target: str,
        headers: Mapping[str, str],
        body: Body,
    ) -> Response:
        chunked = body is not None and not isinstance(body, bytes) and "Content-Length" not in headers
        more = {"Transfer-Encoding": "chunked"} if chunked else {}
        try:
            connection.request(method, target, body, {**headers, **more}, encode_chunked=chunked)
            return Response(self, key, connection)
        except BaseException:
            connection.close()
            raise

    def _open(self, scheme: str, host: str, verify: bool) -> http.client.HTTPConnection:
        name, port = endpoint.split(host)
        wait = self.settings.timeout
        context = self._context(host, verify) if scheme == "https" else None
        proxy = self.settings.proxy(scheme, name, port)
        if proxy is None:
            return _direct(name, port, wait, context)
        return _through(proxy, name, port or (443 if context else 80), wait, context)

    def _context(self, host: str, verify: bool) -> ssl.SSLContext:
        context = ssl.create_default_context()
        context.minimum_version = ssl.TLSVersion.TLSv1_2
        if not verify:
            context.check_hostname = False
            context.verify_mode = ssl.CERT_NONE
        for folder in self.settings.certificate_folders:
            _add_certificates(context, f"{folder}/{host}")
        return context


def _direct(name: str, port: int | None, wait: float, context: ssl.SSLContext | None) -> http.client.HTTPConnection:
    if context:
        return http.client.HTTPSConnection(name, port, timeout=wait, context=context)
    return http.client.HTTPConnection(name, port, timeout=wait)


def _through(
    proxy: str, name: str, port: int, wait: float, context: ssl.SSLContext | None
) -> http.client.HTTPConnection:
    """Return a connection by way of a proxy; for HTTPS through a tunnel (CONNECT), else the proxy asks for us."""
    parts = urlsplit(proxy if "://" in proxy else f"http://{proxy}")
    if parts.scheme != "http" or not parts.hostname:
        raise RegistryError(
            f"the proxy {parts.hostname or proxy!r} is not one of http://HOST:PORT, which is what works"
        )
    headers = {}
    if parts.username:
        secret = f"{unquote(parts.username)}:{unquote(parts.password or '')}"
        headers["Proxy-Authorization"] = f"Basic {b64encode(secret.encode()).decode()}"
    if context:
        tunnel = http.client.HTTPSConnection(parts.hostname, parts.port or 80, timeout=wait, context=context)
        tunnel.set_tunnel(name, port, headers)
        return tunnel
    return _ProxiedHTTP(parts.hostname, parts.port or 80, f"{name}:{port}", headers, wait)


class _ProxiedHTTP(http.client.HTTPConnection):
    """Plain HTTP by way of a proxy, which wants the whole address (RFC 9112, 3.2.2)."""

    def __init__(self, proxy: str, port: int, host: str, headers: dict[str, str], wait: float) -> None:
        super().__init__(proxy, port, timeout=wait)
        self._target, self._more = host, headers

    def request(self, method, url, body=None, headers=None, *, encode_chunked=False):  # type: ignore[no-untyped-def]
        """Send a request for another host."""
        merged = {"Host": self._target, **(headers or {}), **self._more}
        super().request(method, f"http://{self._target}{url}", body, merged, encode_chunked=encode_chunked)


def _add_certificates(context: ssl.SSLContext, folder: str) -> None:
    """Trust *.crt of a registry's folder, and show it *.cert with its *.key (Docker's reference, certificates)."""
    try:
        names = sorted(os.listdir(folder))
    except (FileNotFoundError, NotADirectoryError):
        return
    try:
        for name in names:
            path = f"{folder}/{name}"
            if name.endswith(".crt"):
                context.load_verify_locations(path)
            elif name.endswith(".cert"):
                context.load_cert_chain(path, f"{path[:-5]}.key")
    except (OSError, ssl.SSLError) as error:
        raise RegistryError(f"the certificates in {folder} cannot be used: {error}") from error
