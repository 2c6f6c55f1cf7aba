"""An installation of its own with a base image, and a build context: what tests of builds share."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

from runtime_lib.build.build import build
from runtime_lib.build.spec import BuildResult, BuildSpec
from runtime_lib.containers.tree import image_tree
from runtime_lib.images import layers
from runtime_lib.images import rootfs as importer
from runtime_lib.paths import Layout
from runtime_lib.store import Store

CHECKOUT = Path(__file__).parents[2]
PROGRAM = """
import sys
sys.path.insert(0, {checkout!r})
from runtime_lib.build.build import build
from runtime_lib.build.secrets import Secret
from runtime_lib.build.spec import BuildSpec
from runtime_lib.paths import Layout
from runtime_lib.store import Store

def output(text):
    sys.stdout.write(text)
    sys.stdout.flush()

store = Store(Layout({layout.root!r}, {layout.run!r}))
secrets = {{"PATH": Secret("env", "PATH")}}
build(store, BuildSpec({path!r}, network="none", output=output, secrets=secrets))
"""


class Builder:
    """An installation of its own with the image `base`, and one build context."""

    def __init__(self, folder: Path, tar: Path) -> None:
        self.context = folder / "context"
        self.context.mkdir()
        self.layout = Layout(str(folder / "root"), str(folder / "run"))
        self.store = Store(self.layout)
        with open(tar, "rb") as file:
            importer.import_rootfs(self.store, file, "base")

    def file(self, name: str, text: str, mode: int = 0o644) -> Path:
        path = self.context / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
        path.chmod(mode)
        return path

    def spec(self, text: str, **options: object) -> BuildSpec:
        self.file("Dockerfile", text)
        return BuildSpec(str(self.context), **{"names": ("made",), "network": "none", **options})  # type: ignore[arg-type]

    def build(self, text: str, **options: object) -> BuildResult:
        return build(self.store, self.spec(text, **options))

    def program(self, spec: BuildSpec) -> subprocess.Popen[str]:
        """Build in a process of its own."""
        text = PROGRAM.format(checkout=str(CHECKOUT), layout=self.layout, path=spec.path)
        return subprocess.Popen([sys.executable, "-c", text], stdout=subprocess.PIPE, text=True)

    def read(self, result: BuildResult, path: str) -> str:
        with image_tree(layers.folders(self.store, result.image.layers)) as root:
            return root.read(path).decode("latin-1")

    def status(self, result: BuildResult, path: str) -> os.stat_result:
        with image_tree(layers.folders(self.store, result.image.layers)) as root:
            descriptor = root.open(path, os.O_PATH | os.O_NOFOLLOW)
            try:
                return os.fstat(descriptor)
            finally:
                os.close(descriptor)

    def counted(self) -> tuple[int, int, list[str]]:
        images = self.store.query("SELECT id FROM images")
        return len(self.store.query("SELECT id FROM containers")), len(images), os.listdir(self.layout.temporary)

    def end(self) -> None:
        """Close the store, and see that nothing is left of any build."""
        self.store.close()
        # The installation's own control groups stay as long as it does.
        for path in sorted(Path("/sys/fs/cgroup").glob(f"*/{self.layout.label}/monitors"), reverse=True):
            path.rmdir()
            path.parent.rmdir()
        assert self.layout.root not in Path("/proc/self/mountinfo").read_text()
        assert os.listdir(f"{self.layout.root}/containers") == os.listdir(self.layout.temporary) == []
