"""Look at the disks of machines whose power was cut. Runs in a guest that has them as further drives.

Standard input is a JSON list of {"drive", "operation", "reported"}; the answer a JSON list of lists of sentences: what
was lost. The file system replays its journal when it is mounted, as at a boot.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import traceback
from pathlib import Path

from runtime_lib.containers import catalog as containers
from runtime_lib.containers.reconcile import reconcile
from runtime_lib.images import catalog as images
from runtime_lib.images import writer
from runtime_lib.paths import Layout
from runtime_lib.store import Store
from tests.vm.guest.prepare import KEPT
from tests.vm.guest.steps import STEPS


def main() -> None:
    answers = []
    for cut in json.load(sys.stdin):
        try:
            answers.append(_look(cut["drive"], cut["operation"], cut["reported"]))
        except Exception:  # whatever it is, it belongs into the report of this one disk
            answers.append([traceback.format_exc()])
    sys.stdout.write(json.dumps(answers))


def _look(drive: str, operation: str, reported: list[str]) -> list[str]:
    place = Path("/mnt") / drive
    place.mkdir()
    subprocess.run(["mount", _device(drive), place], check=True)
    store = Store(Layout(f"{place}/var/lib/skiff", f"/run/{drive}"))
    said = [f"integrity: {row[0]}" for row in store.query("PRAGMA integrity_check") if row[0] != "ok"]
    said += [f"foreign key: {tuple(row)}" for row in store.query("PRAGMA foreign_key_check")]
    said += _reported(store, operation, reported)
    said += _whole(store)
    reconcile(store)  # what `skiff restore` does at a boot
    said += [f"{key} was removed, and is back" for key in reported if operation == "remove" and _is_there(store, key)]
    for step in STEPS[operation].values():
        step(store)
    said += _reported(store, operation, list(STEPS[operation]))
    said += _whole(store) + _leftovers(store)
    store.close()
    return said


def _device(drive: str) -> str:
    for serial in Path("/sys/block").glob("vd*/serial"):
        if serial.read_text() == drive:
            return f"/dev/{serial.parent.name}"
    raise FileNotFoundError(drive)


def _reported(store: Store, operation: str, reported: list[str]) -> list[str]:
    """Say which steps that were reported as done are not."""
    said = []
    for key in reported:
        if operation == "create":
            done = _is_there(store, key)
        elif operation == "remove":
            done = not _is_there(store, key)
        else:
            done = (images.resolve(store, key) is not None) is (operation != "rmi")
        if not done:
            said.append(f"{operation} of {key} was reported, and is undone")
    return said


def _is_there(store: Store, name: str) -> bool:
    row = store.row("SELECT phase FROM containers WHERE name = ?", (name,))
    return row is not None and row["phase"] == "ready"


def _whole(store: Store) -> list[str]:
    """Say what counts and is not whole."""
    said = []
    for row in store.query("SELECT chain_id, diff_id, folder FROM layers"):
        folder = f"{store.layout.layers}/{row['folder']}"
        if not os.path.isdir(folder):
            said.append(f"layer {row['chain_id'][:20]} has no files")
        elif writer.measure(folder)[0] != row["diff_id"]:
            said.append(f"layer {row['chain_id'][:20]} has other files")
    for image in images.listing(store):
        if len(image.layers) != len(image.config["rootfs"]["diff_ids"]):
            said.append(f"image {image.names} lacks layers")
    for container in containers.listing(store):
        if container.phase == "ready":
            said += _whole_container(store, container)
    return said + _whole_volumes(store)


def _whole_container(store: Store, container: containers.Container) -> list[str]:
    folder = Path(store.layout.container(container.id))
    if not (folder / "upper").is_dir() or not (folder / "work").is_dir():
        return [f"container {container.name} has no files"]
    return _differences(folder / "upper") if container.name.startswith(("kept", "old")) else []


def _whole_volumes(store: Store) -> list[str]:
    said = []
    etc = [Path(path, "etc") for path in Path(store.layout.layers).iterdir() if Path(path, "etc", "passwd").exists()][0]
    seeded = {path.name: path.read_bytes() for path in etc.iterdir()}
    for row in store.query("SELECT name, removing FROM volumes WHERE removing = 0"):
        data = Path(store.layout.volume(row["name"]), "_data")
        if row["name"].startswith("kept"):
            said += _differences(data)
        elif not data.is_dir():
            said.append(f"volume {row['name']} has no folder")
        elif _counts(store, row["name"]) and os.listdir(data):
            found = {path.name: path.read_bytes() for path in data.iterdir() if path.is_file()}
            if found and found != seeded:
                said.append(f"volume {row['name']} was not filled wholly")
        elif _counts(store, row["name"]) and row["name"].startswith("volume"):
            said.append(f"volume {row['name']} was not filled")
    return said


def _counts(store: Store, volume: str) -> bool:
    query = "SELECT 1 FROM volume_users JOIN containers ON id = container_id WHERE volume = ? AND phase = 'ready'"
    return store.row(query, (volume,)) is not None


def _differences(folder: Path) -> list[str]:
    found = {path.name: path.read_bytes() for path in folder.iterdir() if path.is_file()}
    return [] if found == KEPT else [f"{folder} is not as it was"]


def _leftovers(store: Store) -> list[str]:
    """Say what lies there without a row, now that the next call has cleared away."""
    layout = store.layout
    pairs = {
        f"{layout.root}/containers": "SELECT id FROM containers",
        layout.layers: "SELECT folder FROM layers",
        f"{layout.root}/volumes": "SELECT name FROM volumes",
    }
    said = []
    for folder, query in pairs.items():
        left = set(os.listdir(folder)) - {row[0] for row in store.query(query)} - {".empty"}
        said += [f"{folder}/{name} is left" for name in sorted(left)]
    return said + [f"tmp/{name} is left" for name in os.listdir(layout.temporary)]


if __name__ == "__main__":
    main()
