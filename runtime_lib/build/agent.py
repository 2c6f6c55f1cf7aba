"""The way from a RUN to the SSH agent of who builds: a socket of our own that passes everything on.

The agent's own socket would show its owner to the container, and ssh-agent(1) refuses other users.
"""

from __future__ import annotations

import os
import select
import socket
import stat
import threading

from ..errors import InvalidSpec

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping
    from typing import Any

    from .mount import RunMount

_PIECE = 1 << 16


def parse(text: str, environ: Mapping[str, str]) -> tuple[str, str]:
    """Return (id, path of the agent's socket) of `default` or `ID=SOCKET`, as `docker build --ssh` has it.

    Raises InvalidSpec.
    """
    ident, equals, path = text.partition("=")
    path = path if equals else environ.get("SSH_AUTH_SOCK", "")
    if not ident or not path:
        raise InvalidSpec(f"--ssh {text[:100]!r}: no agent; start ssh-agent (SSH_AUTH_SOCK), or give {ident}=SOCKET")
    return ident, os.path.abspath(path)


def path(known: Mapping[str, str], mount: RunMount) -> str | None:
    """Return the agent's socket for a mount; None when nobody has given it. Raises InvalidSpec for a required one."""
    found = known.get(mount.ident)
    if found is None:
        if mount.required:
            raise InvalidSpec(f"the SSH agent {mount.ident} is required; give it with --ssh {mount.ident}")
        return None
    try:
        is_socket = stat.S_ISSOCK(os.stat(found).st_mode)
    except OSError as error:
        raise InvalidSpec(f"--ssh {mount.ident}: cannot reach {found}: {error.strerror}") from error
    if not is_socket:
        raise InvalidSpec(f"--ssh {mount.ident}: {found} is no socket; add keys to an agent with ssh-add")
    return found


class Forwarder:
    """A listening socket at `place` whose clients talk to the agent at `target`; a context manager."""

    def __init__(self, place: str, target: str, mount: RunMount) -> None:
        """Listen, as owner and mode of the mount say."""
        self._target = target
        self._listener = socket.socket(socket.AF_UNIX)
        self._listener.bind(place)
        os.chown(place, mount.uid, mount.gid)
        os.chmod(place, 0o600 if mount.mode is None else mount.mode)
        self._listener.listen()
        self._stop, self._stopped = os.pipe()

    def __enter__(self) -> Forwarder:
        threading.Thread(target=self._serve, daemon=True).start()
        return self

    def __exit__(self, *_unused: object) -> None:
        os.close(self._stopped)

    def _serve(self) -> None:
        with self._listener:
            while self._listener in _readable(self._listener, self._stop):
                client = self._listener.accept()[0]
                threading.Thread(target=self._talk, args=(client,), daemon=True).start()
        # The read end stays open for those who talk; it ends with this process at the latest.

    def _talk(self, client: socket.socket) -> None:
        with client, socket.socket(socket.AF_UNIX) as agent:
            try:
                agent.connect(self._target)
                while self._passed(client, agent):
                    continue
            except OSError:
                return  # one of them has gone

    def _passed(self, client: socket.socket, agent: socket.socket) -> bool:
        ready = _readable(client, agent, self._stop)
        if self._stop in ready:
            return False
        for origin, target in ((client, agent), (agent, client)):
            if origin in ready:
                data = origin.recv(_PIECE)
                if not data:
                    return False
                target.sendall(data)
        return True


def _readable(*files: socket.socket | int) -> list[socket.socket | int]:
    """Return those that have data, or have ended; there is at least one."""
    poll: list[Any] = list(files)
    return list(select.select(poll, [], [])[0])
