"""The model catalogue: one file a model, found by its name."""

from dynamics.catalogue.registry import catalogue_names, get_model

__all__ = ["catalogue_names", "get_model"]
