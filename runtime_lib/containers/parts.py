"""The small values that a container's description is made of. All are frozen and JSON-able."""

from __future__ import annotations

from ..records import dataclass, field

_HEX = set("0123456789abcdef")


@dataclass(frozen=True)
class Mount:
    """Something mounted at `target`.

    `kind` is "bind" (`source`: a path on the host), "volume" (`source`: a name, or None for an anonymous one),
    "image" (`source`: a name or id; `image_id` is what it meant when the container was made) or "tmpfs" (no
    source). `subpath` is a path inside a volume or an image, relative to its top. `create_source` makes a missing
    folder of a bind, as Docker's `-v` does and `--mount` does not. `read_only_tree` makes the mounts below a
    read-only bind read-only, too. `propagation` is one of Docker's (rprivate, private, rshared, shared, rslave,
    slave). `idmap` shows the files of a bind or volume with other owners: "" as if they were the container's own, or by
    a text of `oci.idmaps`. `tmpfs_size` is in bytes, `tmpfs_mode` a number, `tmpfs_options` are options of mount(8).
    `short` and `told` are for `inspect` alone: whether it was asked for as `-v`, not as `--mount` (None: neither, it
    came with `volumes_from`), and what was said that has no other effect ("mode": the options of `-v` where they are
    not the usual text for their meaning; "driver", "consistency").
    """

    kind: str
    target: str
    source: str | None = None
    read_only: bool = False
    create_source: bool = False
    propagation: str | None = None
    recursive: bool = True
    read_only_tree: bool = False
    copy: bool = True
    subpath: str | None = None
    labels: dict[str, str] = field(default_factory=dict)
    volume_options: dict[str, str] = field(default_factory=dict)
    tmpfs_size: int | None = None
    tmpfs_mode: int | None = None
    tmpfs_options: tuple[str, ...] = ()
    image_id: str | None = None
    idmap: str | None = None
    short: bool | None = field(default=True, compare=False)
    told: dict[str, str] = field(default_factory=dict, compare=False)

    @property
    def long(self) -> bool:
        """Whether it was asked for as `--mount`. Earlier versions noted that only of what `-v` cannot say."""
        only = self.kind in ("tmpfs", "image") or (self.kind == "bind" and not self.create_source)
        return self.short is False or (only and self.short is not None)

    @property
    def anonymous(self) -> bool:
        """Whether it is a volume that got its name by chance, or has none yet."""
        name = self.source or ""
        return self.kind == "volume" and (not name or (len(name) == 64 and set(name) <= _HEX))

    def mode(self) -> str:
        """Return the usual options of `-v` for it, such as `ro,rslave`."""
        words = ("ro" if self.read_only else "", self.propagation or "", "" if self.copy else "nocopy")
        return ",".join([*filter(None, words), *self.idmap_words()])

    def idmap_words(self) -> list[str]:
        """Return the option of `-v` for `idmap`, none or one."""
        return [] if self.idmap is None else [f"idmap={self.idmap}" if self.idmap else "idmap"]


@dataclass(frozen=True)
class Attachment:
    """One network that the container joins; `name` may be a network's name or id.

    `driver_opts`, `link_local_ips` and `gw_priority` are as with Docker, see `networks.wish`.
    """

    name: str
    aliases: tuple[str, ...] = ()
    links: tuple[str, ...] = ()
    ipv4_address: str | None = None
    ipv6_address: str | None = None
    mac_address: str | None = None
    driver_opts: dict[str, str] = field(default_factory=dict)
    link_local_ips: tuple[str, ...] = ()
    gw_priority: int = 0


@dataclass(frozen=True)
class Device:
    """A device of the host, and where the container finds it; `permissions` are of `rwm`."""

    source: str
    target: str
    permissions: str = "rwm"


@dataclass(frozen=True)
class Ulimit:
    """A limit of setrlimit(2); `name` as in Docker (nofile, nproc, core, ...), -1 means unlimited."""

    name: str
    soft: int
    hard: int


@dataclass(frozen=True)
class Throttle:
    """A rate of a block device: bytes or operations in a second; or its weight, 10 to 1000."""

    path: str
    rate: int


@dataclass(frozen=True)
class Healthcheck:
    """How to ask a container whether it is well; times are in seconds.

    `test` is Docker's: ("NONE",), ("CMD", argument...) or ("CMD-SHELL", text).
    """

    test: tuple[str, ...] = ()
    interval: float = 0.0
    timeout: float = 0.0
    start_period: float = 0.0
    start_interval: float = 0.0
    retries: int = 0
