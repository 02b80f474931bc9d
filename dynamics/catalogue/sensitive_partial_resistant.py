"""Sensitive, partially sensitive and resistant cells that turn into each other: Ledzewicz 2018, eqs 3 to 5."""

from dynamics.catalogue.bilinear import bilinear_model
from dynamics.model import Constant, Input

_TURNS = "of {0} cells that turn {1}"

MODEL = bilinear_model(
    "sensitive_partial_resistant",
    title="Three populations of decreasing sensitivity with transitions, under one cytotoxic drug",
    states=["S", "P", "R"],
    A=[
        ["alpha1 - sigma_P - sigma_R", "pi_S", "rho_S"],
        ["sigma_P", "alpha2 - pi_S - pi_R", "rho_P"],
        ["sigma_R", "pi_R", "alpha3 - rho_S - rho_P"],
    ],
    B={"u": [["-phi1", 0, 0], [0, "-phi2", 0], [0, 0, "-phi3"]]},
    initial=None,
    total="C0",
    units={"S": "cells", "P": "cells", "R": "cells", "burden": "cells"},
    meanings={
        "S": "drug-sensitive cells",
        "P": "partially sensitive cells",
        "R": "drug-resistant cells",
        "burden": "all cells, relative to their number at the start",
    },
    roles={"S": "sensitive", "R": "resistant"},
    inputs=[Input("u", "dose of the cytotoxic drug as a fraction of the maximum tolerated dose (MTD)")],
    constants=[
        Constant("alpha1", "per day", "net growth rate of sensitive cells", 0.10),
        Constant("alpha2", "per day", "net growth rate of partially sensitive cells", 0.06),
        Constant("alpha3", "per day", "net growth rate of resistant cells", 0.03),
        Constant("phi1", "per day", "kill rate of sensitive cells at full dose", 1.0),
        Constant("phi2", "per day", "kill rate of partially sensitive cells at full dose", 0.5),
        Constant("phi3", "per day", "kill rate of resistant cells at full dose", 0.0),
        Constant("sigma_P", "per day", f"rate {_TURNS.format('sensitive', 'partially sensitive')}", 0.03),
        Constant("sigma_R", "per day", f"rate {_TURNS.format('sensitive', 'resistant')}", 0.01),
        Constant("pi_S", "per day", f"rate {_TURNS.format('partially sensitive', 'sensitive')}", 0.02),
        Constant("pi_R", "per day", f"rate {_TURNS.format('partially sensitive', 'resistant')}", 0.02),
        Constant("rho_S", "per day", f"rate {_TURNS.format('resistant', 'sensitive')}", 0.01),
        Constant("rho_P", "per day", f"rate {_TURNS.format('resistant', 'partially sensitive')}", 0.02),
        Constant("C0", "cells", "number of cells at the start; 1 counts them relative to it", 1.0),
    ],
    source="Ledzewicz, Schaettler, Wang (2018), eqs 3 to 5",
    assumptions=(
        "no numbers are published for Fig. 2: all rates are chosen here, with alpha1 > alpha2 > alpha3 and "
        "phi1 > phi2 > phi3 = 0 as the paper asks, so that proportions turn within weeks",
        "with the weights q = (0.1, 0.2, 0.3) along the way, r = (1, 2, 3) at the end (more on resistant cells, as "
        "in the paper), s = 0.05 on the drug and 30 days they make full dose followed by a singular arc optimal; "
        "the weights are chosen too",
        "transitions do not depend on the drug (the paper, end of Section 3)",
        "cells start in the steady proportions without drug; they are computed at the "
        "declared rates; for others take them from dynamics.steady_proportions",
    ),
)
