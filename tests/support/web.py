"""A web server on loopback whose answers a test chooses, and that remembers what it was asked."""

from __future__ import annotations

import os
import subprocess
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path


class Web:
    """Serves the files of `folder`, and `answers`: {path: (status, headers, body)}; `asked` are (path, headers)."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.answers: dict[str, tuple[int, dict[str, str], bytes]] = {}
        self.asked: list[tuple[str, dict[str, str]]] = []
        web = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                web.answer(self)

            def log_message(self, *_unused: object) -> None:
                pass

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self._server.server_address[1]}"
        threading.Thread(target=self._server.serve_forever, daemon=True).start()

    def close(self) -> None:
        self._server.shutdown()
        self._server.server_close()

    def answer(self, request: BaseHTTPRequestHandler) -> None:
        path = request.path.partition("?")[0]
        self.asked.append((path, dict(request.headers)))
        status, headers, body = self.answers.get(path) or self._file(path)
        if "ETag" in headers and request.headers.get("If-None-Match") == headers["ETag"]:
            status, body = 304, b""
        request.send_response(status)
        for name, value in {"Content-Length": str(len(body)), **headers}.items():
            request.send_header(name, value)
        request.end_headers()
        request.wfile.write(body)

    def _file(self, path: str) -> tuple[int, dict[str, str], bytes]:
        file = self.folder / path.lstrip("/")
        return (200, {}, file.read_bytes()) if file.is_file() else (404, {}, b"")


def git(folder: Path, *arguments: str) -> str:
    """Run git in a folder, apart from the configuration of who tests."""
    names = {f"GIT_{who}_{what}": "x" for who in ("AUTHOR", "COMMITTER") for what in ("NAME", "EMAIL")}
    environment = {"PATH": os.environ["PATH"], "GIT_CONFIG_GLOBAL": "/dev/null", "GIT_CONFIG_NOSYSTEM": "1", **names}
    call = ["git", "-c", "init.defaultBranch=main", "-c", "protocol.file.allow=always", *arguments]
    done = subprocess.run(call, cwd=folder, env=environment, check=True, capture_output=True, text=True)
    return done.stdout.strip()


def publish(work: Path, bare: Path) -> None:
    """Put a repository where a web server that knows nothing of Git can serve it."""
    git(work, "clone", "--quiet", "--bare", "--no-local", str(work), str(bare))
    git(bare, "update-server-info")
