"""The client against a registry that does what a good one never does."""

from __future__ import annotations

import base64
import hashlib
import json
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from runtime_lib.errors import CorruptData, HostLacks, RegistryDenied, RegistryError
from runtime_lib.registry import client
from runtime_lib.registry.credentials import Credentials
from runtime_lib.registry.endpoint import Endpoint
from runtime_lib.registry.rules import Rules
from runtime_lib.registry.settings import Settings
from tests.support.faultregistry import Answer, Asked, FaultRegistry, Script, serving

ANNA = Credentials("anna", "secret")
BLOB = bytes(range(256)) * 4000
DIGEST = "sha256:" + hashlib.sha256(BLOB).hexdigest()


class Clock:
    """A clock that stands still but for what is slept."""

    def __init__(self) -> None:
        self.time = 0.0
        self.slept: list[float] = []

    def now(self) -> float:
        return self.time

    def sleep(self, seconds: float) -> None:
        self.slept.append(seconds)
        self.time += seconds


@pytest.fixture
def clock() -> Clock:
    return Clock()


def settings(clock: Clock, **more: object) -> Settings:
    values = {"certificate_folders": (), "timeout": 10.0, "sleep": clock.sleep, "now": clock.now, **more}
    return Settings(Rules(), **values)  # type: ignore[arg-type]


def place(server: FaultRegistry, repository: str = "team/web") -> Endpoint:
    return Endpoint(server.host, repository, server.host, True)


@contextmanager
def opened(
    clock: Clock, script: Script, credentials: Credentials | None = None, **more: object
) -> Iterator[tuple[FaultRegistry, client.Repository]]:
    """Give a registry that answers as the script wants, and a repository of it."""
    with serving(script) as server, client.connect(place(server), settings(clock, **more), credentials) as repository:
        yield server, repository


def read(repository: client.Repository, size: int = len(BLOB)) -> bytes:
    with repository.blob(DIGEST, size) as reader:
        return b"".join(iter(lambda: reader.read(10_000), b""))


def part(asked: Asked) -> bytes:
    start = int(asked.headers.get("range", "bytes=0-")[6:-1])
    return BLOB[start:]


def ranged(asked: Asked, **more: object) -> Answer:
    rest = part(asked)
    if "range" not in asked.headers:
        return Answer(200, rest, **more)  # type: ignore[arg-type]
    start = len(BLOB) - len(rest)
    return Answer(206, rest, {"Content-Range": f"bytes {start}-{len(BLOB) - 1}/{len(BLOB)}"}, **more)  # type: ignore[arg-type]


@pytest.mark.parametrize("cut", [0, 1, 9_999, 10_000, 65_536, 500_000, len(BLOB) - 1])
def test_a_blob_goes_on_where_it_was_cut(clock: Clock, cut: int) -> None:
    def script(asked: Asked) -> Answer:
        return ranged(asked) if "range" in asked.headers or len(server.asked) > 1 else ranged(asked, cut=cut)

    with opened(clock, script) as (server, repository):
        # No question for the scheme comes first: the first HTTPS attempt fails before a request is seen.
        assert read(repository) == BLOB
        assert [asked.headers.get("range") for asked in server.asked if asked.path != "/v2/"][1:] == (
            [f"bytes={cut}-"] if cut else [None]
        )
    assert len(clock.slept) == 1


def test_many_small_cuts_are_fine_as_long_as_something_comes(clock: Clock) -> None:
    with opened(clock, lambda asked: ranged(asked, cut=50_000), tries=3) as (server, repository):
        assert read(repository) == BLOB
    assert len(server.asked) == -(-len(BLOB) // 50_000)


def test_nothing_again_and_again_is_an_error(clock: Clock) -> None:
    refusal = pytest.raises(RegistryError, match="cannot be reached|again and again|breaks off")
    with opened(clock, lambda asked: ranged(asked, cut=0), tries=3) as (server, repository), refusal:
        read(repository)
    assert len(server.asked) == 3
    assert clock.slept == [0.5, 1.0]


def test_a_registry_without_ranges_is_read_from_the_start(clock: Clock) -> None:
    def script(_asked: Asked) -> Answer:
        return Answer(200, BLOB, cut=300_000 if len(server.asked) == 1 else None)

    with opened(clock, script) as (server, repository):
        assert read(repository) == BLOB


@pytest.mark.parametrize(
    "answer",
    [
        Answer(200, BLOB[:-1] + b"x"),
        Answer(200, BLOB + b"x"),
    ],
)
def test_other_bytes_are_refused(clock: Clock, answer: Answer) -> None:
    refusal = pytest.raises(CorruptData, match="digest|longer")
    with opened(clock, lambda _asked: answer) as (server, repository), refusal:
        read(repository)


def test_another_part_than_was_asked_for_is_refused(clock: Clock) -> None:
    def script(asked: Asked) -> Answer:
        if "range" in asked.headers:
            return Answer(206, BLOB[5:], {"Content-Range": f"bytes 5-{len(BLOB) - 1}/{len(BLOB)}"})
        return Answer(200, BLOB, cut=100_000)

    with opened(clock, script) as (server, repository), pytest.raises(RegistryError, match="another part"):
        read(repository)


def test_a_range_that_cannot_be_had_is_an_error(clock: Clock) -> None:
    script = lambda asked: Answer(416) if "range" in asked.headers else Answer(200, BLOB, cut=9)  # noqa: E731
    with opened(clock, script) as (server, repository), pytest.raises(RegistryError, match="416"):
        read(repository)


def test_a_drip_is_no_answer(clock: Clock) -> None:
    class Slow(Clock):
        def now(self) -> float:
            self.time += 1.0
            return self.time

    slow = Slow()
    with serving(ranged) as server:
        limits = settings(slow, slowest=1_000_000_000, tries=2)
        with client.connect(place(server), limits) as repository, pytest.raises(RegistryError, match="in time"):
            read(repository)


@pytest.mark.parametrize("status", [500, 502, 503, 504, 429, 408])
def test_what_is_worth_a_second_try_gets_it(clock: Clock, status: int) -> None:
    def script(_asked: Asked) -> Answer:
        return Answer(status) if len(server.asked) < 3 else Answer(200, BLOB)

    with opened(clock, script) as (server, repository):
        assert read(repository) == BLOB
    assert clock.slept == [0.5, 1.0]


def test_retry_after_is_obeyed_within_reason(clock: Clock) -> None:
    waits = iter(["7", "100000"])
    refusal = pytest.raises(RegistryError, match="wants none for 100000 seconds")
    with (
        opened(clock, lambda _asked: Answer(429, headers={"Retry-After": next(waits)})) as (server, repository),
        refusal,
    ):
        repository.manifest("1")
    assert clock.slept == [7.0]


def manifest(body: bytes = b'{"schemaVersion": 2}', headers: dict[str, str] | None = None) -> Answer:
    return Answer(200, body, {"Content-Type": client.MANIFEST, **(headers or {})})


def test_a_manifest_is_verified_by_its_digest(clock: Clock) -> None:
    with opened(clock, lambda _asked: manifest()) as (server, repository):
        found = repository.manifest("latest")
        assert (found.media_type, found.body) == (client.MANIFEST, b'{"schemaVersion": 2}')
        assert repository.manifest(found.digest) == found
        with pytest.raises(CorruptData, match="it has the digest"):
            repository.manifest("sha256:" + "0" * 64)


def test_a_tag_with_another_digest_than_told_is_refused(clock: Clock) -> None:
    told = manifest(headers={"Docker-Content-Digest": "sha256:" + "0" * 64})
    refusal = pytest.raises(CorruptData, match="it has the digest")
    with opened(clock, lambda _asked: told) as (server, repository), refusal:
        repository.manifest("latest")


def test_a_manifest_of_megabytes_is_not_read(clock: Clock) -> None:
    refusal = pytest.raises(RegistryError, match="more than 4194304 bytes")
    with opened(clock, lambda _asked: manifest(bytes(5_000_000))) as (server, repository), refusal:
        repository.manifest("latest")


def test_megabytes_of_headers_are_not_read(clock: Clock) -> None:
    many = Answer(200, headers={f"X-{number}": "x" * 1000 for number in range(200)})
    refusal = pytest.raises(RegistryError, match="breaks off its answer")
    with opened(clock, lambda _asked: many, tries=1) as (server, repository), refusal:
        repository.manifest("latest")


@pytest.mark.parametrize(
    ("answer", "kind", "said"),
    [
        (
            Answer(404, b'{"errors": [{"code": "MANIFEST_UNKNOWN", "message": "manifest unknown"}]}'),
            RegistryError,
            "no such",
        ),
        (Answer(403), RegistryDenied, "access is denied; log in"),
        (Answer(418, b"<html>"), RegistryError, "the answer is 418"),
        (Answer(400, b'{"errors": "x"}'), RegistryError, "the answer is 400"),
        (Answer(400, b"[" * 100_000), RegistryError, "more than 65536 bytes"),
    ],
)
def test_errors_become_sentences(clock: Clock, answer: Answer, kind: type[Exception], said: str) -> None:
    with opened(clock, lambda _asked: answer) as (server, repository), pytest.raises(kind, match=said):
        repository.manifest("latest")


def test_an_error_holds_nothing_that_a_terminal_would_obey(clock: Clock) -> None:
    body = json.dumps({"errors": [{"code": "\x1b[2JEVIL", "message": "\x1b]0;owned\x07\nskiff: fine\u202e"}]}).encode()
    with opened(clock, lambda _asked: Answer(400, body)) as (_server, repository):
        for ask in (lambda: repository.manifest("latest"), repository.tags):
            with pytest.raises(RegistryError, match="EVIL") as failure:
                ask()
            assert str(failure.value).isprintable()


def test_a_password_is_only_sent_when_asked_for(clock: Clock) -> None:
    def script(asked: Asked) -> Answer:
        if asked.headers.get("authorization") == ANNA.basic:
            return manifest()
        return Answer(401, headers={"WWW-Authenticate": 'Basic realm="x"'})

    with serving(script) as server:
        with client.connect(place(server), settings(clock), ANNA) as repository:
            repository.manifest("latest")
            repository.manifest("latest")
        assert [asked.headers.get("authorization") for asked in server.asked] == [None, ANNA.basic, ANNA.basic]
        refusal = pytest.raises(RegistryDenied, match="log in with other credentials")
        with client.connect(place(server), settings(clock)) as repository, refusal:
            repository.manifest("latest")
        refusal = pytest.raises(RegistryDenied, match="log in with other credentials")
        with (
            client.connect(place(server), settings(clock), Credentials("anna", "wrong")) as repository,
            refusal as failure,
        ):
            repository.manifest("latest")
        assert "wrong" not in str(failure.value)


@pytest.fixture
def bearer(clock: Clock) -> Iterator[FaultRegistry]:
    """A registry with a token server of its own; tokens are counted and last 60 seconds."""

    def script(asked: Asked) -> Answer:
        if asked.path.startswith("/token"):
            given.append(f"t{len(given)}")
            return Answer(200, json.dumps({"token": given[-1], "expires_in": 60}).encode())
        if given and asked.headers.get("authorization") == f"Bearer {given[-1]}":
            return manifest()
        realm = f'Bearer realm="http://{server.host}/token",service="the, service",scope="repository:team/web:pull"'
        return Answer(401, headers={"WWW-Authenticate": realm})

    given: list[str] = []
    with serving(script) as server:
        server.given = given  # type: ignore[attr-defined]
        yield server


@pytest.mark.parametrize("text", ['{"credsStore": "nobody-has-this"}', "no JSON"])
def test_a_damaged_file_of_credentials_hinders_only_where_one_has_to_be_somebody(
    clock: Clock, bearer: FaultRegistry, tmp_path: Path, text: str
) -> None:
    path = tmp_path / "config.json"
    path.write_text(text)
    files = (str(path),)
    with opened(clock, lambda _asked: manifest(), credential_files=files) as (_server, repository):
        repository.manifest("latest")
    with client.connect(place(bearer), settings(clock, credential_files=files)) as repository:
        repository.manifest("latest")  # nobody gets a token, too
    for challenge in ('Basic realm="x"', f'Bearer realm="http://{bearer.host}/v2/"'):
        refusal = Answer(401, headers={"WWW-Authenticate": challenge})

        def script(_asked: Asked, refusal: Answer = refusal) -> Answer:
            return refusal

        trouble = pytest.raises((HostLacks, CorruptData), match="nobody-has-this|config.json")
        with opened(clock, script, credential_files=files) as (_server, repository), trouble:
            repository.manifest("latest")


def test_a_token_is_fetched_once_and_again_when_it_is_old(clock: Clock, bearer: FaultRegistry) -> None:
    with client.connect(place(bearer), settings(clock), ANNA) as repository:
        repository.manifest("latest")
        repository.manifest("latest")
        clock.sleep(100.0)
        repository.manifest("latest")
    tokens = [asked for asked in bearer.asked if asked.path.startswith("/token")]
    assert len(tokens) == 2
    wanted = "/token?account=anna&service=the%2C+service&scope=repository%3Ateam%2Fweb%3Apull"
    assert tokens[0].path == wanted
    assert tokens[0].headers["authorization"] == ANNA.basic


def test_a_token_that_is_refused_is_fetched_anew(clock: Clock, bearer: FaultRegistry) -> None:
    with client.connect(place(bearer), settings(clock)) as repository:
        repository.manifest("latest")
        bearer.given.append("another one counts now")  # type: ignore[attr-defined]
        repository.manifest("latest")
    assert len([asked for asked in bearer.asked if asked.path.startswith("/token")]) == 2


def test_an_identity_token_is_exchanged(clock: Clock, bearer: FaultRegistry) -> None:
    with client.connect(place(bearer), settings(clock), Credentials(token="identity")) as repository:
        repository.manifest("latest")
    asked = next(asked for asked in bearer.asked if asked.path == "/token")
    assert asked.method == "POST"
    assert b"grant_type=refresh_token&refresh_token=identity&" in asked.body
    assert "authorization" not in asked.headers


@pytest.mark.parametrize("realm", ["http://10.0.0.1/token", "ftp://x/", "", "file:///etc/passwd"])
def test_a_password_goes_to_no_token_server_in_the_clear(clock: Clock, realm: str) -> None:
    answer = Answer(401, headers={"WWW-Authenticate": f'Bearer realm="{realm}",service="x"'})
    refusal = pytest.raises(RegistryError, match="nothing was sent there")
    with opened(clock, lambda _asked: answer, ANNA) as (server, repository), refusal:
        repository.manifest("latest")


@pytest.mark.parametrize("token", ['{"token": 5}', "[]", "{}", '{"token": "a\\nX-Evil: 1"}', "no json"])
def test_a_token_that_is_none_is_refused(clock: Clock, token: str) -> None:
    def script(asked: Asked) -> Answer:
        if asked.path.startswith("/token"):
            return Answer(200, token.encode())
        return Answer(401, headers={"WWW-Authenticate": f'Bearer realm="http://{server.host}/token"'})

    with opened(clock, script) as (server, repository), pytest.raises((RegistryError, CorruptData)):
        repository.manifest("latest")


def test_redirects_carry_no_password_to_another_host(clock: Clock) -> None:
    with serving(lambda asked: ranged(asked)) as other:

        def script(asked: Asked) -> Answer:
            if "authorization" not in asked.headers:
                return Answer(401, headers={"WWW-Authenticate": "Basic"})
            if asked.path.startswith("/moved"):
                return Answer(307, headers={"Location": f"http://{other.host}/blob?signature=1"})
            return Answer(302, headers={"Location": "/moved"})

        with opened(clock, script, ANNA) as (server, repository):
            assert read(repository) == BLOB
        assert server.asked[-1].headers["authorization"] == ANNA.basic  # the same host may know
        assert [asked.path for asked in other.asked] == ["/blob?signature=1"]
        assert "authorization" not in other.asked[0].headers


@pytest.mark.parametrize(
    ("location", "said"),
    [
        ("/again", "without an end"),
        ("", "without an end"),
        ("file:///etc/shadow", "which is no address"),
        ("http://169.254.169.254/latest/meta-data", "link-local"),
        ("http://[fe80::1]/", "link-local"),
    ],
)
def test_redirects_that_are_not_followed(clock: Clock, location: str, said: str) -> None:
    moved = Answer(302, headers={"Location": location})
    with opened(clock, lambda _asked: moved) as (server, repository), pytest.raises(RegistryError, match=said):
        repository.manifest("latest")
    assert len(server.asked) < 10


def test_an_upload_goes_to_no_other_host(clock: Clock) -> None:
    away = Answer(202, headers={"Location": "http://127.0.0.2:1/upload"})
    refusal = pytest.raises(RegistryError, match="wants data sent to .http:..127.0.0.2:1.upload.; not done")
    with opened(clock, lambda _asked: away, ANNA) as (server, repository), refusal:
        repository.upload(lambda: [b"x"], lambda: DIGEST)


def test_an_upload_follows_the_locations_that_it_gets(clock: Clock) -> None:
    def script(asked: Asked) -> Answer:
        if asked.method == "POST":
            return Answer(202, headers={"Location": "/v2/team/web/blobs/uploads/1?_state=a%2Bb"})
        if asked.method == "PATCH":
            return Answer(202, headers={"Location": f"http://{server.host}/v2/team/web/blobs/uploads/2"})
        return Answer(201)

    with opened(clock, script) as (server, repository):
        repository.upload(lambda: [b"abc", b"def"], lambda: DIGEST)
    assert [(asked.method, asked.body) for asked in server.asked] == [("POST", b""), ("PATCH", b"abcdef"), ("PUT", b"")]
    assert server.asked[1].path == "/v2/team/web/blobs/uploads/1?_state=a%2Bb"
    assert server.asked[2].path == f"/v2/team/web/blobs/uploads/2?digest=sha256%3A{DIGEST[7:]}"


def test_a_list_of_tags_that_leads_in_a_circle_ends(clock: Clock) -> None:
    def script(asked: Asked) -> Answer:
        link = {"Link": '</v2/team/web/tags/list?last=b>; rel="next"'}
        return Answer(200, b'{"tags": ["a", "b"]}' if "last" not in asked.path else b'{"tags": ["c"]}', link)

    with opened(clock, script) as (server, repository):
        assert repository.tags() == ["a", "b", "c"]


@pytest.mark.parametrize("body", [b'{"tags": "a"}', b'{"tags": [5]}', b"[]", b"x", b'{"tags": ["a"], "tags": []}'])
def test_a_list_that_is_none_is_refused(clock: Clock, body: bytes) -> None:
    with (
        serving(lambda _asked: Answer(200, body)) as server,
        client.connect(place(server), settings(clock)) as repository,
        pytest.raises(CorruptData),
    ):
        repository.tags()


def test_secrets_are_not_in_the_words_for_credentials() -> None:
    assert "secret" not in repr(ANNA)
    assert base64.b64encode(b"anna:secret").decode() in ANNA.basic
