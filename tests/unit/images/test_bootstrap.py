from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from runtime_lib.errors import CommandFailed, HostLacks, InvalidSpec
from runtime_lib.images import bootstrap
from runtime_lib.images.bootstrap import Recipe
from runtime_lib.paths import Layout
from runtime_lib.records import replace
from runtime_lib.store import Store

GOOD = Recipe("base", "bookworm", ("nginx-light",), mirror="http://deb.example.org/debian")


@pytest.mark.parametrize(
    "changes",
    [
        {"name": "Base"},
        {"suite": ""},
        {"suite": "--option"},
        {"suite": "a b"},
        {"suite": "../x"},
        {"packages": ("-x",)},
        {"packages": ("a,b",)},
        {"packages": ("?essential",)},
        {"packages": ("",)},
        {"components": ("main universe",)},
        {"architecture": "am d64"},
        {"architecture": ""},
        {"variant": "tiny"},
        {"mirror": "ftp://x"},
        {"mirror": "-"},
        {"mirror": "http://x\ndeb http://y"},
        {"keyring": "/no/such/file"},
    ],
)
def test_recipes_that_mmdebstrap_would_misread_are_refused(changes: dict[str, Any]) -> None:
    with pytest.raises(InvalidSpec):
        replace(GOOD, **changes).check()


def test_a_good_recipe_is_accepted() -> None:
    GOOD.check()
    replace(GOOD, packages=("libc6:amd64", "g++", "nginx=1.2~3-4"), architecture="arm64").check()


def test_the_digest_is_that_of_the_content_not_of_the_name() -> None:
    assert replace(GOOD, name="other").digest == GOOD.digest
    assert replace(GOOD, packages=()).digest != GOOD.digest


def test_the_command_has_no_place_for_more_options(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "mmdebstrap").touch(mode=0o755)
    monkeypatch.setattr(bootstrap, "_FOLDERS", (str(tmp_path),))
    command = bootstrap._command(GOOD)
    assert command[-4:] == ["--", "bookworm", "-", "http://deb.example.org/debian"]


def test_without_mmdebstrap_the_sentence_names_the_package(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(bootstrap, "_FOLDERS", ("/nowhere",))
    with pytest.raises(HostLacks, match="install the package mmdebstrap"):
        bootstrap._command(GOOD)


def test_the_output_of_a_program_counts_when_it_succeeds(tmp_path: Path) -> None:
    store = Store(Layout(str(tmp_path / "root"), str(tmp_path / "run")))
    with bootstrap._Output(store, ["/bin/sh", "-c", "echo data"]) as output:
        assert output.read(100) == b"data\n"
        assert output.read(100) == b""
    with bootstrap._Output(store, ["/bin/sh", "-c", "echo data; echo I: so; echo E: no space >&2; exit 3"]) as output:
        with pytest.raises(CommandFailed, match="E: no space") as raised:
            while output.read(100):
                pass
        assert raised.value.exit_code == 3
    store.close()
