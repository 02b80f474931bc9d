"""The columns of the tables of ``evodose fit --bayes``, with their meaning."""

from __future__ import annotations

Columns = tuple[tuple[str, str], ...]

POSTERIORS: Columns = (
    ("patient_id", "identifier, as in the input"),
    (
        "parameter",
        "name in the model, `dispersion`, or an edge of the dose window: `window_low`, `window_high`; `all` in the one "
        "row of a patient without a posterior",
    ),
    ("unit", "its unit"),
    ("median", "posterior median; of an edge among the draws that have a window, as all that follows"),
    ("mean", "posterior mean"),
    ("sd", "posterior standard deviation"),
    ("q2.5", "2.5 % quantile"),
    ("q25", "25 % quantile"),
    ("q75", "75 % quantile"),
    ("q97.5", "97.5 % quantile"),
    ("rhat", "rank-normalised split R-hat; 1.01 is the limit"),
    ("ess_bulk", "effective draws for the centre; 400 is the least"),
    ("ess_tail", "effective draws for the 5 % and 95 % quantiles; 400 is the least"),
    (
        "contraction",
        "1 − variance under the posterior / variance under the prior, of the logarithm: 0 where the data say nothing, "
        "1 where they say all",
    ),
    (
        "source",
        "where it comes from: `DATA`, `PRIOR`, `SHARED`, `CONFLICT`, `NEITHER`, `TOO_FEW_DRAWS` or `CONSTANT`; empty "
        "for a posterior that is not usable",
    ),
    (
        "exists",
        "share of the draws in which it exists: the probability of a window, for its edges; 1 for parameters",
    ),
    ("usable", "whether a dose may rest on this posterior"),
    ("sentence", "what it owes to the data and to the prior; for `all` why there is no posterior"),
)

POSTERIOR_CHECKS: Columns = (
    ("patient_id", "identifier, as in the input"),
    (
        "status",
        "`CONVERGED`, `IMPORTANCE`, `APPROXIMATE`, `NOT_CONVERGED`, `FAILED`, or `NONE` without a posterior",
    ),
    ("status_sentence", "what the status means, or why there is no posterior"),
    ("usable", "whether a dose may rest on this posterior"),
    ("method", "`nuts`, `importance` or `laplace`"),
    ("model", "name of the model"),
    ("likelihood", "name of the likelihood"),
    ("chains", "number of chains"),
    ("draws", "draws of each chain"),
    ("rhat", "largest R-hat of the parameters"),
    ("ess", "fewest effective draws of a parameter, bulk or tail"),
    ("divergences", "divergent transitions; empty where draws are not those of a chain"),
    ("convergence", "verdict on the chains: `GOOD`, or the gravest problem"),
    ("convergence_sentence", "the verdict with parameters and numbers"),
    ("elpd_loo", "leave-one-out log predictive density, summed over the visits"),
    ("elpd_loo_se", "its standard error"),
    ("p_loo", "effective number of parameters"),
    ("pareto_k", "largest Pareto k of a visit"),
    ("pareto_k_limit", "up to which leave-one-out by importance sampling holds"),
    ("visits_in_doubt", "visits above that limit"),
    ("loo_sentence", "how far to believe the leave-one-out density"),
    ("predictive", "verdict on the posterior's predictions: `LIKE`, `VISITS_OUTSIDE`, `FEATURE_MISSED`, …"),
    ("p_nadir", "predictive p-value of the depth of the nadir"),
    ("p_slope", "predictive p-value of the slope of the last two visits"),
    ("p_residual", "predictive p-value of the largest residual"),
    ("inside_90", "share of the visits inside the 90 % band"),
    ("predictive_sentence", "the verdict with visits and numbers"),
    ("prior_predictive", "verdict on the prior's predictions: `LIKE` or `PRIOR_EXCLUDES`"),
    ("window_probability", "posterior probability that a dose window exists; empty where none was derived"),
    ("window_prior_probability", "the same under the prior"),
    ("best_dose", "dose, as a fraction of the MTD, that lies inside the window most probably"),
    ("best_dose_probability", "that probability"),
    ("sensitivity_sentence", "what of the window is data and what is prior"),
    ("warnings", "what a reader must know of this posterior, separated by ` | `"),
)

POSTERIOR_TABLES: dict[str, Columns] = {
    "posteriors.csv": POSTERIORS,
    "posterior_checks.csv": POSTERIOR_CHECKS,
}

POPULATION: Columns = (
    ("parameter", "name in the model, or `dispersion`"),
    ("unit", "its unit; `times V0` is a multiple of the patient's first burden"),
    ("estimate", "typical value: the posterior median, transformed back from the log scale"),
    ("se", "posterior standard deviation of the typical value"),
    ("rse_percent", "100 × se / estimate"),
    ("ci_low", "lower end of the 95 % credible interval of the typical value"),
    ("ci_high", "its upper end"),
    ("cv_percent", "between patients: 100 × √(exp(ω²) − 1)"),
    ("cv_low", "lower end of its 95 % credible interval"),
    ("cv_high", "its upper end"),
    ("shrinkage_percent", "of the patients' values towards the typical one"),
    ("patients", "number of patients in the population"),
    ("usable", "whether the chains of the population converged"),
    ("status", "how sampling ended"),
)

POPULATION_TABLES: dict[str, Columns] = {"population.csv": POPULATION}
