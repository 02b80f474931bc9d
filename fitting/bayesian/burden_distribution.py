"""What was measured, as PyMC distributions around the model's output."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from fitting.likelihood import Likelihood

SMALLEST = 1e-12  # as in :data:`fitting.likelihood.POSITIVE_FLOOR`


def burden_distribution(
    name: str, likelihood: Likelihood, mu: Any, phi: Any, given: Mapping[str, Any], *, censored: bool
) -> Any:
    """Declare the measurements inside a PyMC model.

    The distributions are PyMC's own, not the equations of :mod:`fitting.likelihood`: a test holds the two against
    each other.

    Parameters
    ----------
    name : str
    likelihood : Likelihood
    mu : TensorVariable, shape (n,)
    phi : TensorVariable or None
        Dispersion of each visit, or of all.
    given : mapping
        ``burdens`` (n,), and where ``censored`` the limits ``at_or_below`` and ``at_or_above`` (n,), infinite
        where a value was measured.
    censored : bool
    """
    import pymc as pm
    import pytensor.tensor as pt

    mu = pt.maximum(mu, SMALLEST)
    families: dict[str, tuple[Any, dict[str, Any]]] = {
        "poisson": (pm.Poisson, {"mu": mu}),
        "negative_binomial": (pm.NegativeBinomial, {"mu": mu, "alpha": phi}),
        "log_normal": (pm.LogNormal, {"mu": pt.log(mu), "sigma": phi}),
        "normal": (pm.Normal, {"mu": mu, "sigma": phi}),
    }
    family, arguments = families[likelihood.name]
    if censored:
        return pm.Censored(
            name, family.dist(**arguments), lower=given["at_or_below"], upper=given["at_or_above"],
            observed=given["burdens"],
        )  # fmt: skip
    return family(name, **arguments, observed=given["burdens"])
