"""What is read from a population: table, files, single patients, plots, new patients."""

import dataclasses

import numpy as np
import pytest
from matplotlib.figure import Figure

from fitting.bayesian.penalised_problem import build_penalised
from fitting.likelihood import get_likelihood
from fitting.population import (
    Population,
    infer_new_patient,
    population_table,
    predict_visits,
    prediction_errors,
    update_by_visit,
)
from fitting.population.plots import (
    plot_individual_fits,
    plot_observed_predicted,
    plot_prediction_errors,
    plot_random_effects,
    plot_visual_predictive_check,
)
from fitting.population.predictions import outputs_at

TRUTH = {"r": 0.12, "K": 2.0, "delta": 0.1, "c": 2.2, "dispersion": 0.15}


@pytest.fixture(scope="module")
def predictions(known_population, known_patients):
    return predict_visits(known_population, known_patients, simulations=300)


def test_table_states_what_the_draws_were_made_from(known_population, predictions):
    table = population_table(known_population, predictions)
    omega = [0.3, 0.2, 0.25, 0.15, 0.1]
    for row, (name, value), width in zip(table.rows, TRUTH.items(), omega, strict=True):
        assert row.name == name
        assert row.estimate == pytest.approx(value, rel=0.02)
        assert row.rse == pytest.approx(10, rel=0.1)  # mu was drawn with a standard deviation of 0.1
        assert row.lower == pytest.approx(value * np.exp(-0.196), rel=0.04)
        assert row.upper == pytest.approx(value * np.exp(0.196), rel=0.04)
        assert row.cv == pytest.approx(100 * np.sqrt(np.expm1(width**2)), rel=0.05)
        # effects were laid evenly from -omega to omega
        assert row.shrinkage == pytest.approx(100 * (1 - np.linspace(-1, 1, 6).std(ddof=1)), abs=4)
    assert table.to_frame().loc["K", "unit"] == "times V0"
    text = table.to_markdown()
    assert "| r | per day | 0.12" in text
    assert "Converged" in text
    assert np.isfinite(table.epsilon_shrinkage)


def test_population_is_saved_and_read_again(known_population, tmp_path):
    path = tmp_path / "population.nc"
    known_population.save(path)
    again = Population.load(path)
    assert again.coordinate_names == known_population.coordinate_names
    assert again.constants == known_population.constants
    np.testing.assert_array_equal(again.draws("mu"), known_population.draws("mu"))
    assert [p.name for p in tmp_path.iterdir()] == ["population.nc"]


def test_other_files_are_refused(known_population, tmp_path):
    path = tmp_path / "other.nc"
    known_population.tree.to_netcdf(path, engine="h5netcdf")
    with pytest.raises(ValueError, match="no population"):
        Population.load(path)


def test_one_patient_is_a_posterior_for_the_later_rooms(known_population, known_patients):
    posterior = known_population.patient("V3")
    x = known_population.draws("log_parameters")[:, 2]
    np.testing.assert_allclose(posterior.draws[:, 1], np.exp(x[:, 1]) * known_patients[2].first_burden)
    assert posterior.usable
    assert len(posterior.ensemble(50).weights) == 50
    assert posterior.tree["observed_data"].dataset["burden"].size == len(known_patients[2])
    with pytest.raises(KeyError, match="V9"):
        known_population.patient("V9")


def test_predictive_moments_add_spread_and_uncertainty(known_population):
    mean, covariance = known_population.predictive_moments()
    mu, omega = known_population.draws("mu"), known_population.draws("omega")
    np.testing.assert_allclose(mean, mu.mean(axis=0))
    np.testing.assert_allclose(np.diag(covariance), (omega**2).mean(axis=0) + mu.var(axis=0, ddof=1))
    with pytest.raises(ValueError, match="covariates none"):
        known_population.predictive_moments({"age": 60.0})


def test_new_patient_agrees_with_weighted_draws_of_the_population(known_population, known_patients, model):
    patient = dataclasses.replace(known_patients[0], patient_id="new")
    part = dataclasses.replace(
        patient, times=patient.times[:4], burdens=patient.burdens[:4], censoring=patient.censoring[:4]
    )
    found = infer_new_patient(part, known_population)
    assert found.usable
    assert found.visits == 4
    # witness: draws of the prior weighted by the likelihood, by other code than that of the exploration
    priors, likelihood = known_population.priors(), get_likelihood("log_normal")
    x = np.random.default_rng(0).multivariate_normal(*known_population.predictive_moments(), 60_000)
    mu, phi = outputs_at(build_penalised([part], model, likelihood, priors), x[:, None])
    value = likelihood.terms(np.broadcast_to(part.burdens, mu.shape), mu, phi, np.zeros(mu.shape, int))[
        0
    ].sum(axis=1)
    weights = np.exp(value.min() - value)
    weights /= weights.sum()
    mean = weights @ x
    sd = np.sqrt(weights @ (x - mean) ** 2)
    noise = sd * np.sqrt(np.sum(weights**2) + 1 / found.effective)
    assert np.all(np.abs(found.coordinates.mean(axis=0) - mean) < 5 * noise)
    np.testing.assert_allclose(found.coordinates.std(axis=0), sd, rtol=0.1)


@pytest.mark.slow
def test_each_visit_tells_more(known_population, known_patients):
    patient = known_patients[1]
    results = update_by_visit(patient, known_population, visits=[1, 4, 10])
    assert [r.visits for r in results] == [1, 4, 10]
    assert [r.day for r in results] == [0.0, 40.0, 150.0]
    widths = np.array([r.coordinates[:, :4].std(axis=0) for r in results])
    prior = np.sqrt(np.diag(known_population.predictive_moments()[1]))[:4]
    np.testing.assert_allclose(widths[0], prior, rtol=0.1)  # the first burden is where the model starts
    assert np.all(widths[2] < widths[0])
    assert set(results[0].parameters()) == {"r", "K", "delta", "c", "dispersion"}


def test_a_population_that_did_not_converge_is_no_prior(known_population, known_patients):
    bad = dataclasses.replace(known_population, usable=False, status="Failed: the chains disagree.")
    with pytest.raises(ValueError, match=r"cannot be a prior. Failed"):
        infer_new_patient(known_patients[0], bad)


def test_other_patients_than_those_fitted_are_refused(known_population, known_patients):
    with pytest.raises(ValueError, match="in their order"):
        predict_visits(known_population, known_patients[::-1])


def test_prediction_errors_of_the_model_itself_are_standard_normal(predictions):
    # each of the first twenty simulations in turn takes the place of the measurements
    errors = []
    for k in range(20):
        own = dataclasses.replace(
            predictions, burdens=predictions.simulated[k], simulated=predictions.simulated[20:]
        )
        errors.append(prediction_errors(own))
    values = np.array(errors)[:, np.isfinite(errors[0])]
    assert np.isnan(errors[0]).sum() == len(predictions.patient_ids)  # the first visits
    assert abs(values.mean()) < 0.1
    assert values.std() == pytest.approx(1, abs=0.08)


def test_prediction_errors_show_a_shift(predictions):
    shifted = dataclasses.replace(
        predictions, burdens=3 * predictions.simulated[0], simulated=predictions.simulated[1:]
    )
    errors = prediction_errors(shifted)
    assert np.nanmean(errors) > 0.3


def test_plots_are_drawn(known_population, predictions):
    figure = plot_individual_fits(Figure(layout="constrained"), predictions)
    assert sum(a.get_visible() for a in figure.axes) == 6
    for level in ("individual", "population"):
        axes = plot_observed_predicted(Figure().subplots(), predictions, level)
        assert axes.get_xlim() == axes.get_ylim()
    axes = plot_visual_predictive_check(Figure().subplots(), predictions, bins=4)
    assert len(axes.collections) == 3
    few = dataclasses.replace(predictions, censoring=np.where(np.arange(60) % 20 == 1, 0, -1))
    with pytest.raises(ValueError, match="no bin holds 5 of the 3 visits"):
        plot_visual_predictive_check(Figure().subplots(), few, bins=4)
    assert len(plot_random_effects(Figure(), known_population).axes) == 5
    assert "sd" in plot_prediction_errors(Figure(), predictions, prediction_errors(predictions)).axes[
        0
    ].get_title(loc="left")
