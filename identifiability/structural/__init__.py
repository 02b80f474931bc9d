"""Structural identifiability: what ideal data under a dosing pattern could tell, from the symbols alone."""
