"""Pure tests have no time limit of their own: a busy machine makes each of them slow at times."""

from __future__ import annotations

from hypothesis import settings

settings.register_profile("patient", deadline=None)
settings.load_profile("patient")
