from __future__ import annotations

import os
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from runtime_lib.errors import CorruptData
from runtime_lib.images import recipe
from runtime_lib.images.recipe import Content, Recorder
from runtime_lib.images.tarreader import TarReader
from tests.support.archives import member, pieces, tar


def written(path: Path, parts: list[bytes | Content]) -> list[bytes | Content]:
    """Record the parts and return what is read of them."""
    path.unlink(missing_ok=True)
    with Recorder(str(path)) as recorder:
        for part in parts:
            if isinstance(part, Content):
                recorder.content(part.path, part.offset, part.length, part.crc)
            else:
                recorder.literal(part)
    with path.open("rb") as file:
        expected = sum(part.length if isinstance(part, Content) else len(part) for part in parts)
        assert recipe.size(file.fileno()) == expected
        return list(recipe.records(file.fileno()))


def joined(parts: list[bytes | Content]) -> list[bytes | Content]:
    """Return the parts with literal bytes that follow each other as one."""
    result: list[bytes | Content] = []
    for part in parts:
        if isinstance(part, bytes) and result and isinstance(result[-1], bytes):
            result[-1] += part
        elif part:
            result.append(part)
    return result


CONTENTS = st.builds(
    Content,
    st.text(st.characters(exclude_characters="\0", exclude_categories=["Cs"]), min_size=1),
    st.integers(0, 2**63),
    st.integers(0, 2**50),
    st.integers(0, 2**32 - 1),
)


@settings(max_examples=50)
@given(parts=st.lists(st.one_of(st.binary(max_size=2000), CONTENTS)))
def test_what_is_recorded_is_read(tmp_path_factory: pytest.TempPathFactory, parts: list[bytes | Content]) -> None:
    assert joined(written(tmp_path_factory.mktemp("r") / "r", parts)) == joined(parts)


def test_literal_bytes_of_any_size_are_kept(tmp_path: Path) -> None:
    parts: list[bytes | Content] = [os.urandom(700_000), b"x" * 3_000_000, Content("a\udcff", 1, 2, 3), bytes(5)]
    assert joined(written(tmp_path / "r", parts)) == joined(parts)


def test_a_recipe_without_an_end_is_none(tmp_path: Path) -> None:
    with pytest.raises(KeyError), Recorder(str(tmp_path / "r")) as recorder:
        recorder.literal(b"x")
        raise KeyError
    with (tmp_path / "r").open("rb") as file, pytest.raises(CorruptData, match="not a recipe"):
        recipe.size(file.fileno())


@pytest.mark.parametrize("cut", [0, 10, 24, 40, -1])
def test_a_recipe_that_was_cut_off_is_refused(tmp_path: Path, cut: int) -> None:
    written(tmp_path / "r", [os.urandom(100), Content("f", 0, 1, 2)])
    data = (tmp_path / "r").read_bytes()
    (tmp_path / "r").write_bytes(data[:cut])
    with (tmp_path / "r").open("rb") as file:
        if cut == 24:  # nothing at all behind its head: the caller sees that the archive has another size
            assert list(recipe.records(file.fileno())) == []
            return
        with pytest.raises(CorruptData):
            list(recipe.records(file.fileno()))


@pytest.mark.parametrize("size", [1, 511, 700, 100_000])
def test_a_reader_tells_every_byte_that_is_nobodys_content(size: int) -> None:
    data = tar(member("n" * 300, b"x" * 1000), member("skipped", b"s" * 600), member("e")) + b"behind" * 300
    left = pieces(data, size)
    told: list[bytes] = []
    reader = TarReader(lambda: next(left, b""), literal=told.append)
    content = b"".join(bytes(piece) for entry in reader if entry.name != "skipped" for piece in reader.data())
    assert content == b"x" * 1000
    assert b"".join(told) == data.replace(content, b"")
