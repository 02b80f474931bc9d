"""Exponential decay and regrowth under a dose: Stein 2008, with the regrowing share of Wilkerson 2017."""

from dynamics.model import Constant, Model, Parameter
from dynamics.prior import Prior

MODEL = Model.define(
    "decay_regrowth",
    title="Exponential decay of sensitive cells and regrowth of resistant ones",
    states={
        "S": "(g*(1 - u) - d*u)*S",
        "R": "g*R",
    },
    initial={"S": "(1 - f_R)*V0", "R": "f_R*V0"},
    outputs={"burden": "S + R"},
    roles={"S": "sensitive", "R": "resistant"},
    meanings={"S": "drug-sensitive cells", "R": "drug-resistant cells", "burden": "total tumour burden"},
    parameters=[
        Parameter(
            "d",
            "per day",
            1e-3,
            10.0,
            meaning="rate at which sensitive cells decay under the maximum tolerated dose, net of growth",
            start=(0.003, 0.3),
            prior=Prior(
                0.02, 15.0, "half-lives of two days to a year and a half: wide, as it is the drug's doing"
            ),
            bounds_reason="10 per day leaves 1 sensitive cell in 20,000 after a day, beyond any drug's "
            "kinetics; below 0.001 per day a burden halves in two years, which visits do not tell from rest",
            remedy="two visits soon after the drug begins, while the burden falls",
        ),
        Parameter(
            "g",
            "per day",
            1e-5,
            2.0,
            meaning="growth rate of resistant cells always, and of sensitive cells without the drug",
            start=(5e-4, 0.1),
            prior=Prior(
                0.003, 20.0, "10^-3.17 to 10^-2.08 per day in five prostate cancer trials: Stein 2011"
            ),
            bounds_reason="2 per day doubles every 8 h, faster than any human tumour cell cycle; below 1e-5 "
            "per day a burden doubles in 190 years",
            remedy="visits late in a relapse under the drug, when resistant cells grow alone",
        ),
        Parameter(
            "f_R",
            "1",
            1e-6,
            0.99,
            meaning="resistant fraction at the first visit: the share that the drug does not shrink",
            start=(1e-3, 0.6),
            prior=Prior(0.1, 9.0, "wide: 1 % to 90 %; Wilkerson 2017 estimates it for each patient (phi)"),
            bounds_reason="at 0.99 the drug has nothing to shrink; 1e-6 is one cell in a million, which "
            "regrowth within years does not show",
            remedy="visits around the nadir, where falling and regrowing cells balance",
        ),
    ],
    constants=[
        Constant("V0", "burden", "burden at the first visit used in the fit", from_data="first_burden")
    ],
    source="Stein et al. (2008, 2011); share of regrowing cells: Wilkerson et al. (2017)",
    assumptions=(
        "growth is exponential: no burden slows it, and sensitive cells do not hold resistant ones back",
        "under the full dose the burden is V0 ((1 - f_R) exp(-d t) + f_R exp(g t)), as published; lower "
        "doses and pauses move the rate of sensitive cells in proportion from -d to g, an addition here",
        "resistant cells grow as sensitive cells do without the drug",
        "the first measured burden is taken as the true one",
    ),
)
