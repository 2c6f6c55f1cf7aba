"""Names of images: [domain/]path[:tag][@digest].

The grammar of github.com/distribution/reference (reference.go), read from left to right without regular expressions:
the time is linear in the length, whatever the text is.
"""

from __future__ import annotations

from ..errors import InvalidSpec
from ..records import dataclass
from . import digest as digests

MAX_LENGTH = 255  # of the name without tag and digest, as the grammar has it; also of everything we look at
DEFAULT_DOMAIN = "docker.io"
DEFAULT_TAG = "latest"
_OFFICIAL = "library/"
_ID_LENGTH = 64
_HEX = frozenset("0123456789abcdef")
_LOWER = frozenset("abcdefghijklmnopqrstuvwxyz0123456789")
_WORD = frozenset("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_")
_ALNUM = _WORD - {"_"}


@dataclass(frozen=True)
class Reference:
    """A parsed name; `tag` is None only where a digest is given."""

    domain: str
    path: str
    tag: str | None
    digest: str | None

    @property
    def name(self) -> str:
        """The full name without tag and digest: docker.io/library/nginx."""
        return f"{self.domain}/{self.path}"

    @property
    def familiar_name(self) -> str:
        """The short name without tag and digest: nginx."""
        if self.domain != DEFAULT_DOMAIN:
            return self.name
        short = self.path[len(_OFFICIAL) :]
        return short if self.path.startswith(_OFFICIAL) and "/" not in short else self.path

    @property
    def full(self) -> str:
        """The one spelling that is stored: docker.io/library/nginx:latest."""
        return self.name + self._suffix

    @property
    def familiar(self) -> str:
        """The spelling that Docker shows: nginx:latest."""
        return self.familiar_name + self._suffix

    @property
    def _suffix(self) -> str:
        return (f":{self.tag}" if self.tag else "") + (f"@{self.digest}" if self.digest else "")


def parse(text: str) -> Reference:
    """Return the parts of an image name; the tag is `latest` where neither tag nor digest is given.

    Raises InvalidSpec for everything that is not a name in Docker's grammar.
    """
    if not text or len(text) > MAX_LENGTH + 200:
        raise _invalid(text, f"it must have 1 to {MAX_LENGTH} characters")
    if len(text) == _ID_LENGTH and not set(text) - _HEX:
        raise _invalid(text, "64 hexadecimal digits are always an id; use another name")
    rest, at, digest = text.partition("@")
    if at and not digests.valid(digest):
        raise _invalid(text, "after @ must stand sha256: and 64 lower-case hex digits")
    head, colon, tag = rest.rpartition(":")
    if not colon or "/" in tag:
        head, tag = rest, ""
    elif not _is_tag(tag):
        raise _invalid(text, "a tag has letters, digits, `_`, `.`, `-`, at most 128, and starts with neither . nor -")
    domain, path = _split_domain(head)
    if len(domain) + 1 + len(path) > MAX_LENGTH:
        raise _invalid(text[:60], f"the name is longer than {MAX_LENGTH} characters")
    if not _is_domain(domain):
        raise _invalid(text, f"{domain!r} is not a host name with an optional port")
    if not all(_is_component(part) for part in path.split("/")):
        raise _invalid(text, "its parts have lower-case letters and digits, separated by one `.`, `_`, `__` or dashes")
    return Reference(domain, path, tag or (None if digest else DEFAULT_TAG), digest or None)


def new_name(text: str) -> Reference:
    """Return the parts of a name that an image may be given: one without a digest. Raises InvalidSpec."""
    parsed = parse(text)
    if parsed.digest:
        raise _invalid(text, "a name with a digest cannot be given; use a tag")
    return parsed


def untagged(text: str) -> Reference:
    """Return the parts of a name that stands for all its tags. Raises InvalidSpec for one with a tag or digest."""
    parsed = parse(text)
    if parsed.digest or ":" in text.rpartition("/")[2]:
        raise InvalidSpec(f"tag can't be used with --all-tags/-a: {text[:300]}; leave it out")
    return parsed


def _split_domain(head: str) -> tuple[str, str]:
    # The first part is a host where it cannot be anything else (distribution/reference, splitDockerDomain).
    first, slash, path = head.partition("/")
    if not slash or not (set(".:") & set(first) or first == "localhost" or first.lower() != first):
        first, path = DEFAULT_DOMAIN, head
    if first == "index.docker.io":
        first = DEFAULT_DOMAIN
    if first == DEFAULT_DOMAIN and "/" not in path:
        path = _OFFICIAL + path
    return first, path


def _is_tag(tag: str) -> bool:
    return 0 < len(tag) <= 128 and tag[0] in _WORD and all(char in _WORD or char in ".-" for char in tag)


def _is_domain(domain: str) -> bool:
    host, colon, port = domain.partition(":") if not domain.startswith("[") else _bracketed(domain)
    if colon and not (port and port.isdigit() and port.isascii()):
        return False
    if host.startswith("["):
        return host.endswith("]") and len(host) > 2 and set(host[1:-1]) <= set("0123456789abcdefABCDEF:")
    return all(
        label and label[0] in _ALNUM and label[-1] in _ALNUM and all(char in _ALNUM or char == "-" for char in label)
        for label in host.split(".")
    )


def _bracketed(domain: str) -> tuple[str, str, str]:
    host, bracket, rest = domain.partition("]")
    return host + bracket, rest[:1] if rest.startswith(":") else "", rest[1:] if rest.startswith(":") else ""


def _is_component(part: str) -> bool:
    """Whether it is [a-z0-9]+ joined by `.`, `_`, `__` or any number of dashes."""
    if not part or part[0] not in _LOWER or part[-1] not in _LOWER:
        return False
    separator = ""
    for char in part:
        if char in _LOWER:
            if separator not in ("", ".", "_", "__") and separator.strip("-"):
                return False
            separator = ""
        elif char in "._-":
            separator += char
        else:
            return False
    return True


def _invalid(text: str, why: str) -> InvalidSpec:
    return InvalidSpec(f"image name {text[:300]!r} is not valid: {why}")
