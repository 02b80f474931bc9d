"""Homogeneous tumour in three phases of the cell cycle under a killing and a blocking drug: Ledzewicz 2018, Fig. 1."""

from dynamics.catalogue.bilinear import bilinear_model
from dynamics.model import Constant, Input

MODEL = bilinear_model(
    "cell_cycle",
    title="Cell cycle in three compartments under a cytotoxic and a cytostatic drug",
    A=[
        ["-a1", 0, "2*a3"],
        ["a1", "-a2", 0],
        [0, "a2", "-a3"],
    ],
    B={
        "u": [[0, 0, "-2*a3"], [0, 0, 0], [0, 0, 0]],
        "v": [[0, 0, 0], [0, "a2", 0], [0, "-a2", 0]],
    },
    initial=None,
    total="N0",
    units={"N1": "cells", "N2": "cells", "N3": "cells", "burden": "cells"},
    meanings={
        "N1": "cells in G0/G1",
        "N2": "cells in S",
        "N3": "cells in G2/M",
        "burden": "all cells, relative to their number at the start",
    },
    inputs=[
        Input(
            "u", "cytotoxic drug: share of the dividing cells that it kills", "share of divisions", 0.0, 0.95
        ),
        Input(
            "v", "cytostatic drug: share of the flow out of S that it blocks", "share of the flow", 0.0, 0.30
        ),
    ],
    constants=[
        Constant("a1", "per day", "rate at which cells leave G0/G1", 0.197),
        Constant("a2", "per day", "rate at which cells leave S", 0.395),
        Constant("a3", "per day", "rate at which cells leave G2/M by dividing", 0.107),
        Constant("N0", "cells", "number of cells at the start; 1 counts them relative to it", 1.0),
    ],
    source="Ledzewicz, Schaettler, Wang (2018), eq. 1 and Fig. 1; compartments after Swierniak (1995)",
    assumptions=(
        "the paper shows Fig. 1 without its matrices: a killing drug acting on division (G2/M) and a blocking "
        "drug acting on the flow from S into G2/M are Swierniak's standard form",
        "the rates a1, a2, a3 and the largest doses 0.95 and 0.30 are those usual in the literature on this model; "
        "the paper does not print them",
        "cells start in the steady proportions without drugs (the caption of Fig. 1); they are "
        "computed at the declared rates; for others take them from dynamics.steady_proportions",
        "doses are concentrations: no pharmacokinetics (the paper, Section 2)",
    ),
)
