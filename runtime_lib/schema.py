"""The tables of the store, and how a database gets to the version that this library knows.

Times are nanoseconds since 1970. JSON columns hold what their seat's `to_json` wrote.
The rule between libraries of different versions is docs/decisions/0010-upgrades.md: migrations only add, so that a
library goes on with a newer database as long as that is marked as readable for it.
"""

from __future__ import annotations

import time

from .errors import NewerData

TYPE_CHECKING = False
if TYPE_CHECKING:
    import sqlite3

VERSION = 10
# The oldest version whose libraries may go on with a database of VERSION. Raise it when they would do harm there.
READABLE = 3

# Statements that make a database of the version before into one of this version. They only add: tables, and columns
# that have a default or may be NULL, for an older library inserts rows without them. An entry is never edited later.
MIGRATIONS = {
    3: ("CREATE TABLE upgrades (version INTEGER PRIMARY KEY, readable INTEGER NOT NULL, time INTEGER NOT NULL)",),
    # A container that is being put in the place of another one; `new_id` may have no row yet, `old_id` none any more.
    4: (
        "CREATE TABLE replacements (new_id TEXT PRIMARY KEY, old_id TEXT NOT NULL, name TEXT NOT NULL,"
        " was_running INTEGER NOT NULL, volumes INTEGER NOT NULL, done INTEGER NOT NULL DEFAULT 0)",
    ),
    # Layers whose tree is not what their digest says: they count as lost until the layer is unpacked again.
    5: ("CREATE TABLE damaged_layers (chain_id TEXT PRIMARY KEY REFERENCES layers (chain_id) ON DELETE CASCADE)",),
    # What registries call images and layers; `repository` is a name without a tag (docker.io/library/nginx).
    6: (
        "CREATE TABLE image_digests (repository TEXT NOT NULL, digest TEXT NOT NULL,"
        " image_id TEXT NOT NULL REFERENCES images (id) ON DELETE CASCADE, PRIMARY KEY (repository, digest))",
        "CREATE TABLE layer_blobs (diff_id TEXT NOT NULL, repository TEXT NOT NULL, digest TEXT NOT NULL,"
        " size INTEGER NOT NULL, media_type TEXT NOT NULL, PRIMARY KEY (diff_id, repository))",
        # Layers of a pull that is going on or has failed: they wait for the next one until then.
        "CREATE TABLE kept_layers (chain_id TEXT PRIMARY KEY REFERENCES layers (chain_id) ON DELETE CASCADE,"
        " until INTEGER NOT NULL)",
    ),
    # The ids of the host that the users of a container are; see `containers.userns`.
    7: (
        "CREATE TABLE id_ranges (container_id TEXT PRIMARY KEY REFERENCES containers (id) ON DELETE CASCADE,"
        " uid INTEGER NOT NULL, gid INTEGER NOT NULL, size INTEGER NOT NULL)",
    ),
    # Names that a container alone knows others by; `target` is a name or an id, see `networks.links`.
    8: (
        "CREATE TABLE links (container_id TEXT NOT NULL, network_id TEXT NOT NULL, target TEXT NOT NULL,"
        " alias TEXT NOT NULL, PRIMARY KEY (container_id, network_id, target, alias), FOREIGN KEY"
        " (container_id, network_id) REFERENCES endpoints (container_id, network_id) ON DELETE CASCADE)",
    ),
    # Networks that are being made anew, as they were, and containers that have left them for that, with what they had
    # there; see `containers.renewal`.
    9: (
        "CREATE TABLE renewals (network TEXT PRIMARY KEY, spec TEXT NOT NULL)",
        "CREATE TABLE rejoining (network TEXT NOT NULL, container_id TEXT NOT NULL REFERENCES containers (id)"
        " ON DELETE CASCADE, kept TEXT NOT NULL, PRIMARY KEY (network, container_id))",
    ),
    # What a container's interface has on one network alone; see `networks.wish`.
    10: ("ALTER TABLE endpoints ADD COLUMN settings TEXT NOT NULL DEFAULT '{}'",),
}

# Version 2. Whatever came later is in MIGRATIONS.
TABLES = """
CREATE TABLE IF NOT EXISTS layers (
    chain_id TEXT PRIMARY KEY,
    diff_id TEXT NOT NULL,
    parent TEXT REFERENCES layers (chain_id),
    folder TEXT NOT NULL UNIQUE,
    size INTEGER NOT NULL,
    created INTEGER NOT NULL
);
CREATE TABLE IF NOT EXISTS images (
    id TEXT PRIMARY KEY,
    config TEXT NOT NULL,
    size INTEGER NOT NULL,
    created INTEGER NOT NULL
);
CREATE TABLE IF NOT EXISTS image_layers (
    image_id TEXT NOT NULL REFERENCES images (id) ON DELETE CASCADE,
    position INTEGER NOT NULL,
    chain_id TEXT NOT NULL REFERENCES layers (chain_id),
    PRIMARY KEY (image_id, position)
);
CREATE TABLE IF NOT EXISTS image_names (
    name TEXT PRIMARY KEY,
    image_id TEXT NOT NULL REFERENCES images (id) ON DELETE CASCADE
);
CREATE TABLE IF NOT EXISTS removed_images (
    image_id TEXT PRIMARY KEY REFERENCES images (id) ON DELETE CASCADE
);
CREATE TABLE IF NOT EXISTS containers (
    id TEXT PRIMARY KEY,
    name TEXT NOT NULL UNIQUE,
    image_id TEXT NOT NULL REFERENCES images (id),
    spec TEXT NOT NULL,
    phase TEXT NOT NULL CHECK (phase IN ('creating', 'ready', 'removing')),
    stopped_by_user INTEGER NOT NULL DEFAULT 0,
    created INTEGER NOT NULL
);
CREATE TABLE IF NOT EXISTS networks (
    id TEXT PRIMARY KEY,
    name TEXT NOT NULL UNIQUE,
    driver TEXT NOT NULL,
    spec TEXT NOT NULL,
    created INTEGER NOT NULL
);
CREATE TABLE IF NOT EXISTS subnets (
    subnet TEXT PRIMARY KEY,
    network_id TEXT NOT NULL REFERENCES networks (id) ON DELETE CASCADE,
    position INTEGER NOT NULL,
    gateway TEXT NOT NULL
);
CREATE TABLE IF NOT EXISTS endpoints (
    id TEXT NOT NULL UNIQUE,
    container_id TEXT NOT NULL REFERENCES containers (id) ON DELETE CASCADE,
    network_id TEXT NOT NULL REFERENCES networks (id),
    interface TEXT NOT NULL,
    host_interface TEXT NOT NULL,
    mac TEXT NOT NULL,
    names TEXT NOT NULL,
    PRIMARY KEY (container_id, network_id)
);
CREATE TABLE IF NOT EXISTS leases (
    network_id TEXT NOT NULL REFERENCES networks (id),
    address TEXT NOT NULL,
    container_id TEXT NOT NULL REFERENCES containers (id) ON DELETE CASCADE,
    PRIMARY KEY (network_id, address)
);
CREATE TABLE IF NOT EXISTS ports (
    protocol TEXT NOT NULL,
    host_ip TEXT NOT NULL,
    host_port INTEGER NOT NULL,
    container_id TEXT NOT NULL REFERENCES containers (id) ON DELETE CASCADE,
    container_ip TEXT NOT NULL,
    container_port INTEGER NOT NULL,
    PRIMARY KEY (protocol, host_ip, host_port)
);
CREATE TABLE IF NOT EXISTS volumes (
    name TEXT PRIMARY KEY,
    driver TEXT NOT NULL,
    options TEXT NOT NULL,
    labels TEXT NOT NULL,
    anonymous INTEGER NOT NULL,
    removing INTEGER NOT NULL DEFAULT 0,
    created INTEGER NOT NULL
);
CREATE TABLE IF NOT EXISTS volume_users (
    volume TEXT NOT NULL REFERENCES volumes (name),
    container_id TEXT NOT NULL REFERENCES containers (id) ON DELETE CASCADE,
    PRIMARY KEY (volume, container_id)
);
CREATE TABLE IF NOT EXISTS build_cache (
    key TEXT PRIMARY KEY,
    chain_id TEXT REFERENCES layers (chain_id) ON DELETE CASCADE,
    used INTEGER NOT NULL
);
"""


def check(db: sqlite3.Connection, path: str) -> int:
    """Return the version of a database. Raises NewerData when this library must leave it alone."""
    found: int = db.execute("PRAGMA user_version").fetchone()[0]
    if found > VERSION:
        readable = _readable(db, found)
        if readable > VERSION:
            raise NewerData(
                f"a newer Skiff has changed {path} to schema {found}, which needs one that knows schema {readable};"
                f" this one knows schema {VERSION}: use the newer release on this host"
            )
    return found


def _readable(db: sqlite3.Connection, found: int) -> int:
    known = db.execute("SELECT 1 FROM sqlite_master WHERE type = 'table' AND name = 'upgrades'").fetchone()
    row = db.execute("SELECT readable FROM upgrades WHERE version = ?", (found,)).fetchone() if known else None
    return int(row[0]) if row else found


def upgrade(db: sqlite3.Connection, path: str) -> None:
    """Bring a database that is new or older to VERSION, as a whole or not at all; a newer one is left as it is.

    Raises NewerData as `check` does.
    """
    if check(db, path) >= VERSION:
        return
    db.execute("BEGIN IMMEDIATE")
    try:
        found = check(db, path)  # somebody else may have done it while we waited
        for statement in _statements(found):
            db.execute(statement)
        if found < VERSION:
            values = (VERSION, READABLE, time.time_ns())
            db.execute("INSERT INTO upgrades (version, readable, time) VALUES (?, ?, ?)", values)
            db.execute(f"PRAGMA user_version = {VERSION}")
        db.execute("COMMIT")
    finally:
        if db.in_transaction:
            db.execute("ROLLBACK")


def _statements(found: int) -> list[str]:
    base = [] if found >= 2 else [text for text in TABLES.split(";\n") if text.strip()]
    return [*base, *(text for number in range(max(found, 2) + 1, VERSION + 1) for text in MIGRATIONS[number])]
