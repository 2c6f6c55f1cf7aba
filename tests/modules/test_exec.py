"""The `container_exec` module."""

from __future__ import annotations

from tests.modules.host import Host, task


def test_commands(host: Host) -> None:
    def run(**options: object) -> dict[str, object]:
        return task("container_exec", container="box", ignore_errors_=True, **options)

    results = host.play(
        [
            task("container", name="box", image="bb", network_mode="none"),
            run(command="echo 'a b'"),
            run(argv=["sh", "-c", "echo out; echo err >&2; exit 3"]),
            run(command="cat", stdin="fed"),
            run(command="cat", stdin="fed", stdin_add_newline=False, strip_empty_ends=False),
            run(command="sh -c 'echo $A; pwd; id -u'", env={"A": "1"}, chdir="/tmp", user="1000"),
            run(command="tty", tty=True),
            run(command="/no/such/thing"),
            run(command="sleep 1", detach=True),
            run(command="true", argv=["true"]),
            task("container_exec", container="none", command="true", ignore_errors_=True),
            task("container_exec", container="box", command="true", check_mode_=True),
            task("container", name="box", state="absent", force_kill=True),
        ]
    )
    words, codes, fed, raw, details, terminal, missing, detached, both, nobody, checked = results[1:12]
    assert (words["rc"], words["stdout"], words["changed"]) == (0, "a b", True)
    assert (codes["rc"], codes["stdout"], codes["stderr"], codes["_ending"]) == (3, "out", "err", "failed")
    assert fed["stdout"] == "fed"
    assert raw["stdout"] == "fed"
    assert details["stdout"].splitlines() == ["1", "/tmp", "1000"]
    assert terminal["rc"] == 0
    assert terminal["stdout"].startswith("/dev/pts/")
    assert missing["rc"] in (126, 127)
    assert len(detached["exec_id"]) == 64
    assert "mutually exclusive" in both["msg"]
    assert "none" in nobody["msg"]
    assert checked["_ending"] == "skipped"


def test_terminals_and_what_cannot_be_run(host: Host) -> None:
    def run(**options: object) -> dict[str, object]:
        return task("container_exec", container="box", ignore_errors_=True, **options)

    results = host.play(
        [
            task("container", name="box", image="bb", network_mode="none"),
            run(argv=["sh", "-c", "test -t 0 && test -t 1 && test -t 2 && echo out && echo err >&2"], tty=True),
            run(argv=["sh", "-c", 'read line; echo "<$line>"'], tty=True, stdin="typed"),
            run(argv=["sh", "-c", "printf 'a\\n\\n'"], strip_empty_ends=False),
            run(command="/etc/passwd"),
            run(command="no-such-program"),
            run(command="true", user="nobody-here"),
            run(argv=["sh", "-c", "tty >/where; sleep 0.2; echo late >/late"], detach=True, tty=True),
            run(argv=["sh", "-c", "until test -e /late; do sleep 0.05; done; cat /where /late"]),
            task("container", name="box", state="absent", force_kill=True),
        ]
    )
    terminal, typed, raw, folder, missing, nobody, left, late = results[1:9]
    assert (terminal["rc"], str(terminal["stdout"]).split(), terminal["stderr"]) == (0, ["out", "err"], "")
    assert "<typed>" in str(typed["stdout"])
    assert raw["stdout"] == "a\n\n"
    assert (folder["rc"], folder["_ending"]) == (126, "failed")
    assert (missing["rc"], missing["_ending"]) == (127, "failed")
    assert "nobody-here" in str(nobody)
    assert len(left["exec_id"]) == 64
    assert str(late["stdout"]).startswith("/dev/pts/")
    assert str(late["stdout"]).endswith("late")
