"""The command line of a fresh interpreter."""

from __future__ import annotations

import subprocess
from pathlib import Path

from runtime_lib.linux import interpreter


def test_a_fresh_interpreter_is_isolated(tmp_path: Path, monkeypatch: object) -> None:
    package = tmp_path / "lib" / "probe"
    package.mkdir(parents=True)
    (package / "__init__.py").write_text("")
    (package / "show.py").write_text(
        "import sys\n"
        "def main():\n"
        "    sys.stdout.write(repr((sys.flags.isolated, sys.flags.no_site, sys.argv[2:], sys.path[0])))\n"
    )
    argv = interpreter.command("probe.show", str(tmp_path / "lib"), "a", "b c")
    output = subprocess.run(argv, capture_output=True, check=True, text=True, cwd=tmp_path).stdout
    assert output == repr((1, 1, ["a", "b c"], str(tmp_path / "lib")))
    assert not (package / "__pycache__").exists(), "a program that may run as root writes no byte code"
