from __future__ import annotations

import os

from runtime_lib.containers.usage import host_cpu, interfaces

TABLE = """\
Inter-|   Receive                                                |  Transmit
 face |bytes packets errs drop fifo frame compressed multicast|bytes packets errs drop fifo colls carrier compressed
    lo:     100       1    0    0    0     0          0 0 100       1    0    0    0     0       0          0
  eth0:    1500      10    0    0    0     0          0 0 900       9    0    0    0     0       0          0
eth1:7 1 0 0 0 0 0 0 8 1 0 0 0 0 0 0
"""


def test_interfaces_without_the_loopback() -> None:
    assert interfaces(TABLE) == {"eth0": (1500, 900), "eth1": (7, 8)}


def test_of_a_process_that_has_ended_there_are_none() -> None:
    assert interfaces("") == {}


def test_time_of_the_host_counts_guests_once() -> None:
    stat = "cpu  1 2 3 4 5 6 7 8 9 10\ncpu0 1 2 3 4 5 6 7 8 9 10\n"
    assert host_cpu(stat) == 28 * (1_000_000_000 // os.sysconf("SC_CLK_TCK"))
