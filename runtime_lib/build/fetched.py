"""What ADD takes from elsewhere, fetched into a scratch folder, as trees to copy from."""

from __future__ import annotations

import hashlib
import os
from contextlib import ExitStack, contextmanager

from ..errors import CommandFailed, HostLacks, InvalidSpec
from ..images import layers
from ..linux.saferoot import SafeRoot
from ..records import replace
from . import download, repository
from .copying import Part
from .sources import Tree

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator

    from ..store import Store
    from .remote import Remote
    from .spec import BuildSpec
    from .steps import CopyStep


@contextmanager
def parts(store: Store, spec: BuildSpec, step: CopyStep) -> Iterator[list[Part]]:
    """Fetch what an ADD names by address. Raises what `download` and `repository` do, with file and line."""
    with ExitStack() as stack:
        work = stack.enter_context(layers.scratch(store)) if step.remotes else ""
        found = []
        for number, remote in enumerate(step.remotes):
            place = f"{work}/{number}"
            try:
                made = _repository(remote, place, spec) if remote.is_git else _file(store, remote, place, step)
            except (InvalidSpec, HostLacks) as error:
                raise type(error)(f"{step.where}: {error}") from error
            except CommandFailed as error:
                raise CommandFailed(f"{step.where}: {error}", error.exit_code) from error
            stack.callback(made.tree.root.close)
            found.append(made)
        yield found


def _file(store: Store, remote: Remote, place: str, step: CopyStep) -> Part:
    if not remote.name and step.destination.endswith("/"):
        raise InvalidSpec(f"{remote.shown()} has no file name; name the file in the destination")
    os.mkdir(place)
    download.fetch(store, remote, f"{place}/data")
    tree = Tree(SafeRoot.at(place))
    source = replace(tree.at("data"), name=remote.name)
    return Part(tree, (source,), unpacks=step.unpacks_remotes, keeps_times=True)


def _repository(remote: Remote, place: str, spec: BuildSpec) -> Part:
    commit = repository.fetch(remote, place, spec.ssh.get("default", ""))
    with SafeRoot.at(place) as root:
        tree = Tree(repository.subfolder(root, remote))
    # With `.git` no two checkouts are the same; the commit is what counts.
    mark = hashlib.sha256(f"{commit} {remote.subdir} {remote.keep_git} {remote.url}".encode()).hexdigest()
    return Part(tree, (tree.at(""),), mark)
