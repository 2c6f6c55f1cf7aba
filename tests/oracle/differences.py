"""What Skiff answers where docs/security.md says that it differs from Docker, as a pattern for each probe or watch."""

from __future__ import annotations

import re
from pathlib import Path

DOCUMENT = Path(__file__).parents[2] / "docs" / "security.md"
OURS = {
    "mount /sys/fs/cgroup": r"/sys/fs/cgroup ro,nosuid,nodev,noexec,relatime tmpfs mode=755,rw",
    "propagation": r"/ -\n/e -\n/v -\n=> 0",
    "masked since 2024": r"0\n(ls: /sys/devices/virtual/powercap: No such file or directory|)\n0\n=> 0\n",
    "nodes in the image": r"/ rw,nodev,relatime overlay",
    "privileged": r"CapInh:\t0+\nCapPrm:\t(?P<all>[0-9a-f]+)\nCapEff:\t(?P=all)\nCapBnd:\t(?P=all)\nCapAmb:\t0+\n"
    r"NoNewPrivs:\t0\nSeccomp:\t0\n=> 0\n",
    "calls of recent years": r"io_uring_setup 1\nname_to_handle_at 14\npkey_free 22\nprocess_vm_readv 0\n"
    r"cachestat (9|38)\nfchmodat2 (22|38)\nstatmount (22|38)\nmseal (22|38)\n=> 0\n",
    "address families refused": r"alg 1\nvsock 1\n=> 0\n",
    "rlimits": r"Limit +Soft Limit +Hard Limit +Units +\n(Max .*\n){16}=> 0\n",
    "weight of block IO": r"300\n=> 0\n",
    "weight of a block device": r"the container failed: skiff: blkio\.bfq\.weight_device cannot be set: device .* BFQ\n"
    r"|default 100\n\d+:\d+ 300\n=> 0\n",
    "an rlimit that root may not raise here": r"Max nice priority +\d+ +\d+ +\n=> 0\n",
    "processes without limit": r"4096\n=> 0\n",
    "shares in version 2": r"59\n=> 0\n|cat: can't open '/sys/fs/cgroup/cpu.weight': No such file or directory\n=> 1\n",
    "unknown container": r"\(125, True\)",
    "init": r"\(0, '2\\npython3\.\d+\\n'\)",
    "exec: not found": r"\(127, ''\)",
    "exec: not executable": r"\(126, ''\)",
    "update: memory above swap": r"\(\[\(0, 'NAME\\n', False\)\], \(0, '134217728\\n268435456\\n.*",
    "update: memory and swap": r"\(\[\(0, 'NAME\\n', False\)\], \(0, '67108864\\n(9223372036854771712|max)\\n.*",
}


def as_documented(name: str, difference: str, answer: object) -> bool:
    """Whether Skiff's answer is the one of its `difference`: a line of the document with that word in back quotes."""
    text = answer if isinstance(answer, str) else repr(answer)
    return f"`{difference}`" in DOCUMENT.read_text() and re.fullmatch(OURS[name], text, re.DOTALL) is not None
