from __future__ import annotations

from pathlib import Path

import pytest

from runtime_lib.linux.cgroups import realtime


def group(folder: Path, runtime: int, period: int = 1_000_000) -> str:
    folder.mkdir()
    (folder / "cpu.rt_runtime_us").write_text(f"{runtime}\n")
    (folder / "cpu.rt_period_us").write_text(f"{period}\n")
    return str(folder)


@pytest.mark.parametrize(("above", "after"), [(0, "150001"), (150_001, "150001"), (900_000, "900000"), (-1, "-1")])
def test_the_group_above_gets_what_all_of_them_need(tmp_path: Path, above: int, after: str) -> None:
    top = tmp_path / "skiff"
    group(top, above)
    group(top / "other", 50_000)
    group(top / "none", 0)
    realtime.allow(group(top / "new", 0, 500_000), 50_000)
    assert (top / "cpu.rt_runtime_us").read_text().strip() == after


def test_shares_add_up() -> None:
    assert realtime.share_needed([(1, 4), (-1, 4), (0, 4)], (1, 2)) == 0.75
