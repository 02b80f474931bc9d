"""Compiled loops of a tumour that is seen on visits, through a noisy marker."""
