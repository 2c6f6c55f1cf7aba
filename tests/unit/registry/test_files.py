"""The files and variables of a host that say how its registries are reached."""

from __future__ import annotations

import base64
import json
import os
from pathlib import Path

import pytest

from runtime_lib.errors import CorruptData, HostLacks, InvalidSpec, RegistryError
from runtime_lib.registry import challenge, credentials, proxies, rules, tomltext
from runtime_lib.registry.credentials import Credentials
from runtime_lib.registry.endpoint import Endpoint

CONF = """\
# as in the manual
unqualified-search-registries = ["docker.io", 'quay.io'] # nobody asks for them

[[registry]]
prefix = "docker.io/team"
location = "mirror.example:5000/hub-team"

[[registry.mirror]]
location = "near.example"
insecure = true
pull-from-mirror = "digest-only"

[[registry]]
location = "blocked.example"
blocked = true

[[registry]]
prefix = "*.lab.example"
location = "127.0.0.1:5000"

[[registry]]
location = "docker.io"
[[registry.mirror]]
location = "127.0.0.1:6000"
"""


def hosts(found: list[Endpoint]) -> list[tuple[str, str, bool]]:
    return [(one.host, one.repository, one.insecure) for one in found]


def test_rules_choose_the_longest_prefix_and_mirrors_come_first() -> None:
    known = rules.parse(CONF, "f")
    team = ("mirror.example:5000", "hub-team/web", False)
    assert hosts(known.places("docker.io", "team/web")) == [team]
    assert hosts(known.places("docker.io", "team/web", digest=True)) == [("near.example", "web", True), team]
    hub = ("registry-1.docker.io", "library/nginx", False)
    assert hosts(known.places("docker.io", "library/nginx")) == [("127.0.0.1:6000", "library/nginx", True), hub]
    assert hosts(known.places("docker.io", "library/nginx", push=True)) == [hub]
    assert hosts(known.places("docker.io", "teams/web"))[-1] == ("registry-1.docker.io", "teams/web", False)
    assert hosts(known.places("a.lab.example", "x")) == [("127.0.0.1:5000", "x", True)]
    assert hosts(known.places("other.example", "x")) == [("other.example", "x", False)]
    with pytest.raises(InvalidSpec, match="is blocked by this host's registries.conf"):
        known.places("blocked.example", "x")


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ('registry = ["a"]', r"\[\[registry\]\]"),
        ('[[registry]]\nlocation = "a"\nmirror = ["x"]', r"\[\[registry.mirror\]\]"),
        ('[[registry]]\nlocation = "a"\nmirror = "x"', r"\[\[registry.mirror\]\]"),
        ('[registries.search]\nregistries = ["x"]', "version 1"),
        ("[[registry]]\nblocked = true", "needs a prefix or a location"),
        ('[[registry]]\nlocation = "https://x"', "without https://"),
        ("[[registry]]\n[[registry.mirror]]\ninsecure = true", "needs a prefix or a location"),
        ("[[registry]]\nlocation = 5", "must be a host and path"),
        ('aliases = "x"', r"\[aliases\]"),
        ('[aliases]\n"a" = "b"', "the alias a must be a name with its registry"),
        ('[aliases]\n"a" = "library/b"', "the alias a must be a name with its registry"),
        ("[aliases]\na = 5", "the alias a must be a name with its registry"),
    ],
)
def test_files_that_make_no_sense_are_told(text: str, said: str) -> None:
    with pytest.raises(InvalidSpec, match=said):
        rules.parse(text, "/etc/containers/registries.conf")


def test_the_rules_of_a_host_are_those_of_all_its_files(tmp_path: Path) -> None:
    (tmp_path / "registries.conf").write_text('[[registry]]\nlocation = "a"\n')
    folder = tmp_path / "registries.conf.d"
    folder.mkdir()
    (folder / "1.conf").write_text('[[registry]]\nprefix = "a"\nlocation = "b"\n')
    (folder / "no").write_text("no file of ours")
    known = rules.load([str(tmp_path / "registries.conf"), str(tmp_path / "none")], [str(folder), str(tmp_path / "no")])
    assert hosts(known.places("a", "x")) == [("b", "x", False)]


def test_an_alias_gives_a_short_name_another_place(tmp_path: Path) -> None:
    (tmp_path / "1.conf").write_text(
        '[aliases]\n"web" = "quay.io/team/web"\nown = "localhost:5000/own"\ngone = "a.b/c"\n'
    )
    (tmp_path / "2.conf").write_text(
        '[aliases]\ngone = ""\n[[registry]]\nprefix = "quay.io"\nlocation = "near.example"\n'
    )
    known = rules.load([], [str(tmp_path)])
    assert hosts(known.places("docker.io", "library/web")) == [("near.example", "team/web", False)]
    assert hosts(known.places("docker.io", "library/own")) == [("localhost:5000", "own", True)]
    for same in ("library/gone", "team/web"):
        assert hosts(known.places("docker.io", same)) == [("registry-1.docker.io", same, False)]
    assert hosts(known.places("a.example", "web")) == [("a.example", "web", False)]
    assert hosts(known.places("docker.io", "library/web", push=True))[0][1] == "library/web"


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ('a = "x\\n\\"y\\""', {"a": 'x\n"y"'}),
        ("a = 'x\\n'", {"a": "x\\n"}),
        ("a.b = 1_000\nc = -5", {"a": {"b": 1000}, "c": -5}),
        ('[x."y z"]\na = [\n 1, # one\n 2,\n]\n', {"x": {"y z": {"a": [1, 2]}}}),
        ("[[x]]\na = true\n[[x]]\n[x.y]\nb = false", {"x": [{"a": True}, {"y": {"b": False}}]}),
        ("", {}),
    ],
)
def test_toml_as_far_as_it_is_needed(text: str, value: object) -> None:
    assert tomltext.parse(text, "f") == value


@pytest.mark.parametrize(
    ("text", "line"),
    [
        ("a", 1),
        ("\na = ", 2),
        ('a = "x', 1),
        ('a = """x"""', 1),
        ("a = 1.5", 1),
        ("a = 1979-05-27", 1),
        ("a = {b = 1}", 1),
        ("a = [1", 1),
        ("a = [1 2]", 1),
        ("a = 1\na = 2", 2),
        ("[x", 1),
        ("a = 1 b = 2", 1),
        ("a = 1\n[a]\nb = 2", 2),
        ('a = "\\q"', 1),
        ("[[a]]\n[a.b]\n[[a.b]]", 3),
    ],
)
def test_other_toml_is_told_by_its_line(text: str, line: int) -> None:
    with pytest.raises(InvalidSpec, match=f"^f:{line}: "):
        tomltext.parse(text, "f")


@pytest.mark.parametrize(
    ("host", "excepted", "found"),
    [
        ("reg.example", "", True),
        ("reg.example", "example", False),
        ("reg.example", ".example", False),
        ("reg.example", "*.example", False),
        ("reg.example", "other, reg.example:443", False),
        ("reg.example", "reg.example:5000", True),
        ("notexample", "example", True),
        ("10.1.2.3", "10.0.0.0/8", False),
        ("11.1.2.3", "10.0.0.0/8", True),
        ("reg.example", "*", False),
        ("127.0.0.5", "", False),
        ("localhost", "", False),
    ],
)
def test_which_hosts_have_a_proxy(host: str, excepted: str, found: bool) -> None:
    environment = {"HTTPS_PROXY": "http://proxy:3128", "NO_PROXY": excepted}
    assert proxies.choose(environment, "https", host, None) == ("http://proxy:3128" if found else None)
    assert proxies.choose(environment, "http", host, None) is None


@pytest.mark.parametrize(
    ("header", "scheme", "parameters"),
    [
        ('Bearer realm="https://a/t",service="s, x",scope="r:y:pull,push"', "bearer", {"service": "s, x"}),
        ('Basic realm="a, b"', "basic", {"realm": "a, b"}),
        ('Basic realm="a", Bearer realm="https://b"', "bearer", {"realm": "https://b"}),
        ('Digest nonce="x", Basic realm=y', "basic", {"realm": "y"}),
        ('BEARER Realm="https://a\\"b"', "bearer", {"realm": 'https://a"b'}),
    ],
)
def test_challenges(header: str, scheme: str, parameters: dict[str, str]) -> None:
    found = challenge.parse([header])
    assert found is not None
    assert found.scheme == scheme
    assert {key: found.parameters[key] for key in parameters} == parameters


@pytest.mark.parametrize("header", ["", "Negotiate", "Digest x=y", "realm=", '"'])
def test_challenges_that_cannot_be_met(header: str) -> None:
    assert challenge.parse([header]) is None


def test_credentials_are_kept_and_found_and_forgotten(tmp_path: Path) -> None:
    path = tmp_path / "deep" / "config.json"
    credentials.save(str(path), "reg.example:5000", Credentials("anna", "se:cret"))
    credentials.save(str(path), "docker.io", Credentials("anna", "x", "identity"))
    assert path.stat().st_mode & 0o777 == 0o600
    assert credentials.find([str(path)], "reg.example:5000", "team/web") == Credentials("anna", "se:cret")
    assert credentials.find([str(path)], "docker.io") == Credentials(token="identity")
    assert set(json.loads(path.read_text())["auths"]) == {"reg.example:5000", "https://index.docker.io/v1/"}
    assert credentials.find([str(path), str(tmp_path / "none")], "other") is None
    assert credentials.erase(str(path), "reg.example:5000")
    assert not credentials.erase(str(path), "reg.example:5000")
    assert credentials.find([str(path)], "reg.example:5000") is None


def test_a_repository_may_have_credentials_of_its_own(tmp_path: Path) -> None:
    def entry(text: str) -> dict[str, str]:
        return {"auth": base64.b64encode(text.encode()).decode()}

    path = tmp_path / "auth.json"
    path.write_text(json.dumps({"auths": {"r": entry("a:1"), "r/team": entry("b:2"), "https://q/v1/": entry("c:3")}}))
    assert credentials.find([str(path)], "r", "team/web") == Credentials("b", "2")
    assert credentials.find([str(path)], "r", "teams") == Credentials("a", "1")
    assert credentials.find([str(path)], "q", "x") == Credentials("c", "3")


def test_a_name_and_a_password_may_stand_there_as_they_are(tmp_path: Path) -> None:
    path = tmp_path / "config.json"
    entries = {"r": {"username": "anna", "password": "se:cret"}, "q": {"username": "anna"}, "p": {"auth": ""}}
    path.write_text(json.dumps({"auths": entries}))
    assert credentials.find([str(path)], "r") == Credentials("anna", "se:cret")
    assert credentials.find([str(path)], "q") is credentials.find([str(path)], "p") is None


@pytest.mark.parametrize("text", ["no", "[]", '{"auths": []}', '{"auths": {"r": {"auth": "%%%"}}}'])
def test_a_damaged_file_is_told_and_not_shown(tmp_path: Path, text: str) -> None:
    path = tmp_path / "config.json"
    path.write_text(text)
    with pytest.raises(CorruptData, match=str(path)):
        credentials.find([str(path)], "r")


HELPER = """\
#!/bin/sh
read line
case "$1 $line" in
  "get r") echo '{"ServerURL": "r", "Username": "anna", "Secret": "secret"}';;
  "get t") echo '{"Username": "<token>", "Secret": "identity"}';;
  get*) echo "credentials not found in native keychain"; exit 1;;
  *) echo "$1 $line" >>"$(dirname "$0")/said";;
esac
"""


def test_helpers_are_asked(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    program = tmp_path / "docker-credential-tests"
    program.write_text(HELPER)
    program.chmod(0o755)
    monkeypatch.setenv("PATH", f"{tmp_path}:{os.environ['PATH']}")
    path = tmp_path / "config.json"
    path.write_text('{"credsStore": "tests", "credHelpers": {"lost": "missing", "evil": "../x"}}')
    assert credentials.find([str(path)], "r", "x") == Credentials("anna", "secret")
    assert credentials.find([str(path)], "t") == Credentials(token="identity")
    assert credentials.find([str(path)], "unknown") is None
    credentials.save(str(path), "n", Credentials("anna", "geheim"))
    assert json.loads((tmp_path / "said").read_text()[6:]) == {"ServerURL": "n", "Username": "anna", "Secret": "geheim"}
    assert "geheim" not in path.read_text()
    assert credentials.erase(str(path), "r")
    assert (tmp_path / "said").read_text().endswith("erase r\n")
    with pytest.raises(HostLacks, match="docker-credential-missing is not installed"):
        credentials.find([str(path)], "lost")
    with pytest.raises(InvalidSpec, match="is not a name"):
        credentials.find([str(path)], "evil")


def test_a_helper_that_fails_is_told_without_its_words(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    program = tmp_path / "docker-credential-tests"
    program.write_text("#!/bin/sh\necho the secret is geheim\nexit 3\n")
    program.chmod(0o755)
    monkeypatch.setenv("PATH", f"{tmp_path}:{os.environ['PATH']}")
    (tmp_path / "config.json").write_text('{"credsStore": "tests"}')
    with pytest.raises(RegistryError, match="failed to get credentials") as failure:
        credentials.find([str(tmp_path / "config.json")], "r")
    assert "geheim" not in str(failure.value)
