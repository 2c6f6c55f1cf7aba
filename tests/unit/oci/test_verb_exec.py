from __future__ import annotations

import json
from pathlib import Path

import pytest

from runtime_lib.errors import InvalidSpec
from runtime_lib.oci import arguments, verb_exec

FIRST = {"args": ["sleep"], "env": ["A=1"], "cwd": "/", "user": {"uid": 0, "gid": 0}, "terminal": False}


def wanted(*words: str) -> dict[str, object]:
    return verb_exec.process(arguments.parser().parse_args(["exec", *words]), FIRST)


def test_the_containers_own_process_is_the_pattern() -> None:
    assert wanted("id", "ls", "-l") == {**FIRST, "args": ["ls", "-l"]}


def test_options_change_it() -> None:
    assert wanted("-t", "-e", "B=2", "--cwd", "/tmp", "-u", "5:6", "id", "ls") == {
        "args": ["ls"],
        "env": ["A=1", "B=2"],
        "cwd": "/tmp",
        "user": {"uid": 5, "gid": 6},
        "terminal": True,
    }


def test_a_file_says_everything(tmp_path: Path) -> None:
    (tmp_path / "process.json").write_text(json.dumps({"args": ["x"]}))
    assert wanted("--process", str(tmp_path / "process.json"), "id") == {"args": ["x"]}


@pytest.mark.parametrize("user", ["root", "1:2:3", "-1", "１", " 0", ":", "1_0"])
def test_users_are_numbers(user: str) -> None:
    with pytest.raises(InvalidSpec, match="--user"):
        wanted(f"--user={user}", "id", "ls")


def test_nothing_to_run() -> None:
    with pytest.raises(InvalidSpec, match="program"):
        wanted("id")


def test_rights_and_groups_are_added() -> None:
    found = wanted(
        "-g", "7", "--additional-gids", "8", "-c", "CAP_KILL", "--no-new-privs", "--apparmor", "p", "id", "ls"
    )
    assert found["user"] == {"uid": 0, "gid": 0, "additionalGids": [7, 8]}
    assert found["capabilities"] == dict.fromkeys(("bounding", "effective", "permitted"), ["CAP_KILL"])
    assert (found["noNewPrivileges"], found["apparmorProfile"]) == (True, "p")


def test_groups_below_the_containers_own() -> None:
    paths = {"cpu": "/c/cpu/x", "memory": "/c/memory/x"}
    assert verb_exec.subgroup(paths, []) == paths
    assert verb_exec.subgroup(paths, ["in"]) == {"cpu": "/c/cpu/x/in", "memory": "/c/memory/x/in"}
    assert verb_exec.subgroup(paths, ["cpu:/in/side"]) == {**paths, "cpu": "/c/cpu/x/in/side"}
    for text in ("../y", "cpu:a/../../y", "nonesuch:in"):
        with pytest.raises(InvalidSpec, match="--cgroup"):
            verb_exec.subgroup(paths, [text])
