"""The statistics of ArviZ for plain arrays."""

from __future__ import annotations

from typing import Any


def arviz_arrays() -> Any:
    """Return ArviZ's functions on arrays, imported at the first call because the import takes seconds."""
    from arviz_stats.base import array_stats  # pyright: ignore[reportPrivateImportUsage]

    return array_stats
