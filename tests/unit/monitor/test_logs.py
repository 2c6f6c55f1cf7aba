from __future__ import annotations

import os
from pathlib import Path

import pytest

from runtime_lib.monitor import encoding, logs
from runtime_lib.monitor.logfile import LogFile


def lines(path: Path, **options: int) -> list[bytes]:
    return [record.data for record in logs.read(str(path), **options)]


def write(log: LogFile, first: int, last: int) -> None:
    for number in range(first, last):
        log.write("stdout", b"line %d\n" % number)


def numbered(first: int, last: int) -> list[bytes]:
    return [b"line %d\n" % number for number in range(first, last)]


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "container.log"


def test_what_was_written_is_read(path: Path) -> None:
    log = LogFile(str(path), 0, 1)
    log.write("stdout", b"one\ntw")
    log.write("stderr", b"\xff\xfe\n")
    log.write("stdout", b"o\nthree")
    log.finish()
    found = [(record.stream, record.data) for record in logs.read(str(path))]
    assert found == [
        ("stdout", b"one\n"),
        ("stderr", b"\xff\xfe\n"),
        ("stdout", b"two\n"),
        ("stdout", b"three"),
    ]


def test_rotation_keeps_the_limits(path: Path) -> None:
    log = LogFile(str(path), 1000, 3)
    write(log, 0, 500)
    files = sorted(os.listdir(path.parent))
    assert files == ["container.log", "container.log.1", "container.log.2"]
    assert all(os.path.getsize(path.parent / name) <= 1000 for name in files)
    kept = lines(path)
    assert kept == numbered(500 - len(kept), 500)
    assert len(kept) > 20


def test_compressed_files_are_rotated_and_read_like_others(path: Path) -> None:
    log = LogFile(str(path), 1000, 3, compress=True)
    write(log, 0, 60)
    assert sorted(each.name for each in path.parent.iterdir()) == [path.name, f"{path.name}.1.gz", f"{path.name}.2.gz"]
    found = [record.data for record in logs.read(str(path))]
    assert found == numbered(0, 60)[-len(found) :]
    assert len(found) > 20
    assert [record.data for record in logs.read(str(path), tail=15)] == numbered(45, 60)


def test_follow_across_compressed_files(path: Path) -> None:
    log = LogFile(str(path), 1000, 3, compress=True)
    write(log, 0, 5)
    running = iter([True] * 40)
    following = logs.follow(str(path), lambda: next(running, False))
    found = [next(following).data for _ in range(5)]
    for first in range(5, 200, 5):
        write(log, first, first + 5)
        found += [next(following).data for _ in range(5)]
    assert found == numbered(0, 200)


def test_a_log_that_is_no_longer_compressed_keeps_its_limits(path: Path) -> None:
    write(LogFile(str(path), 1000, 3, compress=True), 0, 60)
    write(LogFile(str(path), 1000, 3), 60, 120)
    assert sorted(each.name for each in path.parent.iterdir()) == [path.name, f"{path.name}.1", f"{path.name}.2"]


def test_attributes_are_in_each_record(path: Path) -> None:
    LogFile(str(path), 0, 1, attributes=',"attrs":{"a":"b"}').write("stdout", b"x\n")
    (record,) = logs.read(str(path))
    assert (record.data, record.attributes) == (b"x\n", {"a": "b"})


def test_one_file_only(path: Path) -> None:
    log = LogFile(str(path), 1000, 1)
    write(log, 0, 100)
    assert os.listdir(path.parent) == ["container.log"]
    assert lines(path)[-1] == b"line 99\n"


def test_a_flood_in_one_write_is_rotated_too(path: Path) -> None:
    LogFile(str(path), 1000, 3).write("stdout", b"".join(numbered(0, 500)))
    assert all(entry.stat().st_size <= 1000 for entry in path.parent.iterdir())
    assert lines(path)[-1] == b"line 499\n"


@pytest.mark.parametrize("tail", [0, 1, 5, 17, 100000])
def test_tail_reaches_across_files(path: Path, tail: int) -> None:
    log = LogFile(str(path), 1000, 5)
    write(log, 0, 50)
    everything = lines(path)
    assert lines(path, tail=tail) == everything[max(0, len(everything) - tail) :]


def test_tail_of_long_records(path: Path) -> None:
    log = LogFile(str(path), 0, 1)
    for letter in b"abcdefgh":
        log.write("stdout", bytes([letter]) * 16000 + b"\n")
    assert [data[:1] for data in lines(path, tail=6)] == [b"c", b"d", b"e", b"f", b"g", b"h"]


def test_since_and_until(path: Path) -> None:
    with open(path, "wb") as file:
        for second in range(10):
            file.write(encoding.record(b"%d" % second, "stdout", encoding.rfc3339(second * 10**9)))
    assert lines(path, since=3 * 10**9, until=5 * 10**9) == [b"3", b"4", b"5"]


def test_since_a_clock_that_was_set_back(path: Path) -> None:
    with open(path, "wb") as file:
        for second in (1, 5, 9, 2, 3):
            file.write(encoding.record(b"%d" % second, "stdout", encoding.rfc3339(second * 10**9)))
    assert lines(path, since=5 * 10**9) == [b"5", b"9", b"2", b"3"]


def test_what_is_written_while_it_is_read_does_not_count(path: Path) -> None:
    log = LogFile(str(path), 1000, 3)
    write(log, 0, 30)
    expected = lines(path)[-2:]
    found = []
    for record in logs.read(str(path), tail=2):
        found.append(record.data)
        write(log, 30, 31)
    assert found == expected


def test_a_missing_log_is_empty(path: Path) -> None:
    assert lines(path) == []


def test_a_torn_line_is_left_out(path: Path) -> None:
    log = LogFile(str(path), 0, 1)
    write(log, 0, 1)
    with open(path, "ab") as file:
        file.write(b'\0\0\0{"log":"x\n')
    write(log, 1, 2)
    assert lines(path) == numbered(0, 2)


def test_follow_loses_and_doubles_nothing_across_rotations(path: Path) -> None:
    log = LogFile(str(path), 1000, 3)
    turns = iter(range(0, 400, 7))

    def running() -> bool:
        turn = next(turns, None)
        if turn is not None:
            write(log, turn, turn + 7)
        return turn is not None

    found = [record.data for record in logs.follow(str(path), running)]
    assert found == numbered(0, 406)


def test_follow_goes_on_after_more_rotations_than_files(path: Path) -> None:
    log = LogFile(str(path), 1000, 2)
    steps = iter([(0, 5), (5, 400), (400, 402)])

    def running() -> bool:
        step = next(steps, None)
        if step is not None:
            write(log, *step)
        return step is not None

    found = [record.data for record in logs.follow(str(path), running)]
    numbers = [int(line.split()[1]) for line in found]
    assert numbers[:5] == [0, 1, 2, 3, 4]
    assert numbers[-2:] == [400, 401]
    assert numbers == sorted(set(numbers))


def test_follow_goes_on_after_the_log_was_deleted_and_the_clock_set_back(path: Path) -> None:
    log = LogFile(str(path), 1000, 3)
    write(log, 0, 30)
    expected = lines(path)

    steps = iter([False, True])

    def running() -> bool:
        step = next(steps, None)
        if step:
            path.unlink()
            path.write_bytes(encoding.record(b"after", "stdout", encoding.rfc3339(0)))
        return step is not None

    found = [record.data for record in logs.follow(str(path), running)]
    assert found == [*expected, b"after"]


def test_a_full_disk_is_counted_and_does_not_raise() -> None:
    log = LogFile("/dev/full", 0, 1)
    log.write("stdout", b"one\ntwo\n")
    assert log.dropped == 2


def test_a_log_whose_folder_is_missing_is_counted(tmp_path: Path) -> None:
    log = LogFile(str(tmp_path / "no" / "container.log"), 0, 1)
    log.write("stdout", b"one\n")
    assert log.dropped == 1
    (tmp_path / "no").mkdir()
    log.write("stdout", b"two\n")
    assert lines(tmp_path / "no" / "container.log") == [b"two\n"]
