"""Tumour and immune system under chemotherapy and immune boost: Ledzewicz 2018, eqs 19, 20 (Stepanova 1979)."""

from __future__ import annotations

from typing import Literal

from dynamics.expressions import ModelError
from dynamics.model import Constant, Input, Model

# F of eq. 19: what growth leaves at tumour volume x.
GROWTH = {
    "gompertz": "-log(x/x_inf)",
    "logistic": "1 - x/x_inf",
}


def tumor_immune_model(growth: Literal["gompertz", "logistic"] = "gompertz", *, name: str = "") -> Model:
    """Write eqs 19 and 20 with one of two growth functions and two drugs.

    Parameters
    ----------
    growth : {"gompertz", "logistic"}
        F(x) = -ln(x/x_inf), or F(x) = 1 - x/x_inf.
    name : str
        ``tumor_immune_`` and the growth where not given.

    Raises
    ------
    ModelError
        Another growth.
    """
    if growth not in GROWTH:
        raise ModelError(f"tumour-immune model with growth {growth!r}; known are {', '.join(GROWTH)}")
    return Model.define(
        name or f"tumor_immune_{growth}",
        title=f"Tumour ({growth} growth) and immune system under chemotherapy and immune boost",
        states={
            "x": f"mu_C*x*({GROWTH[growth]}) - gamma*x*y - kappa_X*x*u",
            "y": "mu_I*(1 - beta*x)*x*y - delta*y + alpha - kappa_I*y*u + kappa_Y*y*v",
        },
        initial={"x": "x_0", "y": "y_0"},
        outputs={"burden": "x"},
        units={"x": "million cells", "y": "1", "burden": "million cells"},
        meanings={
            "x": "tumour volume",
            "y": "density of immuno-competent cells, relative to a typical one",
            "burden": "tumour volume",
        },
        inputs=[
            Input("u", "chemotherapy as a fraction of the maximum tolerated dose (MTD)"),
            Input("v", "immune boost as a fraction of its largest dose", "fraction of the largest dose"),
        ],
        parameters=[],
        constants=[
            Constant("alpha", "per day", "influx of immuno-competent cells", 0.1181),
            Constant(
                "beta",
                "per million cells",
                "1/beta: tumour volume beyond which immunity is depressed",
                0.00264,
            ),
            Constant("gamma", "per day", "rate at which immuno-competent cells remove tumour cells", 1.0),
            Constant("delta", "per day", "death rate of immuno-competent cells", 0.37451),
            Constant("mu_C", "per day", "growth rate of the tumour", 0.5599),
            Constant("mu_I", "per day and million cells", "stimulation of immunity by the tumour", 0.00484),
            Constant("x_inf", "million cells", "carrying capacity", 780.0),
            Constant("kappa_X", "per day", "kill rate of the tumour under full chemotherapy", 1.0),
            Constant(
                "kappa_I", "per day", "kill rate of immuno-competent cells under full chemotherapy", 0.0
            ),
            Constant("kappa_Y", "per day", "growth of immuno-competent cells under the full boost", 1.0),
            Constant("x_0", "million cells", "tumour volume at the start", 600.0),
            Constant("y_0", "1", "density of immuno-competent cells at the start", 0.1),
        ],
        source="Ledzewicz, Schaettler, Wang (2018), eqs 19, 20 and Fig. 4; with drugs: Ledzewicz, Faraji Mosalman, "
        "Schaettler (2013)",
        assumptions=(
            "the paper prints eqs 19 and 20 without drugs and without numbers: the rates are those of the authors' "
            "2013 paper, and both drugs acting in proportion to the cells, with kappa_X = kappa_Y = 1 and doses up to "
            "1, follow it from memory",
            "chemotherapy spares immuno-competent cells (kappa_I = 0); set kappa_I where it does not",
            "the rates are scaled: one unit of time, called a day here, is the one in which delta is 0.37451",
            *(
                ()
                if growth == "gompertz"
                else (
                    "logistic growth keeps the rates of the Gompertzian model, for which no others are printed; it "
                    "is slower there, and the three equilibria lie elsewhere",
                )
            ),
        ),
    )


MODEL = tumor_immune_model(name="tumor_immune")
