"""The tables of the store.

Times are nanoseconds since 1970. JSON columns hold what their seat's `to_json` wrote.
"""

from __future__ import annotations

VERSION = 2

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
