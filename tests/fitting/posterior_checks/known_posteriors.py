"""Posteriors whose answers are known in closed form, as the DataTrees that the checks read."""

import numpy as np
from arviz_base import from_dict
from scipy import stats

CHAINS, DRAWS = 4, 1000


def tree(groups, times, patient_id="A", model="known", likelihood="poisson", **attrs):
    """A DataTree with the burden at visits, days as a coordinate, provenance in the attributes."""
    visits = np.arange(len(times))
    burdens = {
        "log_likelihood", "posterior_predictive", "prior_predictive", "observed_data",
    } & set(groups)  # fmt: skip
    result = from_dict(
        groups,
        coords={"visit": visits},
        dims={"burden": ["visit"], "censoring": ["visit"]},
        attrs={"/": {"patient_id": patient_id, "model": model, "likelihood": likelihood, **attrs}},
    )
    for group in burdens:
        result[group] = (
            result[group].to_dataset().assign_coords(time_days=("visit", np.asarray(times, float)))
        )
    result.attrs = {"patient_id": patient_id, "model": model, "likelihood": likelihood, **attrs}
    return result


def gamma_poisson(counts, shape=2.0, rate=0.02, seed=1, offset=1.0, draws=DRAWS, **attrs):
    """Counts with mean ``offset * r``, r ~ Gamma(shape, rate): posterior Gamma(shape + sum, rate + n offset)."""
    rng = np.random.default_rng(seed)
    y = np.asarray(counts, dtype=float)
    after = (shape + y.sum(), rate + y.size * offset)
    r = rng.gamma(after[0], 1 / after[1], size=(CHAINS, draws))
    before = rng.gamma(shape, 1 / rate, size=(CHAINS, draws))
    mean = offset * np.repeat(r[:, :, None], y.size, axis=2)
    prior_mean = offset * np.repeat(before[:, :, None], y.size, axis=2)
    times = 30.0 * np.arange(y.size)
    return tree(
        {
            "posterior": {"r": r},
            "prior": {"r": before},
            # the density of the logarithm: what a sampler in log coordinates has
            "log_prior": {"r": stats.gamma.logpdf(r, shape, scale=1 / rate) + np.log(r)},
            "log_likelihood": {"burden": stats.poisson.logpmf(y, mean)},
            "posterior_predictive": {"burden": rng.poisson(mean).astype(float)},
            "prior_predictive": {"burden": rng.poisson(prior_mean).astype(float)},
            "sample_stats": {
                "diverging": np.zeros(r.shape, bool),
                "energy": rng.normal(size=r.shape),
            },
            "observed_data": {"burden": y},
        },
        times,
        **attrs,
    )


def exact_left_out(counts, shape=2.0, rate=0.02, offset=1.0):
    """Log predictive probability of each count given the others: negative binomial."""
    y = np.asarray(counts, dtype=float)
    others = shape + y.sum() - y, rate + (y.size - 1) * offset
    return stats.nbinom.logpmf(y, others[0], others[1] / (others[1] + offset))


def normal_pairs(specifications, seed=2, chains=CHAINS, draws=DRAWS, **attrs):
    """Independent parameters exp(theta), theta ~ N(0, 1), one visit each.

    ``specifications`` maps a name to (value measured for theta, precision of that measurement relative to the
    prior); a prior share of the precision of 1/(1 + precision).
    """
    rng = np.random.default_rng(seed)
    names = list(specifications)
    y = np.array([specifications[n][0] for n in names])
    tau = np.array([specifications[n][1] for n in names])
    centre, deviation = tau * y / (1 + tau), 1 / np.sqrt(1 + tau)
    theta = centre + deviation * rng.standard_normal((chains, draws, len(names)))
    before = rng.standard_normal((chains, draws, len(names)))
    noise = 1 / np.sqrt(tau)
    return tree(
        {
            "posterior": {n: np.exp(theta[:, :, i]) for i, n in enumerate(names)} | {"log_parameters": theta},
            "prior": {n: np.exp(before[:, :, i]) for i, n in enumerate(names)},
            "log_prior": {n: stats.norm.logpdf(theta[:, :, i]) for i, n in enumerate(names)},
            "log_likelihood": {"burden": stats.norm.logpdf(y, theta, noise)},
            "posterior_predictive": {"burden": theta + noise * rng.standard_normal(theta.shape)},
            "prior_predictive": {"burden": before + noise * rng.standard_normal(theta.shape)},
            "observed_data": {"burden": y},
        },
        10.0 * np.arange(len(names)),
        likelihood="normal",
        **attrs,
    )
