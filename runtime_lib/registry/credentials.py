"""Who one is at a registry: Docker's config.json, Podman's auth.json, and credential helpers.

Sources: Docker's reference, `docker login`; containers-auth.json(5); docker/docker-credential-helpers, "Protocol".
"""

from __future__ import annotations

import base64
import binascii
import json
import os
import subprocess

from .. import strictjson
from ..errors import CorruptData, HostLacks, InvalidSpec, RegistryError, SkiffError
from ..store import write_file
from .endpoint import HUB

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence
    from typing import Any

_HUB_KEY = "https://index.docker.io/v1/"
_HELPER_LIMIT = 30.0  # seconds; one that asks a person would hang a playbook
_NO_NAME = frozenset("/\\ \0")


class Credentials:
    """A name with a password, or an identity token of an earlier login. It shows nobody its secrets."""

    __slots__ = ("password", "token", "user")

    def __init__(self, user: str = "", password: str = "", token: str = "") -> None:
        self.user, self.password, self.token = user, password, token

    def __eq__(self, other: object) -> bool:
        mine = (self.user, self.password, self.token)
        return isinstance(other, Credentials) and mine == (other.user, other.password, other.token)

    __hash__ = None  # type: ignore[assignment]

    def __repr__(self) -> str:
        return f"Credentials({self.user!r}, ...)"

    @property
    def basic(self) -> str:
        """The value of an Authorization header."""
        return "Basic " + base64.b64encode(f"{self.user}:{self.password}".encode()).decode()


class Account:
    """Who one is at a registry, looked up when it asks: whoever lets in everybody does not need a sound file.

    `trouble` is why nobody could be found, where it was not that there is nobody.
    """

    def __init__(self, find: Callable[[], Credentials | None]) -> None:
        self._find: Callable[[], Credentials | None] | None = find
        self._found: Credentials | None = None
        self.trouble: SkiffError | OSError | None = None

    def get(self) -> Credentials | None:
        """Return the credentials, None for none."""
        find, self._find = self._find, None
        try:
            self._found = find() if find else self._found
        except (SkiffError, OSError) as error:
            self.trouble = error
        return self._found


def account(paths: Sequence[str], registry: str, repository: str = "") -> Account:
    """Return who one is by the files of credentials."""
    return Account(lambda: find(paths, registry, repository))


def files(environment: Mapping[str, str]) -> tuple[str, ...]:
    """Return the files that may hold credentials, the first one also being where a login is kept."""
    home = environment.get("HOME") or os.path.expanduser("~")
    docker = f"{environment.get('DOCKER_CONFIG') or f'{home}/.docker'}/config.json"
    if environment.get("REGISTRY_AUTH_FILE"):
        return (environment["REGISTRY_AUTH_FILE"],)
    runtime = environment.get("XDG_RUNTIME_DIR")
    podman = [f"{runtime}/containers/auth.json"] if runtime else []
    return (docker, *podman, "/run/containers/0/auth.json", f"{home}/.config/containers/auth.json")


def find(paths: Sequence[str], registry: str, repository: str = "") -> Credentials | None:
    """Return the credentials for a registry, those of the longest part of the repository's path first.

    Raises CorruptData for a file that is damaged, HostLacks for a helper that is not installed.
    """
    for path in paths:
        document = _read(path)
        for key in _keys(registry, repository):
            found = _in(document, key, path)
            if found:
                return found
    return None


def save(path: str, registry: str, credentials: Credentials) -> None:
    """Keep credentials, by the helper that the file names or in the file itself. Raises as `find`, OSError."""
    document, key = _read(path), _keys(registry, "")[0]
    helper = _helper(document, key)
    if helper:
        secret = credentials.token or credentials.password
        user = "<token>" if credentials.token else credentials.user
        _call(helper, "store", json.dumps({"ServerURL": key, "Username": user, "Secret": secret}))
        entry: dict[str, str] = {}
    else:
        entry = {"auth": base64.b64encode(f"{credentials.user}:{credentials.password}".encode()).decode()}
        if credentials.token:
            entry = {
                "auth": base64.b64encode(f"{credentials.user}:".encode()).decode(),
                "identitytoken": credentials.token,
            }
    document.setdefault("auths", {})[key] = entry
    _write(path, document)


def helper(path: str, registry: str) -> str:
    """Return the name of the helper that keeps the credentials for a registry, "" where the file itself does."""
    return _helper(_read(path), _keys(registry, "")[0])


def erase(path: str, registry: str) -> bool:
    """Forget the credentials for a registry; return whether there were any."""
    document = _read(path)
    gone = False
    for key in _keys(registry, ""):
        helper = _helper(document, key)
        if helper and _call(helper, "get", key) is not None:
            _call(helper, "erase", key)
            gone = True
        gone = document.get("auths", {}).pop(key, None) is not None or gone
    if gone:
        _write(path, document)
    return gone


def _keys(registry: str, repository: str) -> list[str]:
    """Return the keys that may mean a registry: Docker's own first, then the forms that people write."""
    if registry == HUB:
        return [_HUB_KEY, HUB, "index.docker.io", "registry-1.docker.io", "https://index.docker.io/v1"]
    parts = repository.split("/") if repository else []
    longer = [f"{registry}/{'/'.join(parts[:count])}" for count in range(len(parts), 0, -1)]
    return [
        *longer,
        registry,
        f"https://{registry}",
        f"http://{registry}",
        f"https://{registry}/v1/",
        f"https://{registry}/v2/",
    ]


def _read(path: str) -> dict[str, Any]:
    try:
        with open(path, "rb") as file:
            document = strictjson.parse_object(file.read(strictjson.LIMIT + 1) or b"{}", path)
    except (FileNotFoundError, NotADirectoryError):
        return {}
    if not isinstance(document.get("auths", {}), dict):
        raise CorruptData(f"{path}: auths is not an object")
    return document


def _write(path: str, document: dict[str, Any]) -> None:
    os.makedirs(os.path.dirname(path), mode=0o700, exist_ok=True)
    write_file(os.path.realpath(path), json.dumps(document, indent="\t").encode() + b"\n", 0o600, durable=True)


def _in(document: dict[str, Any], key: str, path: str) -> Credentials | None:
    helper = _helper(document, key)
    if helper:
        found = _call(helper, "get", key)
        if found is not None:
            return found
    entry = document.get("auths", {}).get(key)
    if not isinstance(entry, dict):
        return None
    if isinstance(entry.get("identitytoken"), str) and entry["identitytoken"]:
        return Credentials(token=entry["identitytoken"])
    text = entry.get("auth") or ""
    if not text and isinstance(entry.get("username"), str) and isinstance(entry.get("password"), str):
        return Credentials(entry["username"], entry["password"])  # as people write it by hand
    try:
        user, colon, password = base64.b64decode(text, validate=True).decode().partition(":")
    except (binascii.Error, ValueError, TypeError):
        raise CorruptData(f"{path}: the entry of {key} is damaged; log in again") from None
    return Credentials(user, password.rstrip("\0")) if colon else None


def _helper(document: dict[str, Any], key: str) -> str:
    helpers = document.get("credHelpers")
    name = (helpers.get(key) if isinstance(helpers, dict) else None) or document.get("credsStore") or ""
    if not isinstance(name, str) or set(name) & _NO_NAME:
        raise InvalidSpec(f"the credential helper {name!r} is not a name such as pass or secretservice")
    return name


def _call(helper: str, action: str, text: str) -> Credentials | None:
    """Ask a helper; None when it has nothing."""
    program = f"docker-credential-{helper}"
    done = _run(program, action, text)
    if action != "get":
        if done.returncode:
            raise RegistryError(f"the credential helper {program} failed to {action} credentials")
        return None
    if done.returncode:
        if b"credentials not found" in done.stdout + done.stderr:
            return None
        raise RegistryError(f"the credential helper {program} failed to get credentials")
    answer = strictjson.parse_object(done.stdout, f"the answer of {program}")
    user, secret = str(answer.get("Username") or ""), str(answer.get("Secret") or "")
    return Credentials(token=secret) if user == "<token>" else Credentials(user, secret)


def _run(program: str, action: str, text: str) -> subprocess.CompletedProcess[bytes]:
    command = [program, action]
    try:
        return subprocess.run(command, input=text.encode(), capture_output=True, timeout=_HELPER_LIMIT, check=False)
    except FileNotFoundError:
        raise HostLacks(
            f"the credential helper {program} is not installed; install it, or take it out of the file"
        ) from None
    except subprocess.TimeoutExpired:
        raise RegistryError(
            f"the credential helper {program} did not answer within {_HELPER_LIMIT:.0f} seconds"
        ) from None
