"""`molecule test` of the sample role: our driver against the Docker driver, with the same base image."""

from __future__ import annotations

import os
import shutil
import subprocess
from pathlib import Path
from typing import Any

import yaml

from tests.bench.engines import Field
from tests.bench.measure import quiet, rounds, table
from tests.support.skiff import CHECKOUT

ROLE = CHECKOUT / "examples" / "greeter"
BASE = "molecule-base"
BIN = CHECKOUT / ".venv-bench" / "bin"


def molecule_test(field: Field, count: int) -> str:
    """All of `molecule test` (two instances in a network, verified by testinfra), from destroy to destroy."""
    bring_base_image(field)
    projects = {name: project(field, name) for name in ("docker", "skiff")}
    competitors = {name: quiet(["molecule", "test"], environment(field), folder) for name, folder in projects.items()}
    return table("`molecule test` of the sample role", rounds(competitors, count), {"skiff": 0.5})


def bring_base_image(field: Field) -> None:
    """Make the sample role's base image once, and give it to both engines."""
    scenario = yaml.safe_load((ROLE / "molecule" / "default" / "molecule.yml").read_text())
    recipe = scenario["platforms"][0]["bootstrap"]
    archive = field.folder / "base.tar"
    options = ["--quiet", "--variant=minbase", f"--include={','.join(recipe['packages'])}"]
    subprocess.run(["mmdebstrap", *options, recipe["suite"], archive], check=True)
    field.dockerd.run("import", str(archive), BASE)
    field.host.run("import", str(archive), BASE)


def project(field: Field, driver: str) -> Path:
    """Return a copy of the role whose scenario uses a driver; the Docker driver too takes the image as it is."""
    folder = field.folder / driver / "greeter"
    shutil.copytree(ROLE, folder, ignore=shutil.ignore_patterns(".ansible", "__pycache__"))
    if driver == "docker":
        file = folder / "molecule" / "default" / "molecule.yml"
        scenario: dict[str, Any] = yaml.safe_load(file.read_text())
        scenario["driver"]["name"] = "docker"
        for platform in scenario["platforms"]:
            del platform["bootstrap"]
            platform["pre_build_image"] = True
        file.write_text(yaml.safe_dump(scenario))
    return folder


def environment(field: Field) -> dict[str, str]:
    """Return what Molecule needs to know of both engines."""
    collections = field.folder / "collections" / "ansible_collections" / "skiff"
    if not collections.exists():
        collections.mkdir(parents=True)
        (collections / "containers").symlink_to(CHECKOUT)
    home = field.folder / "home"
    home.mkdir(exist_ok=True)
    return {
        # /usr/bin before what a version manager has put there: it is Debian's `docker` that both use.
        "PATH": f"{BIN}:/usr/sbin:/usr/bin:{os.environ['PATH']}",
        "HOME": str(home),
        "LANG": "C.UTF-8",
        "ANSIBLE_HOME": str(home / ".ansible"),
        "ANSIBLE_COLLECTIONS_PATH": str(field.folder / "collections"),
        "DOCKER_HOST": f"unix://{field.dockerd.socket}",
        **{key: field.host.environment[key] for key in ("SKIFF_ROOT", "SKIFF_RUN")},
    }
