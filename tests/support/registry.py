"""Debian's docker-registry on loopback: plain, with a password, with TLS."""

from __future__ import annotations

import socket
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from tests.support.waiting import until

SERVER = "/usr/bin/docker-registry"
USER, PASSWORD = "anna", "secret"
HASH = "$2b$04$PejP9hi7K8W/.7PipFjsduArxaPzvizQObWZYuJtyWEVPdej2PTXS"  # bcrypt of PASSWORD, at its lowest cost
_CONFIG = """\
version: 0.1
log: {{level: warn}}
storage:
  filesystem: {{rootdirectory: {folder}/data}}
  delete: {{enabled: true}}
http:
  addr: 127.0.0.1:{port}
{tls}{auth}"""
_AUTH = "auth:\n  htpasswd: {{realm: tests, path: {folder}/htpasswd}}\n"
_TLS = "  tls: {{certificate: {folder}/server.crt, key: {folder}/server.key{client}}}\n"


class Registry:
    """A running registry; `host` is what stands before the name of an image."""

    def __init__(self, folder: Path, port: int, process: subprocess.Popen[bytes]) -> None:
        self.folder, self.port, self.process = folder, port, process
        self.host = f"127.0.0.1:{port}"

    def blobs(self) -> set[str]:
        """Return the digests of all blobs in its storage."""
        return {
            f"sha256:{path.parent.name}" for path in self.folder.glob("data/docker/registry/v2/blobs/sha256/*/*/data")
        }


@contextmanager
def serving(folder: Path, password: bool = False, tls: bool = False, client_ca: bool = False) -> Iterator[Registry]:
    """Run a registry for a block. With `tls` its certificate is for 127.0.0.1 and localhost, by the CA `ca.crt`.

    With `client_ca` it wants a certificate by that CA, too: `client.cert` with `client.key`.
    """
    folder.mkdir(parents=True, exist_ok=True)
    if tls:
        make_certificates(folder)
    (folder / "htpasswd").write_text(f"{USER}:{HASH}\n")
    clients = f", clientcas: [{folder}/ca.crt]" if client_ca else ""
    text = _CONFIG.format(
        folder=folder,
        port="{port}",
        tls=_TLS.format(folder=folder, client=clients) if tls else "",
        auth=_AUTH.format(folder=folder) if password else "",
    )
    process, port = _started(folder, text)
    try:
        yield Registry(folder, port, process)
    finally:
        process.kill()
        process.wait()


def _started(folder: Path, text: str, tries: int = 5) -> tuple[subprocess.Popen[bytes], int]:
    """Start a server on a free port, on another one when somebody has taken that meanwhile."""
    port = free_port()
    (folder / "config.yml").write_text(text.replace("{port}", str(port)))
    with (folder / "log").open("wb") as log:
        process = subprocess.Popen([SERVER, "serve", folder / "config.yml"], stdout=log, stderr=log)
    until(lambda: _listens(port) or process.poll() is not None, 60)
    if process.poll() is None:
        return process, port
    told = (folder / "log").read_text()
    assert tries > 1, told
    assert "address already in use" in told, told
    return _started(folder, text, tries - 1)


def free_port() -> int:
    """Return a port of the loopback interface that nobody has."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def _listens(port: int) -> bool:
    try:
        socket.create_connection(("127.0.0.1", port), 1).close()
    except OSError:
        return False
    return True


ELSEWHERE = "registry.test"  # a name that counts as any host's, where a hosts file has it
LOOPBACK = f"subjectAltName=IP:127.0.0.1,DNS:localhost,DNS:{ELSEWHERE}"


def make_certificates(folder: Path, server_days: int = 2, names: str = LOOPBACK) -> None:
    """Make a CA, and certificates by it for a server of these names and for a client."""
    _openssl("req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-days", "2",
             "-subj", "/CN=tests", "-keyout", folder / "ca.key", "-out", folder / "ca.crt")  # fmt: skip
    for name, certificate, extension in (
        ("server", "server.crt", names),
        ("client", "client.cert", "keyUsage=digitalSignature"),
    ):
        request = folder / f"{name}.csr"
        _openssl("req", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-subj", f"/CN={name}",
                 "-keyout", folder / f"{name}.key", "-out", request)  # fmt: skip
        (folder / f"{name}.ext").write_text(extension + "\n")
        days = str(server_days if name == "server" else 2)
        signing = ("-CA", folder / "ca.crt", "-CAkey", folder / "ca.key", "-days", days)
        _openssl(
            "x509", "-req", "-in", request, *signing, "-extfile", folder / f"{name}.ext", "-out", folder / certificate
        )


def _openssl(*arguments: object) -> None:
    subprocess.run(["openssl", *map(str, arguments)], check=True, capture_output=True)
