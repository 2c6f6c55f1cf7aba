"""Names and ids that nobody chose."""

from __future__ import annotations

import os

_ADJECTIVES = (
    "amber", "ample", "azure", "bold", "brave", "breezy", "bright", "brisk", "calm", "clever", "coral", "crisp",
    "deft", "eager", "early", "fair", "fleet", "fond", "gentle", "glad", "golden", "grand", "happy", "hardy", "jolly",
    "keen", "kind", "lively", "lucky", "mellow", "merry", "mighty", "misty", "nimble", "noble", "patient", "plucky",
    "proud", "quick", "quiet", "rapid", "ready", "salty", "serene", "sharp", "silent", "silver", "sleek", "snug",
    "steady", "stout", "sturdy", "sunny", "swift", "tidal", "tidy", "trusty", "vivid", "warm", "windy", "wise", "witty",
)  # fmt: skip
_NOUNS = (
    "albatross", "anchor", "barge", "beacon", "bosun", "bowline", "breaker", "buoy", "canoe", "captain", "catamaran",
    "channel", "clipper", "compass", "cove", "current", "cutter", "dinghy", "dock", "dolphin", "dory", "estuary",
    "ferry", "fjord", "frigate", "galley", "gull", "harbour", "heron", "island", "jetty", "kayak", "keel", "ketch",
    "lagoon", "lantern", "lighthouse", "lugger", "marlin", "mast", "osprey", "otter", "paddle", "pelican", "petrel",
    "pier", "pilot", "puffin", "quay", "raft", "reef", "rudder", "sail", "schooner", "seal", "sextant", "shoal",
    "skipper", "sloop", "tern", "tide", "trawler", "wharf", "yawl",
)  # fmt: skip


def new_id() -> str:
    """Return 64 random hex digits that do not look like a decimal number when shortened to twelve."""
    while True:
        text = os.urandom(32).hex()
        if not text[:12].isdigit():
            return text


def random_name(attempt: int = 0) -> str:
    """Return a name such as `brisk_otter`; from the fourth attempt on with a number, so that one is always free."""
    seed = int.from_bytes(os.urandom(4), "big")
    name = f"{_ADJECTIVES[seed % len(_ADJECTIVES)]}_{_NOUNS[seed // 64 % len(_NOUNS)]}"
    return f"{name}{seed >> 16}" if attempt > 3 else name
