from __future__ import annotations

from pathlib import Path

from runtime_lib.linux.cgroups import usage


def test_block_io_of_version_1_is_what_scheduler_or_limiter_has_counted(tmp_path: Path) -> None:
    (tmp_path / "blkio.bfq.io_service_bytes_recursive").write_text("Total 0\n")
    (tmp_path / "blkio.throttle.io_service_bytes_recursive").write_text(
        "254:0 Read 4096\n254:0 Write 100\n254:0 Sync 4196\n254:0 Total 4196\n7:0 Read 4\n7:0 Write 0\nTotal 4200\n"
    )
    assert usage.read({"blkio": str(tmp_path)}) == {"block_read": 4100, "block_written": 100}


def test_block_io_of_version_2(tmp_path: Path) -> None:
    (tmp_path / "io.stat").write_text(
        "254:0 rbytes=10 wbytes=20 rios=1 wios=2 dbytes=0 dios=0\n7:0 rbytes=1 wbytes=0 rios=1 wios=0\n"
    )
    read = usage.read({"unified": str(tmp_path)})
    assert (read["block_read"], read["block_written"]) == (11, 20)


def test_a_group_that_is_gone_uses_nothing(tmp_path: Path) -> None:
    gone = str(tmp_path / "gone")
    read = usage.read({"unified": gone, "blkio": gone, "cpuacct": gone, "memory": gone})
    assert not any(read.values())
