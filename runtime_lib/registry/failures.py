"""Sentences for what goes wrong with a registry."""

from __future__ import annotations

import json
import socket
import ssl

from ..errors import RegistryDenied, RegistryError

TYPE_CHECKING = False
if TYPE_CHECKING:
    from .connection import Response
    from .endpoint import Endpoint

_LIMIT = 1 << 16  # bytes of an error's text
_MISSING = ("NAME_UNKNOWN", "MANIFEST_UNKNOWN", "BLOB_UNKNOWN", "NOT_FOUND")


class Broken(RegistryError):
    """There was no answer, or only a part of one."""


def broken(endpoint: Endpoint, error: BaseException) -> RegistryError:
    """Return the error for a connection that cannot be made, or that broke."""
    wanted = f" for {endpoint.repository}" if endpoint.repository else ""
    return Broken(f"registry {endpoint.registry} cannot be reached at {endpoint.host}{wanted}: {_reason(error)}")


def _reason(error: BaseException) -> str:
    if isinstance(error, ssl.SSLCertVerificationError):
        text = error.verify_message
        clock = "; is the clock of this host right?" if "expired" in text or "not yet valid" in text else ""
        return (
            f"its certificate is not trusted ({text}){clock or '; put its CA into certs.d, or allow it to be insecure'}"
        )
    if isinstance(error, ssl.SSLError):
        if refuses(error) and "CERTIFICATE" in error.reason:
            return "it wants the certificate of a client; put NAME.cert and NAME.key into certs.d"
        return f"TLS: {error.reason or error}"
    if isinstance(error, socket.gaierror):
        return "its name cannot be resolved; correct it, or this host's name servers (resolv.conf)"
    if isinstance(error, (TimeoutError, socket.timeout)):
        return "it does not answer in time"
    if isinstance(error, OSError):
        return error.strerror or str(error) or type(error).__name__
    return f"it breaks off its answer ({type(error).__name__})"


def refuses(error: BaseException) -> bool:
    """Whether the other side has ended TLS by an alert (RFC 8446, section 6): it would do so again."""
    return isinstance(error, ssl.SSLError) and "_ALERT_" in (error.reason or "")


def of_answer(endpoint: Endpoint, answer: Response, what: str) -> RegistryError:
    """Return the error for an answer that is not what was hoped for, and close it; `what` was asked, in words."""
    try:
        code, message = _told(answer.body(_LIMIT))
    finally:
        answer.close()
    where = f"registry {endpoint.registry}: {what}"
    if answer.status == 403 or code == "DENIED":
        return RegistryDenied(
            f"{where}: access is denied; log in with other credentials (skiff login {endpoint.registry})"
        )
    if answer.status == 404 or code in _MISSING:
        return RegistryError(f"{where}: there is no such thing{_colon(message)}")
    if answer.status == 429:
        return RegistryError(f"{where}: too many requests; wait, or log in for a higher limit{_colon(message)}")
    return RegistryError(f"{where}: the answer is {answer.status} {code}{_colon(message)}".replace("  ", " ").rstrip())


def _colon(message: str) -> str:
    return f" ({message})" if message else ""


def _told(body: bytes) -> tuple[str, str]:
    """Return code and message of an error document (distribution specification, "Error Codes"); "" without one."""
    try:
        first = json.loads(body)["errors"][0]
        code, message = str(first.get("code") or ""), str(first.get("message") or "")
    except (ValueError, KeyError, IndexError, TypeError, AttributeError, RecursionError):
        return "", ""
    return _printable(code[:60]), _printable(message[:300])


def _printable(text: str) -> str:
    """Return a registry's words without what a terminal would obey."""
    return "".join(char for char in text if char.isprintable())
