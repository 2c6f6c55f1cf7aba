"""What a stage does, one value per instruction. Every step knows the configuration of the image after it."""

from __future__ import annotations

from ..records import dataclass

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from .lines import Heredoc
    from .mount import RunMount
    from .remote import Remote


@dataclass(frozen=True)
class Step:
    """An instruction that changes the configuration only.

    `created_by` is the text of the image's history, in the words of Docker's builder.
    """

    where: str
    text: str
    created_by: str
    config: dict[str, Any]
    author: str


SCRIPTS = "/dev/pipes"  # as in BuildKit


@dataclass(frozen=True)
class RunStep(Step):
    """RUN: `argv` in a container; `recorded` are the environment entries that decide about the cache.

    `network` is none, host, or "" for the one of the build; `insecure` runs it privileged. `script` is a here-document
    that names its interpreter: what the command finds in `SCRIPTS` under the document's name.
    """

    argv: tuple[str, ...]
    env: tuple[str, ...]
    recorded: tuple[str, ...]
    user: str
    working_dir: str
    mounts: tuple[RunMount, ...] = ()
    network: str = ""
    insecure: bool = False
    script: Heredoc | None = None


@dataclass(frozen=True)
class CopyStep(Step):
    """COPY and ADD. `destination` is absolute; it ends with a slash where it has to be a folder.

    `source_stage` is what `--from` names, "" for the build context. `written` is the destination as written, `mode`
    that of `--chmod`. With `link` no link of the image is followed at the destination; with `parents` the folders on
    the way to a source are copied too; `exclude` are patterns of what is left out of the sources.
    `remotes` are sources that lie elsewhere, and archives among them are unpacked on demand only.
    """

    sources: tuple[str, ...]
    heredocs: tuple[Heredoc, ...]
    destination: str
    written: str
    source_stage: str
    owner: str
    mode: str
    unpack: bool
    link: bool = False
    parents: bool = False
    exclude: tuple[str, ...] = ()
    remotes: tuple[Remote, ...] = ()
    unpacks_remotes: bool = False

    def history(self, digest: str) -> str:
        """Return the history's text for a content with this digest."""
        return f"{self.created_by}{digest} in {self.written} "


@dataclass(frozen=True)
class WorkdirStep(Step):
    """WORKDIR: makes the folder where it does not exist; it belongs to `user`."""

    path: str
    user: str


def sources(step: Step) -> list[str]:
    """Return the stages and images that a step takes files from."""
    if isinstance(step, RunStep):
        return [mount.origin for mount in step.mounts if mount.origin]
    return [step.source_stage] if isinstance(step, CopyStep) and step.source_stage else []
