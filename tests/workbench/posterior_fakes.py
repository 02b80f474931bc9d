"""Posteriors in small: trees with the groups of real ones, made in no time."""

import dataclasses

import numpy as np
from fakes import NAMES
from xarray import DataTree

from fitting.bayesian.posterior import Posterior, PosteriorStatus

MIDDLE = np.array([0.13, 1.6, 0.09, 2.3])  # r, K/V0, delta, c
WIDTH = np.array([0.05, 0.03, 0.05, 0.02])
CHAINS, DRAWS = 2, 150


def make_posterior(patient, method="importance", status=PosteriorStatus.IMPORTANCE, seed=0, diverging=0):
    """Independent normal draws of the log parameters, the data near to what they predict."""
    import arviz_base

    generator = np.random.default_rng([seed, len(patient)])
    scale = np.array([1, patient.first_burden, 1, 1])

    def groups(width, shape):
        z = generator.standard_normal((*shape, 4))
        logs = np.log(MIDDLE) + width * z
        # the first parameter moves all predictions, so that one visit's likelihood has something to say of it
        mu = patient.burdens * np.exp(width[0] * z[..., :1] * 0.3)
        return z, logs, mu, generator.poisson(mu).astype(float)

    z, logs, mu, predicted = groups(WIDTH, (CHAINS, DRAWS))
    _, prior_logs, _, prior_predicted = groups(np.full(4, 0.8), (1, 400))
    flags = np.zeros((CHAINS, DRAWS), dtype=bool)
    flags[0, :diverging] = True
    spread = np.sqrt(patient.burdens)
    tree = arviz_base.from_dict(
        {
            "posterior": dict(zip(NAMES, np.moveaxis(np.exp(logs) * scale, -1, 0), strict=True)),
            "sample_stats": {"diverging": flags, "energy": generator.normal(size=flags.shape)},
            "log_likelihood": {"burden": -0.5 * ((patient.burdens - mu) / spread) ** 2},
            "log_prior": {n: -0.5 * (WIDTH[i] * z[..., i] / 0.8) ** 2 for i, n in enumerate(NAMES)},
            "prior": dict(zip(NAMES, np.moveaxis(np.exp(prior_logs) * scale, -1, 0), strict=True)),
            "posterior_predictive": {"burden": predicted},
            "prior_predictive": {"burden": prior_predicted},
            "observed_data": {
                "burden": patient.burdens.astype(float),
                "censoring": patient.censoring.astype(int),
            },
        },
        dims={"burden": ["visit"], "censoring": ["visit"]},
    )
    for name in ("observed_data", "posterior_predictive", "prior_predictive", "log_likelihood"):
        tree[name] = tree[name].to_dataset().assign_coords(time_days=("visit", patient.times))
    return Posterior(
        patient.patient_id, "competition", "poisson", NAMES, {"V0": patient.first_burden, "f_R": 0.01}, tree, status,
        method, (), {"priors": dict.fromkeys(NAMES, "log-normal"), "seed": seed},
    )  # fmt: skip


def quick_window(posterior, patient, model, k_tol_ratio):
    """Edges that follow r and delta; no window where delta is high."""
    from workbench.posterior_window import WindowDraws

    def edges(group):
        r, delta = (np.asarray(posterior.tree[group].dataset[n]) for n in ("r", "delta"))
        low, high = 4 * r, 9 * delta
        there = low < high
        return np.where(there, np.clip(low, 0, 1), np.nan), np.where(there, np.clip(high, 0, 1), np.nan)

    low, high = edges("posterior")
    before = edges("prior")
    return WindowDraws(k_tol_ratio * patient.first_burden, low, high, before[0].ravel(), before[1].ravel())


class Samplers:
    """The two functions that compute posteriors, with a record of the calls."""

    def __init__(self):
        self.calls = []
        self.arguments = []
        self.light = True  # draws alone, where nothing else is looked at: files are slow

    def _each(self, patients, how):
        from fitting.maximum_likelihood import FitFailure

        results = []
        for patient in patients:
            name = patient.patient_id
            stopped = "ctrl-c" in name and name not in self.calls
            self.calls.append(name)
            if stopped:
                raise KeyboardInterrupt
            if "breaks" in name:
                raise RuntimeError("the curvature is broken")
            if "no-solution" in name:
                results.append(FitFailure(name, "the model could not be solved from any start"))
            else:
                found = how(patient)
                if self.light:
                    tree = DataTree.from_dict({"/posterior": found.tree["posterior"].to_dataset()})
                    found = dataclasses.replace(found, tree=tree)
                results.append(found)
        return tuple(results)

    def approximate_cohort(
        self, patients, model, *, method="importance", likelihood="auto", priors=None, draws=1000, seed=0
    ):
        self.arguments.append(
            {"method": method, "likelihood": likelihood, "priors": priors, "draws": draws, "seed": seed}
        )
        status = PosteriorStatus.IMPORTANCE if method == "importance" else PosteriorStatus.APPROXIMATE
        return self._each(patients, lambda p: make_posterior(p, method, status, seed))

    def sample_cohort(
        self, patients, model, *, likelihood="auto", priors=None, options=None, seed=0, progress=None
    ):
        self.arguments.append({"options": options, "likelihood": likelihood, "priors": priors, "seed": seed})

        def one(patient):
            bad = "unfinished" in patient.patient_id
            status = PosteriorStatus.NOT_CONVERGED if bad else PosteriorStatus.CONVERGED
            if progress:
                progress(patient.patient_id, (0.25, 0.75))
            return make_posterior(patient, "nuts", status, seed, diverging=7 if bad else 0)

        return self._each(patients, one)

    def install(self, monkeypatch):
        """Put them in the place of the real ones."""
        import fitting.approximate
        import fitting.bayesian

        monkeypatch.setattr(fitting.approximate, "approximate_cohort", self.approximate_cohort)
        monkeypatch.setattr(fitting.bayesian, "sample_cohort", self.sample_cohort)
        monkeypatch.setattr("workbench.posterior_summary.window_draws", quick_window)
