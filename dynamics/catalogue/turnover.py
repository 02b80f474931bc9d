"""Two populations with turnover, the drug acting on division: Scagliotti 2026, eq. 1.5 (Strobl 2021)."""

from dynamics.model import Constant, Model, Parameter
from dynamics.prior import Prior

MODEL = Model.define(
    "turnover",
    title="Sensitive and resistant cells with turnover; the drug kills dividing cells",
    states={
        "S": "r_S*(1 - (S + R)/K)*(1 - 2*d_D*u)*S - d_T*S",
        "R": "r_R*(1 - (S + R)/K)*R - d_T*R",
    },
    initial={"S": "(1 - f_R)*V0", "R": "f_R*V0"},
    outputs={"burden": "S + R"},
    roles={"S": "sensitive", "R": "resistant"},
    meanings={"S": "drug-sensitive cells", "R": "drug-resistant cells", "burden": "total tumour burden"},
    parameters=[
        Parameter(
            "r_S",
            "per day",
            1e-3,
            2.0,
            meaning="division rate of sensitive cells",
            start=(0.005, 0.3),
            prior=Prior(0.027, 5.0, "0.027 per day: Zhang 2017, as used by Strobl 2021 and Scagliotti 2026"),
            bounds_reason="2 per day doubles every 8 h, faster than any human tumour cell cycle",
            remedy="two visits a few days apart in a pause of the drug, when the burden grows freely",
        ),
        Parameter(
            "r_R",
            "per day",
            1e-4,
            2.0,
            meaning="division rate of resistant cells",
            start=(0.003, 0.3),
            prior=Prior(0.02, 5.0, "0.5 to 1 times r_S: Strobl 2021"),
            bounds_reason="2 per day doubles every 8 h, faster than any human tumour cell cycle",
            remedy="visits late in a relapse under the drug, when resistant cells grow alone",
        ),
        Parameter(
            "K",
            "burden",
            1.001,
            1000.0,
            scale="V0",
            meaning="carrying capacity",
            start=(1.05, 8.0),
            prior=Prior(2.0, 4.0, "first burden at 0.25 to 0.75 of the carrying capacity: Scagliotti 2026"),
            bounds_reason="above the carrying capacity the drug term changes its sign, so the first burden "
            "stays below",
            remedy="visits at the largest burdens, where growth slows",
        ),
        Parameter(
            "d_D",
            "1",
            0.5,
            20.0,
            meaning="drug sensitivity: 2 d_D cells are killed per division under the maximum tolerated dose",
            start=(0.55, 4.0),
            prior=Prior(0.75, 2.0, "2 d_D = 1.5: Strobl 2021"),
            bounds_reason="below 0.5 the maximum tolerated dose does not shrink a tumour without turnover",
            remedy="visits soon before and soon after a change of dose",
        ),
        Parameter(
            "d_T",
            "per day",
            1e-6,
            0.5,
            meaning="turnover: natural death rate of both populations",
            start=(1e-5, 0.05),
            prior=Prior(0.005, 10.0, "0 to 0.5 times r_S: Strobl 2021"),
            bounds_reason="0.5 per day replaces half of the tumour every day",
            remedy="visits at very different burdens, or a marker of proliferation: the burden alone shows "
            "division less death",
        ),
    ],
    constants=[
        Constant("V0", "burden", "burden at the first visit used in the fit", from_data="first_burden"),
        Constant("f_R", "1", "resistant fraction at the first visit", value=0.01),
    ],
    source="Scagliotti et al. (2026), eq. 1.5; Strobl et al. (2021)",
    assumptions=(
        "1 % of the cells are resistant at the first visit",
        "resistance pre-exists; none is acquired under treatment",
        "the first measured burden is taken as the true one",
    ),
)
