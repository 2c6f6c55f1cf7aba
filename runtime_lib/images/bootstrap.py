"""Make a base image from a Debian-like distribution's own mirror with mmdebstrap; no registry is needed."""

from __future__ import annotations

import json
import os

from ..errors import CommandFailed, HostLacks, ImageNotFound, InvalidSpec
from ..linux import libc
from ..records import asdict, dataclass
from . import aptsources, catalog, create, digest, layers, reference, rootfs

TYPE_CHECKING = False
if TYPE_CHECKING:
    from subprocess import Popen

    from ..store import Store
    from .catalog import Image

LABEL = "io.skiff.recipe"
VARIANTS = (
    "apt",
    "buildd",
    "custom",
    "debootstrap",
    "essential",
    "extract",
    "important",
    "minbase",
    "required",
    "standard",
)
_FOLDERS = ("/usr/bin", "/usr/local/bin", "/bin")
_PROXIES = ("http_proxy", "https_proxy", "no_proxy", "HTTP_PROXY", "HTTPS_PROXY", "NO_PROXY")
_PASSED_ON = (*_PROXIES, "TMPDIR", "SOURCE_DATE_EPOCH")
_WORD = frozenset("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789.+-:=~_")
_SHOWN_LINES = 3
_DEFAULTS = {
    "Env": ["PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"],
    "Cmd": ["bash"],
}


@dataclass(frozen=True)
class Recipe:
    """What to bootstrap. `mirror` is a URL, or a whole line of sources.list; None takes the host's own sources."""

    name: str
    suite: str
    packages: tuple[str, ...] = ()
    mirror: str | None = None
    variant: str = "minbase"
    components: tuple[str, ...] = ("main",)
    architecture: str | None = None
    keyring: str | None = None

    def check(self) -> None:
        """Raise InvalidSpec for values that mmdebstrap could not take, or would take for something else."""
        reference.new_name(self.name)
        if self.variant not in VARIANTS:
            raise InvalidSpec(f"variant {self.variant!r} is not known; it is one of {', '.join(VARIANTS)}")
        words = [("suite", self.suite), *(("package", word) for word in self.packages)]
        words += [("component", word) for word in self.components]
        words += [("architecture", self.architecture)] if self.architecture is not None else []
        for what, word in words:
            if not word or word[0] in "-+.:=~_" or not _WORD.issuperset(word):
                raise InvalidSpec(f"{what} {word!r} is not valid: letters, digits and . + - : = ~ _ are")
        if self.mirror is not None and not self.mirror.startswith(("http://", "https://", "file:", "copy:", "deb ")):
            raise InvalidSpec(f"mirror {self.mirror!r} is neither a URL (http, https, file, copy) nor a `deb ` line")
        if self.mirror is not None and not self.mirror.isprintable():
            raise InvalidSpec(f"mirror {self.mirror!r} has characters that cannot be printed; leave them out")
        if self.keyring is not None and not os.path.exists(self.keyring):
            raise InvalidSpec(f"keyring {self.keyring} does not exist on the host; copy it there first")

    @property
    def digest(self) -> str:
        """What the image is made from; an image with the same digest is not made again."""
        values = asdict(self)
        del values["name"]
        return digest.of(json.dumps(values, sort_keys=True).encode())


def present(store: Store, recipe: Recipe) -> Image | None:
    """Return the image of the recipe's name when it was made from this very recipe."""
    try:
        image = catalog.find(store, recipe.name)
    except ImageNotFound:
        return None
    labels = image.defaults.get("Labels") or {}
    return image if labels.get(LABEL) == recipe.digest else None


def bootstrap(store: Store, recipe: Recipe) -> Image:
    """Return the image of a recipe, made with mmdebstrap unless it is there already.

    Raises InvalidSpec, HostLacks without mmdebstrap, CommandFailed with what it wrote.
    """
    recipe.check()
    found = present(store, recipe)
    if found:
        return found
    command = _command(recipe)
    with layers.using(store), _Output(store, command) as output:
        layer = layers.import_tar(store, output, None)
        defaults = {**_DEFAULTS, "Labels": {LABEL: recipe.digest}}
        comment = f"mmdebstrap {recipe.suite} {recipe.variant}"
        config = rootfs.configuration(layer.diff_id, defaults, comment)
        return create.image(store, config, [layer.chain_id], [recipe.name])


def _command(recipe: Recipe) -> list[str]:
    program = next((f"{folder}/mmdebstrap" for folder in _FOLDERS if os.access(f"{folder}/mmdebstrap", os.X_OK)), None)
    if program is None:
        raise HostLacks("the host has no mmdebstrap command: install the package mmdebstrap")
    command = [program, "--format=tar", f"--variant={recipe.variant}", f"--components={','.join(recipe.components)}"]
    if recipe.packages:
        command.append(f"--include={','.join(recipe.packages)}")
    if recipe.architecture:
        command.append(f"--architectures={recipe.architecture}")
    if recipe.keyring:
        command.append(f"--keyring={recipe.keyring}")
    mirrors = [recipe.mirror] if recipe.mirror else aptsources.lines(recipe.suite, recipe.components)
    return [*command, "--", recipe.suite, "-", *mirrors]


class _Output:
    """The standard output of a running program, which counts only when the program succeeds."""

    def __init__(self, store: Store, command: list[str]) -> None:
        self._temporary = store.layout.temporary
        self._command = command

    def __enter__(self) -> _Output:
        import signal
        import subprocess

        environment = {key: os.environ[key] for key in _PASSED_ON if key in os.environ}
        environment["PATH"] = "/usr/sbin:/usr/bin:/sbin:/bin"
        environment["LC_ALL"] = "C.UTF-8"
        self._errors = os.open(self._temporary, os.O_TMPFILE | os.O_RDWR | os.O_CLOEXEC, 0o600)
        self._process: Popen[bytes] = subprocess.Popen(
            self._command,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=self._errors,
            env=environment,
            cwd="/",
            # Killed, this process cannot end it any more; by itself it would go on until it writes its tar.
            preexec_fn=lambda: libc.prctl(libc.PR_SET_PDEATHSIG, signal.SIGTERM),
        )
        return self

    def __exit__(self, *_unused: object) -> None:
        if self._process.poll() is None:
            self._process.terminate()  # it unmounts and removes its temporary folder
        if self._process.stdout:
            self._process.stdout.close()
        self._process.wait()
        os.close(self._errors)

    def read(self, size: int, /) -> bytes:
        """Return at most `size` bytes; b"" once the program has succeeded. Raises CommandFailed when it has not."""
        data: bytes = self._process.stdout.read1(size) if self._process.stdout else b""  # type: ignore[attr-defined]
        if not data and self._process.wait() != 0:
            raise CommandFailed(f"{self._command[0]} failed: {self._last_lines()}", self._process.returncode)
        return data

    def _last_lines(self) -> str:
        size = os.fstat(self._errors).st_size
        text = os.pread(self._errors, 4096, max(0, size - 4096)).decode(errors="replace")
        lines = [line.strip() for line in text.splitlines() if line.strip()]
        errors = [line for line in lines if line.startswith("E:")]
        return " | ".join(errors[:_SHOWN_LINES] or lines[-_SHOWN_LINES:]) or "it wrote no reason"
