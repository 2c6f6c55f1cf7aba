"""Something done in a process of its own, so that the test's stays as it was."""

from __future__ import annotations

import json
import os
import traceback
from collections.abc import Callable
from typing import Any


def result_of(function: Callable[[], Any]) -> Any:
    """Return what `function` returns (as JSON has it) in a forked child; its exception becomes an AssertionError."""
    read, write = os.pipe()
    pid = os.fork()
    if pid == 0:
        code = 1
        try:
            os.write(write, json.dumps(function()).encode())
            code = 0
        except BaseException:
            os.write(write, traceback.format_exc().encode())
        finally:
            os._exit(code)
    os.close(write)
    with open(read, "rb") as file:
        output = file.read()
    _pid, status = os.waitpid(pid, 0)
    if status:
        raise AssertionError(f"the child ended with status {status}:\n{output.decode()}")
    return json.loads(output)


def errno_of(function: Callable[[], Any]) -> int:
    """Return the errno that `function` fails with, 0 when it succeeds."""
    try:
        function()
    except OSError as error:
        return error.errno or -1
    return 0
