"""Compiled likelihoods: what a fit or a profile evaluates a million times."""
