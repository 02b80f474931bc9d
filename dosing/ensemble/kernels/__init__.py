"""Compiled forward and adjoint loops over the members of an ensemble."""
