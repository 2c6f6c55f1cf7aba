from __future__ import annotations

import pytest

from runtime_lib.errors import InvalidSpec
from runtime_lib.images import changes


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        ([], {}),
        (['CMD ["a", "b c"]'], {"Cmd": ["a", "b c"]}),
        (["cmd echo $HOME"], {"Cmd": ["/bin/sh", "-c", "echo $HOME"]}),
        (["ENTRYPOINT []"], {"Entrypoint": []}),
        (['ENV A=1 B="x y"', "ENV A=2"], {"Env": ["A=2", "B=x y"]}),
        (["ENV A the rest  of it"], {"Env": ["A=the rest  of it"]}),
        (["LABEL a.b=c", "LABEL d='e f'"], {"Labels": {"a.b": "c", "d": "e f"}}),
        (["EXPOSE 80 53/udp"], {"ExposedPorts": {"80/tcp": {}, "53/udp": {}}}),
        (["VOLUME /a /b", 'VOLUME ["/c d"]'], {"Volumes": {"/a": {}, "/b": {}, "/c d": {}}}),
        (["HEALTHCHECK NONE"], {"Healthcheck": {"Test": ["NONE"]}}),
        (["HEALTHCHECK CMD a b"], {"Healthcheck": {"Test": ["CMD-SHELL", "a b"]}}),
        (
            ['healthcheck --interval=1s  --retries=2 cmd ["a", "b c"]'],
            {"Healthcheck": {"Test": ["CMD", "a", "b c"], "Interval": 10**9, "Retries": 2}},
        ),
        (["WORKDIR /a", "WORKDIR b"], {"WorkingDir": "/a/b"}),
        (
            ["USER 5:6", "STOPSIGNAL SIGINT", "ONBUILD RUN x"],
            {"User": "5:6", "StopSignal": "SIGINT", "OnBuild": ["RUN x"]},
        ),
    ],
)
def test_instructions_set_the_defaults(given: list[str], expected: dict[str, object]) -> None:
    assert changes.defaults(given) == expected


@pytest.mark.parametrize(
    "change",
    [
        "",
        "RUN x",
        "FROM a",
        "CMD",
        "ENV",
        "ENV A=1 B",
        "ENV =x y=z",
        "LABEL 'a=b",
        "EXPOSE x",
        "EXPOSE 70000",
        "EXPOSE 0",
    ]
    + ["EXPOSE 80/sock", "USER \0", "EXPOSE ٣"],
)
def test_what_is_no_instruction_is_refused(change: str) -> None:
    with pytest.raises(InvalidSpec, match="change"):
        changes.defaults([change])


def test_changes_of_a_base_keep_the_rest_of_it() -> None:
    base = {"Env": ["A=1", "B=2"], "Cmd": ["x"], "Labels": {"a": "1"}, "WorkingDir": "/srv"}
    changed = changes.defaults(["ENV A=3", "LABEL b=2", "WORKDIR sub"], base)
    assert changed == {"Env": ["A=3", "B=2"], "Cmd": ["x"], "Labels": {"a": "1", "b": "2"}, "WorkingDir": "/srv/sub"}
    assert base["Labels"] == {"a": "1"}


def test_a_new_entrypoint_takes_the_command_away() -> None:
    base = {"Cmd": ["x"]}
    assert changes.defaults(['ENTRYPOINT ["y"]'], base) == {"Entrypoint": ["y"]}
    assert changes.defaults(['ENTRYPOINT ["y"]', 'CMD ["z"]'], base) == {"Entrypoint": ["y"], "Cmd": ["z"]}
