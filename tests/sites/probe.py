"""Ask a URL over and over until standard input ends; print what came of it as JSON."""

from __future__ import annotations

import collections
import json
import sys
import threading
import urllib.request

LEAST = 500  # requests
LIMIT = 60.0  # seconds that one answer may take


class Probe:
    """Two clients that never wait."""

    def __init__(self, url: str) -> None:
        self.url = url
        self.answers: collections.Counter[str] = collections.Counter()
        self.failed: list[str] = []
        self.over = threading.Event()

    def client(self) -> None:
        while not self.over.is_set() or self.answers.total() < LEAST:
            try:
                with urllib.request.urlopen(self.url, timeout=LIMIT) as answer:
                    self.answers[answer.read().decode()] += 1
            except OSError as error:
                self.failed.append(str(error))
                if len(self.failed) > LEAST:
                    return


if __name__ == "__main__":
    probe = Probe(sys.argv[1])
    clients = [threading.Thread(target=probe.client) for _ in range(2)]
    for client in clients:
        client.start()
    sys.stdin.read()
    probe.over.set()
    for client in clients:
        client.join()
    sys.stdout.write(json.dumps({"answers": probe.answers, "failed": probe.failed}))
