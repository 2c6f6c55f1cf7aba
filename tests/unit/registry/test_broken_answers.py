"""Answers that are cut, malformed or endless, and servers that are not who they say."""

from __future__ import annotations

import hashlib
import json
import socket
import ssl
import time
from pathlib import Path

import pytest

from runtime_lib.errors import InvalidSpec, RegistryError
from runtime_lib.registry import client, endpoint
from tests.support import faultregistry
from tests.support.faultregistry import Answer, Asked, FaultRegistry
from tests.support.registry import free_port, make_certificates
from tests.support.waiting import until
from tests.unit.registry.test_client import ANNA, BLOB, DIGEST, Clock, clock, opened, part, ranged, read, settings

__all__ = ["clock"]
MANIFEST = b'{"schemaVersion": 2}' + b" " * 5000
OF_MANIFEST = "sha256:" + hashlib.sha256(MANIFEST).hexdigest()


@pytest.mark.parametrize("value", ["Mon, soon", "x, y", "Fri, 99 Zzz 2026", "-1", "1e3"])
def test_a_wrong_retry_after_is_passed_over(clock: Clock, value: str) -> None:
    answers = [Answer(429, b"", {"Retry-After": value})] * 2 + [Answer(200, MANIFEST)]
    with opened(clock, lambda _asked: answers.pop(0)) as (_server, repository):
        assert repository.manifest("latest").body == MANIFEST
    assert clock.slept == [0.5, 1.0]


@pytest.mark.parametrize(
    "location",
    ["http://[bad/x", "https://h:99999999/x", "http://127.0.0.1:abc/x", "http://a b/x", "https://", "http://h:0/"],
)
def test_a_redirect_to_no_address_is_told(clock: Clock, location: str) -> None:
    refusal = pytest.raises(RegistryError, match="which is no address")
    with opened(clock, lambda _asked: Answer(307, b"", {"Location": location})) as (_server, repository), refusal:
        repository.manifest("latest")


@pytest.mark.parametrize("realm", ["https://[x/t", "https://h:abc/t", "https://h:99999999/t"])
def test_a_token_server_at_no_address_is_told(clock: Clock, realm: str) -> None:
    answer = Answer(401, b"", {"WWW-Authenticate": f'Bearer realm="{realm}"'})
    refusal = pytest.raises(RegistryError, match="nothing was sent there")
    with opened(clock, lambda _asked: answer, ANNA) as (_server, repository), refusal:
        repository.manifest("latest")


@pytest.mark.parametrize("name", ["reg:abc", "reg:", "[::1", "reg:70000", "::1", "reg:0", ""])
def test_a_registry_must_have_a_name_and_may_have_a_port(name: str) -> None:
    with pytest.raises(InvalidSpec, match="is not the address of a registry"):
        endpoint.named(name)


@pytest.mark.parametrize("name", ["reg", "reg.example:5000", "[::1]:5000", "127.0.0.1", "[fe80::1]"])
def test_names_of_registries(name: str) -> None:
    assert endpoint.named(name) == endpoint.named(f"https://{name}/v2/") == name


def test_a_manifest_that_is_cut_is_asked_for_again(clock: Clock) -> None:
    def script(_asked: Asked) -> Answer:
        return Answer(200, MANIFEST, cut=100 if len(server.asked) < 3 else None)

    with opened(clock, script) as (server, repository):
        assert repository.manifest(OF_MANIFEST).body == MANIFEST
    assert len(server.asked) == 3


def test_a_list_that_is_cut_is_asked_for_again(clock: Clock) -> None:
    def script(_asked: Asked) -> Answer:
        return Answer(200, b'{"tags": ["a", "b"]}', cut=10 if len(server.asked) < 3 else None)

    with opened(clock, script) as (server, repository):
        assert repository.tags() == ["a", "b"]


@pytest.mark.parametrize("failure", [502, 429])
def test_an_upload_that_breaks_off_begins_anew(clock: Clock, failure: int) -> None:
    """A registry keeps what has come of a PATCH, so going on at its address would send the beginning twice."""
    kept = {"data": b"", "patches": 0}

    def script(asked: Asked) -> Answer:
        if asked.method == "POST":
            kept["data"] = b""
            return Answer(202, b"", {"Location": "/v2/team/web/blobs/uploads/1"})
        if asked.method == "PATCH":
            kept["patches"] += 1  # type: ignore[operator]
            kept["data"] += asked.body  # type: ignore[operator]
            if kept["patches"] == 1:
                return Answer(failure)
            return Answer(202, b"", {"Location": "/v2/team/web/blobs/uploads/1"})
        wanted = hashlib.sha256(kept["data"]).hexdigest()  # type: ignore[arg-type]
        return Answer(201 if wanted in asked.path else 400)

    with opened(clock, script) as (server, repository):
        repository.upload(lambda: iter([BLOB[:1000], BLOB[1000:]]), lambda: DIGEST)
    assert [asked.method for asked in server.asked if asked.method == "POST"] == ["POST"] * kept["patches"]  # type: ignore[operator]


def test_an_upload_to_nobody_ends_as_soon_as_any_other_request(clock: Clock) -> None:
    host = f"127.0.0.1:{free_port()}"
    refused = pytest.raises(RegistryError, match="cannot be reached")
    with client.connect(endpoint.Endpoint(host, "team/web", host, True), settings(clock)) as repository, refused:
        repository.upload(lambda: iter([BLOB]), lambda: DIGEST)
    assert clock.slept == [0.5, 1.0, 2.0, 4.0]


def test_an_answer_that_drips_has_an_end(clock: Clock) -> None:
    class Slow(Clock):
        def now(self) -> float:
            self.time += 30.0
            return self.time

    refusal = pytest.raises(RegistryError, match="does not answer in time|too slowly")
    with opened(Slow(), lambda _asked: Answer(200, MANIFEST * 100), tries=2) as (_server, repository), refusal:
        repository.manifest("latest")


def server_context(folder: Path) -> ssl.SSLContext:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(folder / "server.crt", folder / "server.key")
    return context


def refused(clock: Clock, folder: Path, words: str, **more: object) -> FaultRegistry:
    """Ask a registry with the certificate in a folder, whose CA is trusted; it is refused with these words."""
    with faultregistry.serving(lambda _asked: Answer(200, MANIFEST), server_context(folder)) as server:
        own = folder / "certs.d" / server.host
        own.mkdir(parents=True)
        (own / "ca.crt").write_bytes((folder / "ca.crt").read_bytes())
        trusting = settings(clock, certificate_folders=(str(folder / "certs.d"),), **more)
        refusal = pytest.raises(RegistryError, match=words)
        with client.connect(endpoint.Endpoint(server.host, "x", server.host), trusting) as repository, refusal:
            repository.manifest("latest")
    return server


def test_who_a_registry_names_must_prove_who_it_is(clock: Clock, tmp_path: Path) -> None:
    """A registry on loopback may be insecure; a token server elsewhere may not, whoever named it."""
    make_certificates(tmp_path)
    context = server_context(tmp_path)
    with faultregistry.serving(lambda _asked: Answer(200, b'{"token": "t"}'), context) as elsewhere:
        realm = f'Bearer realm="https://localhost:{elsewhere.host.partition(":")[2]}/token"'
        refusal = pytest.raises(RegistryError, match="its certificate is not trusted")
        answer = Answer(401, b"", {"WWW-Authenticate": realm})
        with opened(clock, lambda _asked: answer, ANNA, tries=1) as (_server, repository), refusal:
            repository.manifest("latest")
        assert elsewhere.asked == []


def test_a_registry_with_a_certificate_of_its_own_ca(clock: Clock, tmp_path: Path) -> None:
    make_certificates(tmp_path)
    context = server_context(tmp_path)
    context.load_verify_locations(tmp_path / "ca.crt")
    context.verify_mode = ssl.CERT_REQUIRED
    with faultregistry.serving(lambda _asked: Answer(200, MANIFEST), context) as server:
        secure = endpoint.Endpoint(server.host, "team/web", server.host)
        folder = tmp_path / "certs.d" / server.host
        folder.mkdir(parents=True)
        trusting = settings(clock, certificate_folders=(str(tmp_path / "certs.d"),), tries=1)
        refusal = pytest.raises(RegistryError, match="put its CA into certs.d")
        with client.connect(secure, trusting) as repository, refusal:
            repository.manifest("latest")
        for name in ("ca.crt", "client.cert", "client.key"):
            (folder / name).write_bytes((tmp_path / name).read_bytes())
        with client.connect(secure, trusting) as repository:
            assert repository.manifest("latest").body == MANIFEST
        (folder / "ca.crt").write_text("no certificate")
        refusal = pytest.raises(RegistryError, match="cannot be used")
        with client.connect(secure, trusting) as repository, refusal:
            repository.manifest("latest")


def test_a_certificate_of_another_name_is_refused(clock: Clock, tmp_path: Path) -> None:
    make_certificates(tmp_path, names="subjectAltName=DNS:other.example")
    server = refused(clock, tmp_path, "is not trusted .*127.0.0.1")
    assert server.asked == []
    assert clock.slept == []


@pytest.mark.parametrize(("code", "slept"), [(socket.EAI_NONAME, []), (socket.EAI_AGAIN, [0.5])])
def test_a_name_that_cannot_be_resolved_is_told_soon(
    clock: Clock, monkeypatch: pytest.MonkeyPatch, code: int, slept: list[float]
) -> None:
    def resolver(*_unused: object) -> None:
        raise socket.gaierror(code, "no")

    monkeypatch.setattr(socket, "getaddrinfo", resolver)
    away = endpoint.Endpoint("registry.example", "x", "registry.example")
    refusal = pytest.raises(RegistryError, match="registry.example cannot be reached .*its name cannot be resolved")
    with client.connect(away, settings(clock)) as repository, refusal:
        repository.manifest("latest")
    assert clock.slept == slept


def test_a_length_that_is_longer_than_what_comes_is_a_cut(clock: Clock) -> None:
    def script(asked: Asked) -> Answer:
        whole = part(asked)
        if len(server.asked) > 1:
            return ranged(asked)
        return Answer(200, whole[:5000], length=len(whole))

    with opened(clock, script) as (server, repository):
        assert read(repository) == BLOB
    assert server.asked[-1].headers["range"] == "bytes=5000-"


def test_a_length_that_is_shorter_than_the_manifest_says_is_a_cut(clock: Clock) -> None:
    refusal = pytest.raises(RegistryError, match="again and again|breaks off")
    with opened(clock, lambda _asked: Answer(200, BLOB[:5000]), tries=3) as (_server, repository), refusal:
        read(repository)


def test_a_token_that_ends_in_the_middle_of_a_blob_is_fetched_anew(clock: Clock) -> None:
    tokens: list[str] = []

    def script(asked: Asked) -> Answer:
        if asked.path.startswith("/token"):
            tokens.append(f"t{len(tokens)}")
            return Answer(200, json.dumps({"token": tokens[-1], "expires_in": 3600}).encode())
        if not tokens or asked.headers.get("authorization") != f"Bearer {tokens[-1]}":
            return Answer(401, headers={"WWW-Authenticate": f'Bearer realm="http://{server.host}/token"'})
        if "range" not in asked.headers:
            tokens.append("another one counts now")
            return ranged(asked, cut=100_000)
        return ranged(asked)

    with opened(clock, script) as (server, repository):
        assert read(repository) == BLOB
    assert len([asked for asked in server.asked if asked.path.startswith("/token")]) == 2


def test_a_certificate_that_has_expired_makes_one_think_of_the_clock(clock: Clock, tmp_path: Path) -> None:
    make_certificates(tmp_path, server_days=0)
    end = time.time() + 1
    until(lambda: time.time() > end, 60)
    refused(clock, tmp_path, "is the clock of this host right", tries=1)
