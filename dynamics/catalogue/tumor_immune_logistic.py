"""Tumour with logistic growth and immune system: Ledzewicz 2018, eqs 19, 20, with F(x) = 1 - x/x_inf."""

from dynamics.catalogue.tumor_immune import tumor_immune_model

MODEL = tumor_immune_model("logistic")
