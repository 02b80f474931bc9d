"""The columns of every table, in order, with their meaning; ``docs/tables.md`` is printed from them."""

from __future__ import annotations

from workbench.posterior_columns import POPULATION_TABLES, POSTERIOR_TABLES, Columns

FITS: Columns = (
    ("patient_id", "identifier, as in the input"),
    ("parameter", "name in the model; `all` in the one row of a patient who could not be fitted"),
    ("unit", "unit of the estimate; `burden` is the unit of the patient's marker"),
    ("estimate", "maximum-likelihood estimate"),
    (
        "se",
        "standard error (inverse Fisher information of the logarithms, delta method); empty where singular",
    ),
    ("rse_percent", "100 × se / estimate"),
    ("ci_low", "lower end of the Wald interval (on the log scale, transformed back)"),
    ("ci_high", "upper end of the Wald interval"),
    ("status", "`converged`, `single_start`, `at_bound`, `too_few_points`, `failed`, or `not_fitted`"),
    ("status_sentence", "what the status means, or why there is no fit"),
    ("ci_level", "level of the Wald interval"),
    ("bound_low", "declared lower bound for this patient, in `unit`"),
    ("bound_high", "declared upper bound for this patient, in `unit`"),
    ("on_bound", "whether the estimate sits on one of them"),
    ("model", "name of the model"),
    ("likelihood", "name of the likelihood"),
    ("dispersion", "estimated nuisance parameter of the likelihood; empty for Poisson"),
    ("nll", "negative log-likelihood at the estimates"),
    ("aic", "Akaike's criterion"),
    ("aicc", "Akaike's criterion for small samples; `inf` where there are too few points for it"),
    ("bic", "Schwarz's criterion"),
    ("n_points", "measurements used in the fit"),
    ("n_estimated", "estimated quantities, a dispersion included"),
    ("pearson_chi2", "sum of squared Pearson residuals"),
    ("starts", "starting points"),
    ("starts_at_optimum", "starting points that ended within 0.01 of the best negative log-likelihood"),
    ("marker", "marker of the patient, as in the input"),
    ("virtual", "whether the patient is simulated"),
    ("warnings", "what a reader must know of this fit, separated by ` | `"),
)

PROFILES: Columns = (
    ("patient_id", "identifier, as in the input"),
    (
        "parameter",
        "profiled parameter; after `evodose identify` also what the dose rests on: `window_low`, `window_high`, "
        "`window_width`, `smallest_tolerable`, `burden_day_<day>`",
    ),
    ("unit", "its unit"),
    ("value", "value at which it was fixed"),
    ("nll", "negative log-likelihood, minimised over all else"),
    ("rise", "rise above the smallest negative log-likelihood"),
    ("threshold", "admitted rise: half the chi² quantile at `level` with `df` degrees of freedom"),
    ("level", "confidence level"),
    ("df", "degrees of freedom of the threshold"),
    ("inside", "whether the value belongs to the confidence set (rise ≤ threshold)"),
    ("at_<parameter>", "one column a parameter of the model: its value at the minimum"),
)

IDENTIFIABILITY: Columns = (
    ("patient_id", "identifier, as in the input"),
    (
        "criterion",
        "`structural` (what ideal data could tell under the patient's own dosing), `paper` (Masud 2023: rank of the "
        "Fisher information, unique minimum within ±20 %), `profile95` (every profile closed; the number is the "
        "level) or `window` (what the dose rests on)",
    ),
    ("parameter", "name in the model, or of an edge of the window, or `all`"),
    ("verdict", "`identified` or `not_identified`"),
    (
        "lower_status",
        "how the lower side of the profile ends: `closed`, `open`, `at_bound`, `failed`; for `paper`: `rises` or "
        "`flat` at −20 %",
    ),
    ("upper_status", "how the upper side ends; for `paper`: at +20 %"),
    ("sentence", "the verdict in words, or why there is none"),
    (
        "ci_low",
        "lower end of the parameter's confidence set; the declared bound where that side is open; empty for "
        "`structural`, which knows no data",
    ),
    ("ci_high", "upper end of the confidence set"),
    ("ci_pieces", "number of separate pieces of the confidence set"),
    ("level", "confidence level of the set"),
    ("fim_rank", "rank of the Fisher information that the criterion uses; empty for `structural`"),
    ("fim_condition", "its condition number"),
    (
        "code",
        "machine-readable reason, a name of `identifiability.codes.VerdictCode`; `STAGE_FAILED` where there is no "
        "diagnosis",
    ),
)

INFORMATION: Columns = (
    ("patient_id", "identifier, as in the input"),
    (
        "kind",
        "`parameter` (standard errors), `eigenvalue` (of the expected Fisher information of the log parameters, "
        "descending), `eigenvalue_paper` (of Masud 2023's unweighted matrix), `direction` (its eigenvectors as power "
        "products, best determined first), `correlation` (of two log parameters), `combination` (determined although a "
        "parameter in it is not)",
    ),
    ("name", "parameter, place, power product, pair `a:b`, or formula"),
    ("value", "estimate, eigenvalue, correlation, or the combination's value"),
    ("relative_se", "standard error of the logarithm; `inf` for what nothing determines"),
    ("sentence", "the direction or combination in words"),
)

NEXT_VISITS: Columns = (
    ("patient_id", "identifier, as in the input"),
    ("target", "what the visits should settle: a parameter, or an edge of the window"),
    ("visits", "number of further visits"),
    ("days", "their days, separated by blanks"),
    ("dose", "held from the last visit on, fraction of MTD"),
    ("best", "whether it is the best simulated plan of so many visits"),
    ("se_now", "expected standard error of the target without the plan, averaged over admitted sets"),
    ("se_after", "with the plan"),
    ("se_worst", "with the plan, at the least favourable admitted set"),
    ("closed_now", "whether the data at hand close both sides of the target's interval"),
    (
        "closed",
        "share of the simulations from the estimate in which old and new data together close both sides",
    ),
    ("closed_elsewhere", "the same for simulations from other sets that the data admit"),
    ("lower_closed", "share of all simulations in which the lower side is closed"),
    ("upper_closed", "share in which the upper side is"),
    ("width_now", "width of the target's interval from the data at hand"),
    ("width_after", "median width over the simulations"),
    ("width_is_factor", "whether widths are factors (upper over lower end) or differences"),
    ("simulations", "data sets simulated; 0 where the plan was ranked only"),
    ("sentence", "the answer for the target, the same in all its rows"),
)

BOOTSTRAP: Columns = (
    ("patient_id", "identifier, as in the input"),
    ("name", "parameter or quantity"),
    ("kind", "`parameter` or `quantity`"),
    ("estimate", "from the patient's own data"),
    ("lower", "lower percentile over the replicates in which it exists"),
    ("upper", "upper percentile"),
    ("level", "level of the percentile interval"),
    ("profile_lower", "lower end of the profile-likelihood set beside it"),
    ("profile_upper", "upper end"),
    ("on_bound", "share of the replicates at a declared bound, which cuts the interval off"),
    ("missing", "share of the replicates in which the quantity does not exist"),
    ("replicates", "replicates that could be refitted"),
    ("asked", "replicates drawn"),
    ("sentence", "the interval in words"),
)

BOUNDS: Columns = (
    ("patient_id", "identifier, as in the input"),
    ("edge", "`window_low` or `window_high`"),
    ("end", "`lower` or `upper` end of the edge's confidence set"),
    ("value", "that end, fraction of MTD"),
    ("status", "how that side ends: `closed`, `open`, `at_bound`, `failed`"),
    ("parameter", "parameter on whose declared bound the end sits; empty where it sits on none"),
    ("bound", "the bound"),
    ("moved_bound", "the bound moved outwards"),
    ("moved_value", "the end with the bound moved"),
    ("rests_on_bound", "whether that moves the end noticeably"),
    ("sentence", "the same in words"),
)

REGIMENS: Columns = (
    ("patient_id", "identifier, as in the input"),
    ("action", "`recommend` or `refuse`"),
    (
        "dose_fraction",
        "recommended constant dose as a fraction of the maximum tolerated dose (MTD); empty for a refusal",
    ),
    (
        "window_low",
        "lower edge of the dose window at the point estimate, fraction of MTD; empty where there is none",
    ),
    ("window_high", "upper edge of the dose window"),
    ("reason", "one sentence: why this dose, or why none"),
    ("code", "machine-readable reason; `STAGE_FAILED` where a stage could not be computed"),
    ("failed", "whether a stage could not be computed, or the fit did not converge"),
    (
        "support",
        "share of the admitted parameter sets whose window holds the dose (for a refusal: the best dose)",
    ),
    ("required_support", "share that a recommendation needs"),
    ("best_supported_dose", "dose inside the windows of most admitted parameter sets"),
    ("lower_edge_min", "smallest lower edge among the admitted parameter sets that have a window"),
    ("lower_edge_max", "largest lower edge"),
    ("upper_edge_min", "smallest upper edge"),
    ("upper_edge_max", "largest upper edge"),
    ("share_without_window", "share of the admitted parameter sets without a window"),
    ("n_parameter_sets", "number of admitted parameter sets"),
    ("k_tol", "tolerable burden, in the marker's unit"),
    ("smallest_tolerable_burden", "no dose contains the tumour below this burden, in the marker's unit"),
    ("case", "case I, II or III of Masud 2023 under the MTD"),
    ("ttp_days", "time to progression under the recommended dose: first day above the tolerable burden"),
    ("ttp_censored", "whether the tumour had not progressed at the horizon"),
    ("total_dose", "total dose over the horizon, in days at the MTD"),
    ("point_estimate_says", "what the point estimate alone would have said"),
    ("would_change", "what further evidence would change the decision"),
    ("basin", "whether the patient's state leads to the sensitive-only equilibrium under the dose"),
    ("identified_paper", "whether the criterion `paper` calls all parameters identified"),
    ("identified_profile", "whether the criterion `profile95` does (`profile90` at `--level 0.9`, …)"),
    ("virtual", "whether the patient is simulated"),
)

STRATEGIES: Columns = (
    ("patient_id", "identifier, as in the input"),
    ("strategy", "name"),
    ("description", "the strategy in one sentence"),
    ("ttp_above_tolerable_days", "days until the burden first exceeds the tolerable one (Masud 2023)"),
    ("ttp_above_tolerable_censored", "whether that had not happened at the horizon"),
    (
        "ttp_first_crossing_days",
        "days until the burden first reaches the progression level (Scagliotti 2026, eq. 3.8)",
    ),
    ("ttp_first_crossing_censored", "whether that had not happened at the horizon"),
    ("ttp_last_below_days", "last day at or below the progression level (Scagliotti 2026, eq. 3.9)"),
    ("ttp_last_below_censored", "whether the burden was below it at the horizon"),
    ("total_dose", "total dose over the horizon, in days at the MTD"),
    ("mean_dose", "mean dose, fraction of MTD"),
    ("final_burden", "burden at the horizon, in the marker's unit"),
    ("lowest_burden", "lowest burden, in the marker's unit"),
    ("lowest_day", "its day"),
    ("horizon_days", "length of the simulation"),
    ("status", "how the simulation ended"),
)

EXCLUSIONS: Columns = (
    ("patient_id", "identifier, as in the input"),
    (
        "kind",
        "`measurement`: left out of the patient's fit; `patient`: the patient could not be fitted at all",
    ),
    ("time_days", "day of the measurement"),
    ("burden", "its burden, in the marker's unit"),
    ("row", "row of the input file, where known"),
    ("reason", "why it is left out"),
)

TABLES: dict[str, Columns] = {
    "fits.csv": FITS,
    "profiles.csv": PROFILES,
    "identifiability.csv": IDENTIFIABILITY,
    "information.csv": INFORMATION,
    "regimens.csv": REGIMENS,
    "strategies.csv": STRATEGIES,
    "exclusions.csv": EXCLUSIONS,
}

INQUIRY_TABLES: dict[str, Columns] = {
    "next_visits.csv": NEXT_VISITS,
    "bootstrap.csv": BOOTSTRAP,
    "bounds.csv": BOUNDS,
}

_INTRODUCTION = """\
# The tables of a run

This page is printed from `workbench/columns.py` (`python -m workbench.columns`).

Every run directory holds the tables below, UTF-8 without byte order mark, comma-separated, quoted where needed, one
header line. Patients stand in the order of the input file. Numbers carry ten significant digits; an empty cell means
*not available*; `inf` is infinite. Days are the input's days, doses are fractions of the maximum tolerated dose (MTD),
burdens are in the unit of the patient's marker. A patient for whom something failed stays in every table that has a row
a patient, with the reason.

Identifiers are written as they are in the input, so that tables can be joined: an identifier that begins with `=`, `+`,
`-` or `@` is not changed. A spreadsheet may take such a cell for a formula; import the column `patient_id` as text
(in pandas: `dtype={"patient_id": str}`), which also keeps leading zeros.

`regimens.json` holds the regimens with everything that does not fit into a table: the schedule, the support of every
dose, the strategies. `manifest.json` holds input hashes, versions, seed, options and timings. `patients/` holds the
full results of each patient, from which `evodose report RUN` makes tables and report again.

`next_visits.csv`, `bootstrap.csv` and `bounds.csv` appear once `evodose identify` has run, `posteriors.csv` and
`posterior_checks.csv` once `evodose fit --bayes` has, `population.csv` with `--population`. Without `--bayes`,
`evodose fit` writes `fits.csv` and `exclusions.csv` alone.
"""


def as_markdown() -> str:
    """Return the documentation of all tables."""
    parts = [_INTRODUCTION]
    for name, columns in {**TABLES, **INQUIRY_TABLES, **POSTERIOR_TABLES, **POPULATION_TABLES}.items():
        rows = "\n".join(f"| `{column}` | {meaning} |" for column, meaning in columns)
        parts.append(f"## {name}\n\n| column | meaning |\n|---|---|\n{rows}\n")
    return "\n".join(parts)


if __name__ == "__main__":
    print(as_markdown(), end="")
