"""Data made anew: bootstrap intervals, measured coverage."""
