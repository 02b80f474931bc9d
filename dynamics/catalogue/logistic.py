"""Logistic growth of one population under a dose: Verhulst 1838, with a kill term linear in the dose."""

from dynamics.model import Constant, Model, Parameter
from dynamics.prior import Prior

MODEL = Model.define(
    "logistic",
    title="Logistic growth of one population that the drug kills",
    states={"V": "r*(1 - V/K)*V - u*delta*V"},
    initial={"V": "V0"},
    outputs={"burden": "V"},
    meanings={"V": "tumour cells", "burden": "total tumour burden"},
    parameters=[
        Parameter(
            "r",
            "per day",
            1e-4,
            4.0,
            meaning="intrinsic growth rate, far below the carrying capacity",
            start=(0.003, 0.5),
            prior=Prior(0.1, 20.0, "doubling in days to months; Masud 2023, Table 1: 0.10 to 0.18 per day"),
            bounds_reason="4 per day doubles every 4 h, several times faster than any human cell divides; "
            "0.0001 per day doubles in 19 years, slower than visits show",
            remedy="two visits a few days apart in a pause of the drug, when the burden grows freely",
        ),
        Parameter(
            "K",
            "burden",
            0.2,
            1000.0,
            scale="V0",
            meaning="carrying capacity",
            start=(1.02, 12.0),
            prior=Prior(2.0, 5.0, "Masud 2023, Table 1: 1.0 to 2.3 times the first burden"),
            bounds_reason="a tumour found at more than five times what its host can carry would be shrinking "
            "untreated; 1000 times the first burden is beyond what a host survives",
            remedy="visits at the largest burdens, where growth slows",
        ),
        Parameter(
            "delta",
            "per day",
            1e-4,
            10.0,
            meaning="death rate under the maximum tolerated dose",
            start=(0.003, 0.5),
            prior=Prior(0.1, 20.0, "Masud 2023, Table 1: 0.06 to 0.14 per day"),
            bounds_reason="10 per day leaves 1 cell in 20,000 after a day, beyond any drug's kinetics; below "
            "0.0001 per day there is no drug effect to speak of",
            remedy="visits soon before and soon after a change of dose: under one constant dose only the "
            "difference between growth and kill shows",
        ),
    ],
    constants=[
        Constant("V0", "burden", "burden at the first visit used in the fit", from_data="first_burden")
    ],
    source="Verhulst (1838); as a tumour model: Benzekry et al. (2014); kill term as in Masud 2023, eq. 1",
    assumptions=(
        "every cell answers to the drug alike: no resistance, so that a relapse under the drug cannot be "
        "described and no dose window follows",
        "the first measured burden is taken as the true one",
    ),
)
