"""Do one operation and report every step that is done: `operate NAME`. Runs in the guest until its power is cut."""

from __future__ import annotations

import os
import sys

from runtime_lib.paths import Layout
from runtime_lib.store import Store
from tests.vm.guest.steps import STEPS


def main() -> None:
    steps = STEPS[sys.argv[1]]
    store = Store(Layout.from_environment())
    _say("begin")
    for key, step in steps.items():
        step(store)
        _say(f"done {key}")
    _say("end")


def _say(line: str) -> None:
    os.write(1, f"{line}\n".encode())


if __name__ == "__main__":
    main()
