"""The stories use the servers of the tests of sources and of S3."""

from __future__ import annotations

import sys
from pathlib import Path

_TESTS = Path(__file__).resolve().parents[1]
sys.path += [str(_TESTS / name) for name in ("sources", "s3")]
