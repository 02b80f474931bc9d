"""Sensitive and resistant cells in competition under a dose: Masud 2023, eqs 1 and 12."""

from dynamics.model import Constant, Model, Parameter
from dynamics.prior import Prior

MODEL = Model.define(
    "competition",
    title="Lotka-Volterra competition of sensitive and resistant cells",
    states={
        "S": "r*(1 - (S + R)/K)*S - u*delta*S",
        "R": "r*(1 - (c*S + R)/K)*R",
    },
    initial={"S": "(1 - f_R)*V0", "R": "f_R*V0"},
    outputs={"burden": "S + R"},
    roles={"S": "sensitive", "R": "resistant"},
    meanings={"S": "drug-sensitive cells", "R": "drug-resistant cells", "burden": "total tumour burden"},
    parameters=[
        Parameter(
            "r",
            "per day",
            1e-3,
            4.0,
            meaning="intrinsic growth rate of both populations",
            start=(0.01, 0.8),
            prior=Prior(0.1, 10.0, "doubling in days to weeks; Masud 2023, Table 1: 0.10 to 0.18 per day"),
            bounds_reason="4 per day doubles every 4 h, several times faster than any human cell divides, so "
            "the bound excludes only the impossible; 0.001 per day doubles in two years, slower than "
            "visits show",
            remedy="two visits a few days apart in a pause of the drug, when the burden grows freely",
        ),
        Parameter(
            "K",
            "burden",
            0.2,
            1000.0,
            scale="V0",
            meaning="carrying capacity shared by both populations",
            start=(1.02, 12.0),
            prior=Prior(2.0, 5.0, "Masud 2023, Table 1: 1.0 to 2.3 times the first burden"),
            bounds_reason="a tumour found at more than five times what its host can carry would be shrinking "
            "untreated; 1000 times the first burden is beyond what a host survives",
            remedy="visits late in a relapse, where growth slows",
        ),
        Parameter(
            "delta",
            "per day",
            1e-3,
            10.0,
            meaning="death rate of sensitive cells under the maximum tolerated dose",
            start=(0.01, 0.8),
            prior=Prior(0.1, 10.0, "Masud 2023, Table 1: 0.06 to 0.14 per day"),
            bounds_reason="10 per day leaves 1 sensitive cell in 20,000 after a day, beyond any drug's "
            "kinetics; below 0.001 per day there is no drug effect to speak of",
            remedy="visits soon before and soon after a change of dose: under one constant dose only the "
            "difference between growth and kill shows",
        ),
        Parameter(
            "c",
            "1",
            0.01,
            100.0,
            meaning="competition coefficient: inhibition of resistant cells by sensitive cells",
            start=(1.05, 12.0),
            prior=Prior(2.5, 4.0, "c > 1 after Bacevic 2017; Masud 2023, Table 1: 1.7 to 3.2"),
            bounds_reason="the paper assumes c > 1; values down to 0.01 (no competition) are admitted so "
            "that the data, not the bound, must rule them out; at 100 one sensitive cell outweighs a "
            "hundred resistant ones",
            remedy="visits around the nadir and at the turn to relapse, when both populations are present",
        ),
    ],
    constants=[
        Constant("V0", "burden", "burden at the first visit used in the fit", from_data="first_burden"),
        Constant("f_R", "1", "resistant fraction at the first visit", value=0.01),
    ],
    source="Masud, Kim, Kim (2023), eqs 1 and 12",
    assumptions=(
        "1 % of the cells are resistant at the first visit (Masud 2023)",
        "the marker is proportional to the number of cells, with the patient's own unit",
        "the first measured burden is taken as the true one",
    ),
)
