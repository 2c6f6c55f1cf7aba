"""Sources of ADD, and contexts, that lie elsewhere: addresses and Git repositories, as BuildKit has them. Pure."""

from __future__ import annotations

import posixpath
import re
from urllib.parse import unquote, urlsplit

from ..errors import InvalidSpec
from ..records import dataclass

_SCP = re.compile(r"[A-Za-z0-9_.-]+@[A-Za-z0-9_.-]+:[^:].*")  # git@host:path
_GIT_SCHEMES = ("git", "ssh", "git+ssh")
_CHECKSUM = re.compile(r"(sha256:[0-9a-f]{64}|sha384:[0-9a-f]{96}|sha512:[0-9a-f]{128})")
_COMMIT = re.compile(r"[0-9a-f]{7,64}")


@dataclass(frozen=True)
class Remote:
    """One of them. For a repository `ref` is a branch, tag or commit ("" the default branch), `subdir` a folder in it.

    `name` is what a file of this address is called; `checksum` is `sha256:...`, or the commit of a repository.
    """

    url: str
    is_git: bool
    name: str = ""
    ref: str = ""
    subdir: str = ""
    checksum: str = ""
    keep_git: bool = False

    def shown(self) -> str:
        """Return the address for messages, without a password."""
        return shown(self.url)


def is_remote(text: str) -> bool:
    """Whether a source of ADD, or a context, is meant to lie elsewhere."""
    return "://" in text.partition("#")[0] or _SCP.fullmatch(text) is not None


def parse(text: str, checksum: str = "", keep_git: bool = False) -> Remote:
    """Return what an address means. Raises InvalidSpec for one that is not supported."""
    address, _hash, fragment = text.partition("#")
    if any(character.isspace() or not character.isprintable() for character in text) or text.startswith("-"):
        raise InvalidSpec(f"{text[:60]!r} is no address")
    parts = urlsplit(address)
    scheme = "ssh" if _SCP.fullmatch(address) and "://" not in address else parts.scheme.lower()
    if scheme in _GIT_SCHEMES or (scheme in ("http", "https") and parts.path.endswith(".git")):
        return _repository(address, fragment, checksum, keep_git)
    if scheme not in ("http", "https") or not parts.hostname:
        raise InvalidSpec(f"{shown(text)}: only http, https and Git repositories can be fetched; download it before")
    if parts.username or parts.password:
        raise InvalidSpec(f"{shown(text)} has a name or a password in it, which the image's history would keep")
    if checksum and not _CHECKSUM.fullmatch(checksum):
        raise InvalidSpec(f"--checksum={checksum[:80]} is not sha256: and 64 hexadecimal digits")
    name = unquote(posixpath.basename(parts.path))
    if name in (".", "..") or "/" in name or "\0" in name:
        raise InvalidSpec(f"{shown(text)} ends with no name of a file")
    return Remote(address, False, name, checksum=checksum)


def shown(url: str) -> str:
    """Return an address without what stands before an @ in its host part, for messages."""
    return re.sub(r"//[^/@]*@", "//", url)[:200]


def _repository(address: str, fragment: str, checksum: str, keep_git: bool) -> Remote:
    ref, _colon, subdir = fragment.partition(":")
    if ref.startswith("-") or ".." in ref or re.search(r"[\s~^:?*\[\\]", ref):
        raise InvalidSpec(f"{ref[:60]!r} is not the name of a branch, a tag or a commit")
    if checksum and not _COMMIT.fullmatch(checksum):
        raise InvalidSpec(f"--checksum={checksum[:80]} is no commit")
    if ".." in subdir.split("/"):
        raise InvalidSpec(f"{subdir[:60]!r} leads out of the repository")
    return Remote(address, True, "", ref, subdir.strip("/"), checksum, keep_git)
