"""A balancer before the fleet, and a visitor that asks it without a pause: balancer.py PORT-FILE NAME=PORT...

It goes into the background when it listens, and writes its port into PORT-FILE. POST /-/drain/NAME takes an upstream
out and answers when its last request is done; /-/attach/NAME takes it in again; /-/end/COUNT lets the visitor come to
COUNT requests, answers with what it saw, and ends the balancer. No request is tried twice: the visitor sees what fails.
"""

from __future__ import annotations

import http.client
import http.server
import itertools
import json
import os
import sys
import threading
import time
from collections import Counter
from pathlib import Path

LIMIT = 60.0  # seconds for one request: guests may be emulated
PAUSE = 0.05  # seconds between two visits
LIFE = 3600.0  # seconds after which it ends, whatever became of its scenario


class Upstreams:
    """Who is in, and how many requests each has."""

    def __init__(self, ports: dict[str, int]) -> None:
        self._ports = ports
        self._attached = set(ports)
        self._busy = Counter[str]()
        self._turns = itertools.cycle(sorted(ports))
        self._changed = threading.Condition()

    def take(self) -> tuple[str, int]:
        """Return name and port of the next upstream in turn."""
        with self._changed:
            name = next(name for name in self._turns if name in self._attached)
            self._busy[name] += 1
            return name, self._ports[name]

    def give_back(self, name: str) -> None:
        """Say that a request is done."""
        with self._changed:
            self._busy[name] -= 1
            self._changed.notify_all()

    def drain(self, name: str) -> None:
        """Take an upstream out and wait for its last request."""
        with self._changed:
            self._attached.discard(name)
            self._changed.wait_for(lambda: not self._busy[name], LIMIT)

    def attach(self, name: str) -> None:
        """Take an upstream in again."""
        with self._changed:
            self._attached.add(name)


class Visitor(threading.Thread):
    """Asks for the page over and over, and counts what it gets."""

    def __init__(self, port: int) -> None:
        super().__init__(daemon=True)
        self._port = port
        self.requests = 0
        self.failures: list[str] = []
        self.pages = Counter[str]()
        self.target = sys.maxsize

    def run(self) -> None:
        """Visit until the target is reached."""
        while self.requests < self.target:
            status, body = fetch(self._port)
            self.requests += 1
            self.pages[body.strip()] += 1
            if status != 200 or not body.startswith("shop "):
                self.failures.append(f"{status} {body.strip()}")
            time.sleep(PAUSE)

    def end(self, count: int) -> dict[str, object]:
        """Let it come to a number of requests and return what it saw."""
        self.target = count
        self.join()
        return {"requests": self.requests, "failures": self.failures, "pages": dict(self.pages)}


def fetch(port: int) -> tuple[int, str]:
    """Return status and body of the page behind a port of the loopback address; 502 and the reason without one."""
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=LIMIT)
    try:
        connection.request("GET", "/")
        answer = connection.getresponse()
        return answer.status, answer.read().decode(errors="replace")
    except (OSError, http.client.HTTPException) as error:
        return 502, f"{type(error).__name__}: {error}"
    finally:
        connection.close()


class Handler(http.server.BaseHTTPRequestHandler):
    """One request to the balancer."""

    upstreams: Upstreams
    visitor: Visitor

    def do_GET(self) -> None:
        """Pass a page on."""
        name, port = self.upstreams.take()
        try:
            status, body = fetch(port)
        finally:
            self.upstreams.give_back(name)
        self._answer(status, f"{body}" if status == 200 else f"{name}: {body}", "text/html")

    def do_POST(self) -> None:
        """Do what the playbook wants."""
        _empty, _mark, verb, word = self.path.split("/")
        answer: object = {}
        if verb == "end":
            answer = self.visitor.end(int(word))
        else:
            {"drain": self.upstreams.drain, "attach": self.upstreams.attach}[verb](word)
        self._answer(200, json.dumps(answer), "application/json")
        if verb == "end":
            threading.Thread(target=self.server.shutdown).start()

    def _answer(self, status: int, body: str, kind: str) -> None:
        data = body.encode()
        self.send_response(status)
        self.send_header("Content-Type", kind)
        self.send_header("Content-Length", str(len(data)))
        self.end_headers()
        self.wfile.write(data)

    def log_message(self, *_unused: object) -> None:
        """Write no log."""


def main(port_file: str, *pairs: str) -> None:
    """Listen, go into the background, serve until the end is asked for."""
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    port = server.server_address[1]
    Path(port_file).write_text(str(port))
    if os.fork():
        os._exit(0)
    os.setsid()
    null = os.open(os.devnull, os.O_RDWR)
    for descriptor in range(3):
        os.dup2(null, descriptor)
    Handler.upstreams = Upstreams({name: int(value) for name, _mark, value in (pair.partition("=") for pair in pairs)})
    Handler.visitor = Visitor(port)
    Handler.visitor.start()
    threading.Timer(LIFE, os._exit, (1,)).start()
    server.serve_forever()
    os._exit(0)


if __name__ == "__main__":
    main(*sys.argv[1:])
