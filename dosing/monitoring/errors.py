"""What cannot be asked of monitoring."""

from __future__ import annotations


class MonitoringError(ValueError):
    """A question that cannot be posed; the message says which number and what to do."""
