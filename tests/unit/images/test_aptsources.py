from __future__ import annotations

from pathlib import Path

import pytest

from runtime_lib.images import aptsources

DEB822 = """
# the distribution
Types: deb deb-src
URIs: http://deb.example.org/debian
Suites: bookworm bookworm-updates bookworm-backports
Components: main contrib
Signed-By: /usr/share/keyrings/debian.gpg

Types: deb
URIs: http://security.example.org
Suites: bookworm-security
Components: main

Enabled: no
Types: deb
URIs: http://off.example.org
Suites: bookworm
Components: main
"""
ONE_LINE = """
deb [arch=amd64 signed-by=/k.gpg] http://deb.example.org/debian bookworm main contrib # comment
deb-src http://deb.example.org/debian bookworm main
# deb http://off.example.org bookworm main
deb https://download.example.com/linux bookworm stable
deb http://deb.example.org/debian trixie main
"""


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "sources.list.d").mkdir()
    return tmp_path


def test_deb822_sources_of_the_suite_are_taken(folder: Path) -> None:
    (folder / "sources.list.d" / "debian.sources").write_text(DEB822)
    assert aptsources.lines("bookworm", ["main"], str(folder)) == [
        "deb [signed-by=/usr/share/keyrings/debian.gpg] http://deb.example.org/debian bookworm main",
        "deb [signed-by=/usr/share/keyrings/debian.gpg] http://deb.example.org/debian bookworm-updates main",
        "deb http://security.example.org bookworm-security main",
    ]


def test_one_line_sources_of_the_suite_are_taken(folder: Path) -> None:
    (folder / "sources.list").write_text(ONE_LINE)
    assert aptsources.lines("bookworm", ["main", "contrib"], str(folder)) == [
        "deb [arch=amd64 signed-by=/k.gpg] http://deb.example.org/debian bookworm main contrib"
    ]


def test_another_suite_has_no_sources_here(folder: Path) -> None:
    (folder / "sources.list.d" / "debian.sources").write_text(DEB822)
    assert aptsources.lines("trixie", ["main"], str(folder)) == []
    assert aptsources.lines("book", ["main"], str(folder)) == []


def test_a_host_without_apt_has_none(tmp_path: Path) -> None:
    assert aptsources.lines("bookworm", ["main"], str(tmp_path / "missing")) == []
