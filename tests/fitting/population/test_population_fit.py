"""The hierarchical model recovers a virtual cohort; what cannot be fitted is refused."""

import dataclasses

import numpy as np
import pytest

from fitting.population import fit_population, infer_new_patient, population_table, predict_visits


def test_cohorts_that_carry_no_population_are_refused(known_patients, model):
    with pytest.raises(ValueError, match="at least 3 patients"):
        fit_population(known_patients[:2], model)
    with pytest.raises(ValueError, match="'age' is 50 in every patient"):
        fit_population(known_patients, model, covariates={"age": [50] * 6})
    with pytest.raises(ValueError, match="one finite number for each of 6"):
        fit_population(known_patients, model, covariates={"age": [50, 60]})
    one = known_patients[2]
    alone = dataclasses.replace(
        one, times=one.times[:1], burdens=one.burdens[:1], censoring=one.censoring[:1]
    )
    with pytest.raises(ValueError, match="'V3': one visit only"):
        fit_population((*known_patients[:2], alone), model)


@pytest.mark.slow
def test_recovers_a_virtual_cohort(known_patients, model):
    population = fit_population(
        known_patients,
        model,
        likelihood="log_normal",
        shared_dispersion=True,
        draws=250,
        tune=300,
        chains=2,
        seed=1,
    )
    diverging = np.asarray(population.tree["sample_stats"].dataset["diverging"])
    assert diverging.mean() < 0.02
    assert population.usable == population.status.startswith("Converged")
    low, high = np.quantile(population.draws("mu"), [0.005, 0.995], axis=0)
    truth = np.log([0.12, 2.0, 0.1, 2.2])  # of the distribution that the six patients were drawn from
    assert np.all((low < truth) & (truth < high))
    assert (
        np.quantile(population.draws("dispersion"), 0.005)
        < 0.15
        < np.quantile(population.draws("dispersion"), 0.995)
    )
    table = population_table(population, predict_visits(population, known_patients, simulations=100))
    assert [r.name for r in table.rows] == ["r", "K", "delta", "c", "dispersion"]
    # a patient of the cohort, met as new: the stored population holds this patient's data once already, so the two
    # posteriors agree only as far as one patient of six moves the population
    new = infer_new_patient(known_patients[0], dataclasses.replace(population, usable=True))
    own = population.draws("log_parameters")[:, 0]
    gap = np.abs(new.coordinates[:, :4].mean(axis=0) - own.mean(axis=0)) / own.std(axis=0)
    assert np.all(gap < 1)
