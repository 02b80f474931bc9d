"""Gompertz growth of one population under a dose: Norton 1988, with a kill term linear in the dose."""

from dynamics.model import Constant, Model, Parameter
from dynamics.prior import Prior

MODEL = Model.define(
    "gompertz",
    title="Gompertz growth of one population that the drug kills",
    states={"V": "a*log(K/V)*V - u*delta*V"},
    initial={"V": "V0"},
    outputs={"burden": "V"},
    meanings={"V": "tumour cells", "burden": "total tumour burden"},
    parameters=[
        Parameter(
            "a",
            "per day",
            1e-5,
            1.0,
            meaning="rate at which growth slows; the growth rate where the burden is K/e",
            start=(5e-4, 0.1),
            prior=Prior(
                0.005, 20.0, "about 0.002 per day in breast cancer: Norton 1988; tens of times faster in mice"
            ),
            bounds_reason="at 1 per day a tumour comes to rest within a week of any disturbance; below 1e-5 "
            "per day growth does not slow within a life",
            remedy="visits at very different burdens without the drug, between which growth slows",
        ),
        Parameter(
            "K",
            "burden",
            0.2,
            1000.0,
            scale="V0",
            meaning="burden at which growth stops",
            start=(1.02, 50.0),
            prior=Prior(
                10.0, 30.0, "3e12 cells in breast cancer, Norton 1988, against 1e10 to 1e12 at treatment"
            ),
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
            "burden at which growth and kill balance shows",
        ),
    ],
    constants=[
        Constant("V0", "burden", "burden at the first visit used in the fit", from_data="first_burden")
    ],
    source="Norton (1988); Benzekry et al. (2014); kill term as in Masud 2023, eq. 1",
    assumptions=(
        "every cell answers to the drug alike: no resistance, so that a relapse under the drug cannot be "
        "described beyond the burden K exp(-u delta/a), and no dose window follows",
        "the first measured burden is taken as the true one",
    ),
)
