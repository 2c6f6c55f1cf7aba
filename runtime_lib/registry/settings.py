"""What a host has set for its registries, read once: registries.conf, certificates, credentials, proxies."""

from __future__ import annotations

import os
import time

from ..records import dataclass, field
from . import proxies

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from .rules import Rules

CERTIFICATES = ("/etc/containers/certs.d", "/etc/docker/certs.d")


@dataclass(frozen=True)
class Settings:
    """All that a call needs beside the image's name.

    `insecure` are hosts that the user allows to be plain HTTP or to have any certificate. `timeout` is the longest
    silence in seconds that a connection may have, `tries` how often a request is sent before it fails; `slowest` is
    the least that must arrive within a `timeout`, in bytes. `sleep` and `now` are the clock.
    """

    rules: Rules
    certificate_folders: tuple[str, ...] = CERTIFICATES
    credential_files: tuple[str, ...] = ()
    environment: Mapping[str, str] = field(default_factory=dict)
    insecure: tuple[str, ...] = ()
    timeout: float = 60.0
    slowest: int = 4096
    tries: int = 5
    sleep: Callable[[float], None] = time.sleep
    now: Callable[[], float] = time.monotonic

    def proxy(self, scheme: str, host: str, port: int | None) -> str | None:
        """Return the address of the proxy for a host, None when it is reached without one."""
        return proxies.choose(self.environment, scheme, host, port)


def of_host(insecure: tuple[str, ...] = ()) -> Settings:
    """Return the settings of this host and user. Raises InvalidSpec for files that cannot be understood, OSError."""
    from . import credentials, rules

    files = credentials.files(os.environ)
    return Settings(rules.load(), CERTIFICATES, files, dict(os.environ), insecure)
