"""The model catalogue: one file a model, found by its name."""

from dynamics.catalogue.registry import base_and_suffixes, catalogue_names, control_names, get_model

__all__ = ["base_and_suffixes", "catalogue_names", "control_names", "get_model"]
