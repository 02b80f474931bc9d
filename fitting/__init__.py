"""Which parameters explain the data."""

from fitting.result import Fit, FitStatus

__all__ = ["Fit", "FitStatus"]
