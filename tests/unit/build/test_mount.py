"""The options of RUN --mount."""

from __future__ import annotations

import pytest

from runtime_lib.build.mount import RunMount, parse
from runtime_lib.errors import InvalidSpec


def expand(text: str) -> str:
    return text.replace("$who", "me")


@pytest.mark.parametrize(
    ("text", "mount"),
    [
        ("target=/a", RunMount("bind", "/a", read_only=True)),
        ("type=bind,dst=a/../b,src=x/$who,from=s,rw", RunMount("bind", "/w/b", "s", "/x/me")),
        ("target=/a,readwrite=false", RunMount("bind", "/a", read_only=True)),
        ("target=/a,readonly=false", RunMount("bind", "/a")),
        ("target=/a,source=../../x", RunMount("bind", "/a", source="/x", read_only=True)),
        ("type=cache,target=/c/", RunMount("cache", "/c", ident="/c")),
        (
            "type=cache,id=n,target=/c,sharing=LOCKED,mode=0700,uid=1,gid=2,ro",
            RunMount("cache", "/c", read_only=True, ident="n", sharing="locked", mode=0o700, uid=1, gid=2),
        ),
        ("type=tmpfs,target=/t,size=1m", RunMount("tmpfs", "/t", size=1 << 20)),
        ("type=secret,id=a/key", RunMount("secret", "/run/secrets/key", ident="a/key")),
        ("type=secret,target=/x/key,required", RunMount("secret", "/x/key", ident="key", required=True)),
        ("type=secret,source=key", RunMount("secret", "/run/secrets/key", ident="key")),
        ("type=secret,id=key,env=KEY", RunMount("secret", "", ident="key", env="KEY")),
        ('type=secret,id=key,env=KEY,"target=/a,b"', RunMount("secret", "/a,b", ident="key", env="KEY")),
        ("type=ssh", RunMount("ssh", "", ident="default")),
        ("TYPE=ssh,id=x,target=/s,mode=0666,uid=5", RunMount("ssh", "/s", ident="x", mode=0o666, uid=5)),
    ],
)
def test_mounts(text: str, mount: RunMount) -> None:
    assert parse(text, expand, "/w") == mount


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("type=odd,target=/a", "'odd' is none of bind, cache"),
        ("type=cache", "target='' is no place"),
        ("target=/", "is no place"),
        ("target=/a/..", "is no place"),
        ("target=/a,what=1", "no 'what'"),
        ("type=tmpfs,target=/a,from=x", "a tmpfs mount has no 'from'"),
        ("target=/a,uid=1", "a bind mount has no 'uid'"),
        ("target=/a,id=../../x", "a bind mount has no 'id'"),
        ("type=cache,target=/a,sharing=x", "sharing=x is none of"),
        ("type=cache,target=/a,mode=9", "no octal"),
        ("type=cache,target=/a,uid=root", "no number"),
        ("type=cache,target=/a,uid=4294967295", "no number"),
        ("type=secret", "needs an id"),
        ("type=secret,id=a,source=b", "both id and source"),
        ("type=secret,id=a,env=A=B", "not the name"),
        ("type=secret,id=a,required=x", "neither true nor false"),
        ("from=$who,target=/a", "from takes no variable"),
        ('"target=/a', "no list"),
        ("target", "no KEY=VALUE"),
    ],
)
def test_refused(text: str, message: str) -> None:
    with pytest.raises(InvalidSpec) as error:
        parse(text, expand, "/")
    assert message in str(error.value)
