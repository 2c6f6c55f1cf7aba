"""Where a build's context comes from: a folder, a repository, an archive or a Dockerfile, of the web or from a file."""

from __future__ import annotations

import os
import shutil
from contextlib import contextmanager

from ..images import extract, layers
from ..images.stream import LayerStream
from ..images.tarreader import TarReader
from ..linux.saferoot import SafeRoot
from ..records import replace
from . import download, remote, repository
from .unpacking import is_archive

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator
    from typing import IO

    from ..store import Store
    from .remote import Remote
    from .spec import BuildSpec


@contextmanager
def opened(store: Store, spec: BuildSpec) -> Iterator[BuildSpec]:
    """Give the build with a folder as its context; what was fetched for it is gone at the end.

    Raises InvalidSpec, HostLacks and CommandFailed for what cannot be fetched, CorruptData for a damaged archive.
    """
    if spec.stream is None and not remote.is_remote(spec.path):
        yield spec
        return
    with layers.scratch(store) as work:
        if spec.stream is not None:
            yield replace(spec, path=_unpacked(spec.stream, work))
            return
        wanted = remote.parse(spec.path)
        if wanted.is_git:
            yield replace(spec, path=_repository(wanted, work, spec))
            return
        download.fetch(store, wanted, f"{work}/data")
        with open(f"{work}/data", "rb") as file:
            yield replace(spec, path=_unpacked(file, work))


def _repository(wanted: Remote, work: str, spec: BuildSpec) -> str:
    repository.fetch(wanted, f"{work}/context", spec.ssh.get("default", ""))
    with SafeRoot.at(f"{work}/context") as root, repository.subfolder(root, wanted) as folder:
        return os.readlink(f"/proc/self/fd/{folder.descriptor}")  # no link any more, and ours


def _unpacked(file: IO[bytes], work: str) -> str:
    """Unpack an archive; anything else is a Dockerfile without further files."""
    folder = f"{work}/context"
    os.mkdir(folder, 0o755)
    with open(f"{work}/stream", "w+b") as copy:
        shutil.copyfileobj(file, copy, 1 << 20)
        copy.seek(0)
        if is_archive(copy):
            with LayerStream(copy) as stream:
                extract.layer(TarReader(stream.read), folder)
            return folder
    os.rename(f"{work}/stream", f"{folder}/Dockerfile")
    return folder
