"""What `skiff-oci` says of failures: on standard error, and in the file of --log where there is one."""

from __future__ import annotations

import json
import os
import sys
import time

TYPE_CHECKING = False
if TYPE_CHECKING:
    import argparse


def say(arguments: argparse.Namespace, level: str, message: str) -> None:
    """Say one sentence; `level` is error or warning. Raises OSError when the file cannot be written."""
    sys.stderr.write(f"skiff-oci: {message}\n")
    if not arguments.log:
        return
    stamp = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime())
    if arguments.log_format == "json":
        line = json.dumps({"level": level, "msg": message, "time": stamp}, separators=(",", ":"))
    else:
        line = f'time="{stamp}" level={level} msg={json.dumps(message)}'
    descriptor = os.open(arguments.log, os.O_WRONLY | os.O_CREAT | os.O_APPEND | os.O_CLOEXEC, 0o644)
    os.write(descriptor, line.encode() + b"\n")
    os.close(descriptor)
