"""Drift of size and composition: derived, against the paper's formula and against exact transitions."""

import numpy as np
import pytest
import sympy as sp

from dosing.stochastic.birth_death import scaled_drift, skellam_pmf
from dosing.stochastic.process_kernel import constant_vector, rates_at
from dynamics.birth_death import BirthDeathProcess
from dynamics.drug_resistance import DRUG_RESISTANCE
from dynamics.expressions import ModelError
from dynamics.model import Constant

VALUES = {"gamma": 20.0, "sigma": 5.0, "mu": 2.0, "phi_s": 40.0, "phi_r": 15.0}


def test_derived_drift_is_that_of_the_paper():
    drift = scaled_drift(DRUG_RESISTANCE)
    x, y = drift.x, drift.y
    gamma, sigma, mu, phi_s, phi_r, u = sp.symbols("gamma sigma mu phi_s phi_r u")
    size = (gamma + sigma * y) * x * (1 - x) - x * (u * phi_s * y + (1 - u) * phi_r * (1 - y))  # eq. 44
    share = (sigma - u * phi_s + (1 - u) * phi_r) * y * (1 - y) + mu * (1 - 2 * y)  # eq. 45
    assert sp.simplify(drift.size - size) == 0
    assert sp.simplify(drift.share - share) == 0


@pytest.mark.parametrize("dose", [0.0, 1.0])
def test_derived_drift_is_the_mean_of_exact_transitions(dose):
    drift = scaled_drift(DRUG_RESISTANCE)
    place = {drift.x: 0.7, drift.y: 0.6, sp.Symbol("u"): dose} | {sp.Symbol(k): v for k, v in VALUES.items()}
    wanted = np.array([float(drift.size.subs(place)), float(drift.share.subs(place))])
    found = []
    for K in (1000, 4000):
        constants = constant_vector(DRUG_RESISTANCE, VALUES | {"K": float(K)})
        state = np.array([0.7 * 0.6 * K, 0.7 * 0.4 * K])
        (births,), (deaths,) = rates_at(DRUG_RESISTANCE, state[None], np.array([dose]), constants)
        (da, pa), (db, pb) = (skellam_pmf(b, d) for b, d in zip(births, deaths, strict=True))
        first, second = state[0] + da[:, None], state[1] + db[None, :]
        share = first / (first + second)
        found.append(np.array([pa @ da + pb @ db, K * (pa @ (share - 0.6) @ pb)]))
    # the error falls as 1 / K: four times the cells, a quarter of it, and nothing left after extrapolation
    np.testing.assert_allclose((found[0] - wanted) / (found[1] - wanted), 4, rtol=0.15)
    np.testing.assert_allclose((4 * found[1] - found[0]) / 3, wanted, rtol=1e-3)


def test_rates_that_do_not_scale_are_refused():
    fast = BirthDeathProcess.define(
        "fast",
        births={"a": "2*a", "b": "b"},
        deaths={"a": "a", "b": "b"},
        constants=[Constant("K", "cells", "", 9.0)],
    )
    with pytest.raises(ModelError, match="grows without limit with K"):
        scaled_drift(fast)
