"""Compiled walkers along profiles."""
