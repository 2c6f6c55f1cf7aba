"""QEMU's control socket (docs/interop/qmp-spec.txt): one command at a time."""

from __future__ import annotations

import json
import os
import socket
import time
from pathlib import Path
from typing import Any


class Control:
    """An open control socket of a machine; a context manager."""

    def __init__(self, folder: Path, limit: float = 60) -> None:
        self._socket = _connect(folder, limit)
        self._file = self._socket.makefile("rw")
        self._file.readline()
        self("qmp_capabilities")

    def __enter__(self) -> Control:
        return self

    def __exit__(self, *_unused: object) -> None:
        self._file.close()
        self._socket.close()

    def __call__(self, name: str, **arguments: Any) -> Any:
        """Execute a command and return its answer. Raises RuntimeError with QEMU's reason, EOFError when it is gone."""
        self._file.write(json.dumps({"execute": name, "arguments": arguments}) + "\n")
        self._file.flush()
        for line in self._file:
            answer = json.loads(line)
            if "return" in answer:
                return answer["return"]
            if "error" in answer:
                raise RuntimeError(f"{name}: {answer['error']['desc']}")
        raise EOFError(f"QEMU has ended during {name}")


def _connect(folder: Path, limit: float) -> socket.socket:
    until = time.monotonic() + limit
    place = os.open(folder, os.O_PATH | os.O_DIRECTORY)
    try:
        while True:
            connection = socket.socket(socket.AF_UNIX)
            try:
                connection.connect(f"/proc/self/fd/{place}/qmp")  # the folder's own path may be too long for a socket
                return connection
            except OSError:
                connection.close()
                if time.monotonic() > until:
                    raise
                time.sleep(0.05)
    finally:
        os.close(place)
