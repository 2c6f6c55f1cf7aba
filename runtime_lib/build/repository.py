"""Git repositories for ADD and as contexts, by the host's `git`.

What is fetched is a stranger's: no hook runs, no configuration of the host or of the repository names a program, and
only https, http, git and ssh are spoken, also by submodules (CVE-2018-17456, CVE-2022-39253 and their like).
"""

from __future__ import annotations

import os
import shutil
import stat
import subprocess

from ..errors import CommandFailed, HostLacks, InvalidSpec
from ..linux import trees
from ..linux.saferoot import SafeRoot

TYPE_CHECKING = False
if TYPE_CHECKING:
    from .remote import Remote

_SETTINGS = (
    "core.hooksPath=/dev/null",
    "core.fsmonitor=false",
    "protocol.ext.allow=never",
    "protocol.file.allow=never",
    "transfer.fsckObjects=true",
    "advice.detachedHead=false",
    "init.defaultBranch=main",
    "gc.auto=0",
)
_PASSED_ON = ("PATH", "http_proxy", "https_proxy", "no_proxy", "HTTP_PROXY", "HTTPS_PROXY", "NO_PROXY", "all_proxy",
              "ALL_PROXY", "SSL_CERT_FILE", "SSL_CERT_DIR")  # fmt: skip
_PATIENCE = 3600.0  # seconds


def fetch(remote: Remote, place: str, agent: str = "") -> str:
    """Check a repository out into the new folder `place` and return the commit; `agent` is the socket of an SSH agent.

    Raises HostLacks without git, CommandFailed for what git says, and for another commit than the checksum's.
    """
    if shutil.which("git") is None:
        raise HostLacks(f"{remote.shown()} is a Git repository, and there is no git on this host; install it")
    os.mkdir(place, 0o755)
    git = _Git(remote, place, agent)
    git("init", "--quiet", ".")
    git("remote", "add", "origin", remote.url)
    _fetch(git, remote)
    git("checkout", "--quiet", "--force", "FETCH_HEAD")
    commit = git("rev-parse", "HEAD").strip()
    if remote.checksum and not commit.startswith(remote.checksum):
        raise CommandFailed(f"{remote.shown()} is at the commit {commit}, not at {remote.checksum}", 1)
    if os.path.lexists(f"{place}/.gitmodules"):
        git("submodule", "update", "--quiet", "--init", "--recursive")
    if not remote.keep_git:
        _forget_git(place)
    return commit


def subfolder(root: SafeRoot, remote: Remote) -> SafeRoot:
    """Return the folder of a checked-out repository that the address names; links in it lead nowhere else.

    Raises InvalidSpec.
    """
    try:
        return SafeRoot(root.open(f"/{remote.subdir}", os.O_PATH | os.O_DIRECTORY))
    except OSError as error:
        raise InvalidSpec(f"{remote.shown()} has no folder {remote.subdir}: {error.strerror}") from error


def _fetch(git: _Git, remote: Remote) -> None:
    """Fetch one commit; all of them where the server cannot give one alone."""
    wanted = remote.ref or "HEAD"
    try:
        git("fetch", "--quiet", "--depth=1", "--no-tags", "origin", "--", wanted)
    except CommandFailed:
        git("fetch", "--quiet", "--tags", "origin", "--", "+refs/heads/*:refs/remotes/origin/*", "HEAD")
        for name in (f"refs/remotes/origin/{wanted}", f"refs/tags/{wanted}", wanted):
            found = git.attempt("rev-parse", "--verify", "--quiet", "--end-of-options", f"{name}^{{commit}}")
            if found and remote.ref:
                git("update-ref", "FETCH_HEAD", found.strip())
                return
        if remote.ref:
            raise


class _Git:
    """git in one folder."""

    def __init__(self, remote: Remote, place: str, agent: str) -> None:
        self._remote = remote
        self._place = place
        self._environment = {name: os.environ[name] for name in _PASSED_ON if name in os.environ}
        self._environment.update(
            GIT_TERMINAL_PROMPT="0",
            GIT_ASKPASS="/bin/false",
            GIT_CONFIG_NOSYSTEM="1",
            GIT_CONFIG_GLOBAL="/dev/null",
            GIT_ALLOW_PROTOCOL="https:http:git:ssh",
            GIT_SSH_COMMAND="ssh -o BatchMode=yes",
            GIT_LFS_SKIP_SMUDGE="1",
            GIT_CEILING_DIRECTORIES=os.path.dirname(place),
            HOME="/nonexistent",
            LC_ALL="C",
        )
        if agent:
            self._environment["SSH_AUTH_SOCK"] = agent

    def __call__(self, *arguments: str) -> str:
        done = self._run(arguments)
        if done.returncode:
            said = done.stderr.decode(errors="replace").strip().replace(self._remote.url, self._remote.shown())
            raise CommandFailed(f"cannot fetch {self._remote.shown()}: git {arguments[0]} says: {said[-500:]}", 1)
        return done.stdout.decode(errors="replace")

    def attempt(self, *arguments: str) -> str:
        """Return the output, "" when git fails."""
        done = self._run(arguments)
        return "" if done.returncode else done.stdout.decode(errors="replace")

    def _run(self, arguments: tuple[str, ...]) -> subprocess.CompletedProcess[bytes]:
        settings = [word for setting in _SETTINGS for word in ("-c", setting)]
        return subprocess.run(
            ["git", *settings, *arguments],
            cwd=self._place,
            env=self._environment,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            timeout=_PATIENCE,
            umask=0o022,
            check=False,
        )


def _forget_git(place: str) -> None:
    """Remove `.git` here and in submodules, which are folders or files."""
    pending = [place]
    while pending:
        folder = os.open(pending[-1], os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC)
        try:
            here = pending.pop()
            for name in os.listdir(folder):
                if name == ".git":
                    trees.remove_tree(folder, name)
                elif stat.S_ISDIR(os.stat(name, dir_fd=folder, follow_symlinks=False).st_mode):
                    pending.append(f"{here}/{name}")
        finally:
            os.close(folder)
