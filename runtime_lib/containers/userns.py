"""User namespaces: which ids of the host the users of a container are.

With `userns_mode: auto` a container has a range of its own, which nobody else on this host uses: its root is somebody
without any right outside. On disk everything keeps the ids that the container knows; the kernel translates (id-mapped
mounts), so that images are never copied, and volumes may go from one container to another.
"""

from __future__ import annotations

from ..errors import HostLacks, InvalidSpec
from ..store import Store
from .spec import ContainerSpec
from .userns_mode import Auto, composed

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable

    from .catalog import Container
    from .userns_mode import Given, Map, Span
    from .users import User

    Maps = tuple[Map, Map]  # of user ids and of group ids

OWNERS = ("skiff", "containers")  # of entries in subuid(5): those of the first one that has some
# The ids that no distribution and no part of systemd gives to anybody (systemd's "Users, Groups, UIDs and GIDs").
DEFAULT = (0x70000000, 0x7FFE0000 - 0x70000000)
_SYSTEM = (0, 1000)  # of root and of services: a line that gives them away would make root in a container one of those
_FILES = ("/etc/subuid", "/etc/subgid")


def wanted(spec: ContainerSpec) -> bool:
    """Whether the container has a user namespace of its own."""
    return spec.userns_mode not in ("", "host")


def check(spec: ContainerSpec) -> None:
    """An unknown mode, and namespaces of the host or of others, which such a container would have no right in.

    Raises InvalidSpec.
    """
    if not wanted(spec):
        _check_maps(spec)
        return
    Auto(spec.userns_mode)
    for what, mode in (
        ("network_mode", spec.network_mode),
        ("pid_mode", spec.pid_mode),
        ("ipc_mode", spec.ipc_mode),
        ("uts_mode", spec.uts_mode),
    ):
        if mode == "host" or mode.startswith("container:"):
            raise InvalidSpec(
                f"{what} {mode} cannot be combined with userns_mode {spec.userns_mode}: the container's user namespace"
                " has to own it; leave one of them out"
            )


def _check_maps(spec: ContainerSpec) -> None:
    for mount in spec.mounts:
        if mount.idmap is not None and (mount.idmap == "" or "@" in mount.idmap):
            raise InvalidSpec(
                f"mount {mount.target}: idmap without ids of the host is for a container with ids of its own: add"
                " userns_mode auto, or name them, such as idmap=uids=1000-0-1;gids=1000-0-1"
            )


def require(store: Store, spec: ContainerSpec) -> None:
    """Raise HostLacks where the kernel cannot show layers with other owners."""
    if wanted(spec):
        from ..linux.userns import require_layers

        require_layers(store.layout.temporary, f"userns_mode {spec.userns_mode}")


def lease(store: Store, container_id: str, spec: ContainerSpec) -> None:
    """Give a container its range of ids, for as long as it exists. Raises HostLacks when there is none left."""
    if not wanted(spec):
        return
    auto = Auto(spec.userns_mode)
    pools = [pool(_read(path)) for path in _FILES]
    for (spans, _foreign), given in zip(pools, (auto.uids, auto.gids)):
        _check_given(spans, given)
    with store.transaction() as db:
        first = []
        for (spans, foreign), column, path in zip(pools, ("uid", "gid"), _FILES):
            taken = [(row[0], row[1]) for row in db.execute(f"SELECT {column}, size FROM id_ranges")]
            first.append(free(spans, [*taken, *foreign, _SYSTEM], auto.size, path))
        row = (container_id, *first, auto.size)
        db.execute("INSERT INTO id_ranges (container_id, uid, gid, size) VALUES (?, ?, ?, ?)", row)


def _check_given(spans: Iterable[Span], given: Iterable[Given]) -> None:
    for first, length in spans:
        for _inner, outer, count in given:
            if outer < first + length and first < outer + count:
                raise InvalidSpec(
                    f"userns_mode: the host's ids from {outer} on are among those that containers get by themselves,"
                    f" {first} to {first + length - 1}: map others"
                )


def mappings(store: Store, container: Container) -> Maps | None:
    """Return the maps of a container's ids (OCI linux.uidMappings and gidMappings), None without a user namespace."""
    row = store.row("SELECT uid, gid, size FROM id_ranges WHERE container_id = ?", (container.id,))
    if row is None:
        return None
    auto = Auto(container.spec.userns_mode)
    return composed(row["uid"], row["size"], auto.uids), composed(row["gid"], row["size"], auto.gids)


def check_user(user: User, maps: Maps | None) -> None:
    """Raise InvalidSpec for a user or group that the container's maps do not have. Pure."""
    if maps is None:
        return
    from ..linux.userns import outside

    uids, gids = maps
    for entries, number in ((uids, user.uid), *((gids, one) for one in (user.gid, *user.groups))):
        if outside(entries, number) < 0:
            raise InvalidSpec(
                f"the user or group id {number} is not among those of the container: make it with a larger size,"
                f" userns_mode auto:size={number + 1} or more"
            )


def pool(text: str) -> tuple[list[Span], list[Span]]:
    """Return the ids that containers may have, and those of other entries, by a file such as /etc/subuid. Pure."""
    entries = []
    for line in text.splitlines():
        name, first, count = (*line.strip().split(":"), "", "")[:3]
        if first.isdigit() and count.isdigit():
            entries.append((name, (int(first), int(count))))
    for owner in OWNERS:
        ours = [span for name, span in entries if name == owner]
        if ours:
            return ours, []
    return [DEFAULT], [span for _name, span in entries]


def free(spans: Iterable[Span], taken: Iterable[Span], count: int, path: str) -> int:
    """Return the first id of the lowest range of `count` ids in `spans` that meets none of `taken`. Pure.

    Raises HostLacks when there is none; `path` is the file that says how many there are.
    """
    used = sorted(taken)
    for first, length in sorted(spans):
        candidate = first
        for begin, many in used:
            if begin < candidate + count and candidate < begin + many:
                candidate = begin + many
        if candidate + count <= first + length:
            return candidate
    raise HostLacks(
        f"no {count} ids in a row are left for a container with userns_mode auto: remove such a container, ask for a"
        f" smaller size, or give the user {OWNERS[0]} more ids in {path}"
    )


def _read(path: str) -> str:
    try:
        with open(path, encoding="utf-8", errors="replace") as file:
            return file.read()
    except FileNotFoundError:
        return ""
