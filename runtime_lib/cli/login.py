"""`skiff login` and `skiff logout`."""

from __future__ import annotations

import os
import sys

from ..errors import InvalidSpec
from ..registry import credentials
from . import output
from .options import FLAG, TEXT, Option, Usage

TYPE_CHECKING = False
if TYPE_CHECKING:
    from ..registry.credentials import Credentials
    from .options import Parsed

_LOGIN = Usage(
    "login",
    "[OPTIONS] [SERVER]",
    "Log in to a registry (default: Docker Hub)",
    (
        Option("password", "p", TEXT, "Password"),
        Option("password-stdin", "", FLAG, "Read the password from standard input"),
        Option("username", "u", TEXT, "Username"),
    ),
    0,
    1,
)
_LOGOUT = Usage("logout", "[SERVER]", "Log out from a registry (default: Docker Hub)", (), 0, 1)
_HUB = "https://index.docker.io/v1/"
_PLAIN = """\
WARNING! Your password will be stored unencrypted in {path}.
Configure a credential helper to remove this warning. See
https://docs.docker.com/engine/reference/commandline/login/#credentials-store

"""


def login(words: list[str]) -> int:
    """Ask a registry whether it accepts credentials, and keep them."""
    from ..registry import client
    from ..registry.settings import of_host

    parsed = _LOGIN.parse(words)
    registry = _registry(parsed)
    settings = of_host()
    path = settings.credential_files[0]
    known = credentials.find(settings.credential_files, registry)
    if known and not parsed.username and not parsed.password and not parsed.password_stdin:
        output.write_lines(["Authenticating with existing credentials..."])
        wanted = known
    else:
        wanted = _given(parsed, known)
    client.login(registry, settings, wanted)
    if wanted != known:
        credentials.save(path, registry, wanted)
        if not credentials.helper(path, registry):
            sys.stderr.write(_PLAIN.format(path=path))
    output.write_lines(["Login Succeeded"])
    return 0


def logout(words: list[str]) -> int:
    """Forget credentials."""
    parsed = _LOGOUT.parse(words)
    registry = _registry(parsed)
    output.write_lines([f"Removing login credentials for {_HUB if registry == 'docker.io' else registry}"])
    for path in credentials.files(os.environ):
        credentials.erase(path, registry)
    return 0


def _registry(parsed: Parsed) -> str:
    from ..registry.endpoint import named

    return named(parsed.arguments[0] if parsed.arguments else _HUB)


def _given(parsed: Parsed, known: Credentials | None) -> Credentials:
    user, password = parsed.username or "", parsed.password or ""
    if parsed.password_stdin:
        if parsed.password:
            raise InvalidSpec("--password and --password-stdin are mutually exclusive")
        if not user:
            raise InvalidSpec("Must provide --username with --password-stdin")
        password = sys.stdin.read().rstrip("\r\n")
    elif parsed.password:
        sys.stderr.write("WARNING! Using --password via the CLI is insecure. Use --password-stdin.\n")
    if not user or not password:
        user, password = _asked(user, password, known)
    return credentials.Credentials(user, password)


def _asked(user: str, password: str, known: Credentials | None) -> tuple[str, str]:
    """Ask the person at the terminal for what is missing."""
    import getpass

    if not os.isatty(0):
        raise InvalidSpec("Cannot perform an interactive login from a non TTY device; use -u and --password-stdin")
    if not user:
        before = f" ({known.user})" if known and known.user else ""
        sys.stdout.write(f"Username{before}: ")
        sys.stdout.flush()
        user = sys.stdin.readline().strip() or (known.user if known else "")
    password = password or getpass.getpass("Password: ")
    if not user or not password:
        raise InvalidSpec("a login needs a username and a password")
    return user, password
