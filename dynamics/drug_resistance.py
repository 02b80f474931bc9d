"""Sensitive and resistant cells of a small tumour: the birth-death process of Fischer 2015, eqs 5 to 7."""

from dynamics.birth_death import BirthDeathProcess
from dynamics.model import Constant

__all__ = ["DRUG_RESISTANCE"]

DRUG_RESISTANCE = BirthDeathProcess.define(
    "drug_resistance",
    births={
        "n_s": "(1 + (gamma + sigma)/K)*n_s/(1 + gamma/K*(n_s + n_r)/K + sigma/K*n_s/K) + mu/K*(n_r - n_s)",
        "n_r": "(1 + gamma/K)*n_r/(1 + gamma/K*(n_s + n_r)/K + sigma/K*n_s/K) + mu/K*(n_s - n_r)",
    },
    deaths={"n_s": "n_s*(1 + u*phi_s/K)", "n_r": "n_r*(1 + (1 - u)*phi_r/K)"},
    # the paper prints no set for its figures; these are declared, and show the order of its Fig. 3
    constants=[
        Constant("K", "cells", "carrying capacity", 500.0),
        Constant("gamma", "per K generations", "growth rate K g of resistant cells", 30.0),
        Constant("sigma", "per K generations", "growth advantage K s of sensitive cells", 0.0),
        Constant("mu", "per K generations", "mutation K mu_0 between the types", 1.0),
        Constant("phi_s", "per K generations", "deaths K f_s of sensitive cells under the drug", 60.0),
        Constant(
            "phi_r", "per K generations", "deaths K f_r of resistant cells without it (addiction)", 60.0
        ),
    ],
    meanings={"n_s": "drug-sensitive cells", "n_r": "drug-resistant cells"},
    source="Fischer, Vazquez-Garcia, Mustonen (2015), eqs 5 to 7, in the scaled parameters of eq. 35",
)
