"""Open vSwitch by its command `ovs-vsctl`: all changes of one call are one transaction of its database."""

from __future__ import annotations

import os

from ..errors import HostLacks
from ..jsontext import parse

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence
    from typing import Any

    Row = dict[str, Any]

_PATH = "/usr/sbin:/sbin:/usr/bin:/bin:/usr/local/sbin:/usr/local/bin"
_PROGRAMS = [f"{folder}/ovs-vsctl" for folder in _PATH.split(":")]
_PATIENCE = 15  # seconds until the daemon has done what the database says; on a quiet host it takes 20 ms
_ALARM = -14  # how ovs-vsctl ends when that time is over (SIGALRM)
_FAILED = "ovs-vsctl: Error detected while setting up '"


def program() -> str:
    """Return the path of the command ovs-vsctl. Raises HostLacks without it."""
    for path in _PROGRAMS:
        if os.access(path, os.X_OK):
            return path
    raise HostLacks(
        "networks of the driver openvswitch need the command ovs-vsctl on the host: install the package"
        " openvswitch-switch (Debian, Ubuntu) or openvswitch"
    )


def tables(database: str, *wanted: tuple[str, str]) -> list[list[Row]]:
    """Return the rows of tables, each asked for as (table, names of columns with commas between), in one look.

    `database` is "unix:" and the path of a socket; "" means the usual place, which OVS_RUNDIR may have moved. Sets
    become lists, maps become dicts and references the ids of rows. Raises HostLacks when the database does not answer.
    """
    arguments = ["--format=json"]
    for table, columns in wanted:
        arguments += ["--", f"--columns={columns}", "list", table]
    return [_rows(parse(line)) for line in _answered(database, arguments)[0].splitlines()]


def change(database: str, commands: Sequence[Sequence[str]], wait: bool = True) -> dict[str, str]:
    """Make all changes or none, and wait until the daemon has followed them.

    Returns the ports that the daemon could not make, and why ("" where it does not say): the database has them all the
    same. Raises HostLacks when the database does not answer; TimeoutError when the database has the changes and the
    daemon does not follow; and OSError with the words of ovs-vsctl.
    """
    arguments = [] if wait else ["--no-wait"]
    for command in commands:
        arguments += ["--", *command]
    return failures((_call if wait else _answered)(database, arguments)[1])


def failures(said: str) -> dict[str, str]:
    """Return which ports could not be made, and why, from what ovs-vsctl said. Pure."""
    found = {}
    for line in said.splitlines():
        if line.startswith(_FAILED):
            name, _quote, reason = line[len(_FAILED) :].partition("'")
            found[name] = reason.partition(".  See ")[0].lstrip(": ")
    return found


def _answered(database: str, arguments: list[str]) -> tuple[str, str]:
    """Do as `_call`, where the daemon has nothing to follow: then it is the database that hangs. Raises HostLacks."""
    try:
        return _call(database, arguments)
    except TimeoutError as error:
        raise _silent(database, f"nothing in {_PATIENCE} seconds") from error


def _call(database: str, arguments: list[str]) -> tuple[str, str]:
    """Return what ovs-vsctl answered, and what it complained of although it did what it was told."""
    import subprocess  # not at the top: no other network needs it

    address = [f"--db={database}"] if database else []
    command = [program(), f"--timeout={_PATIENCE}", *address, *arguments]
    moved = {key: os.environ[key] for key in ("OVS_RUNDIR",) if key in os.environ}
    environment = {"PATH": _PATH, "LANG": "C", **moved}
    done = subprocess.run(command, capture_output=True, text=True, env=environment, check=False)
    if done.returncode:
        raise _failure(done.returncode, done.stderr, database)
    return done.stdout, done.stderr


def _failure(code: int, said: str, database: str) -> Exception:
    words = (said.strip().splitlines() or [f"exit code {code}"])[0]
    where = f" at {database}" if database else ""
    if code == _ALARM:
        return TimeoutError(110, f"ovs-vswitchd has not followed its database{where} in {_PATIENCE} seconds")
    if "database connection failed" in words:
        return _silent(database, words.partition(": ")[2])
    return OSError(22, words, "ovs-vsctl")


def _silent(database: str, why: str) -> HostLacks:
    where = f" at {database}" if database else ""
    return HostLacks(f"Open vSwitch does not answer{where} ({why}): start it (systemctl start openvswitch-switch)")


def _rows(answer: Row) -> list[Row]:
    return [dict(zip(answer["headings"], [_plain(value) for value in row])) for row in answer["data"]]


def _plain(value: Any) -> Any:
    """Return a value of RFC 7047, section 5.1, in Python's own types; a set of one is written without its set."""
    if not isinstance(value, list):
        return value
    kind, content = value
    if kind == "set":
        return [_plain(one) for one in content]
    return dict(content) if kind == "map" else content
