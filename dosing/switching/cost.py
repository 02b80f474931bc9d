"""What a switching treatment costs: cells at the end, toxicity, and cells on the way (Devia and Giordano, eq. 4)."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from dosing.switching.model import SwitchingError, SwitchingModel

__all__ = ["SwitchingCost"]


@dataclass(frozen=True)
class SwitchingCost:
    """The weights of ``J = h x(t_F) + c_g int g l dt + c_f int f x dt`` (eq. 4).

    Parameters
    ----------
    final : ndarray, shape (n,), or None
        h, cost units per cell; one for every line where None.
    toxicity : ndarray, shape (d,)
        g, cost units per day under each drug.
    toxicity_weight : float
        c_g.
    burden : ndarray, shape (n,), or None
        f, cost units per cell and day; none where None.
    burden_weight : float
        c_f.

    Raises
    ------
    SwitchingError
        A negative weight.
    """

    toxicity: np.ndarray
    toxicity_weight: float = 1.0
    final: np.ndarray | None = None
    burden: np.ndarray | None = None
    burden_weight: float = 1.0

    def __post_init__(self) -> None:
        """Check the signs: convexity rests on them."""
        for name in ("toxicity", "final", "burden"):
            value = getattr(self, name)
            if value is None:
                continue
            array = np.array(value, dtype=float)
            if array.ndim != 1 or not np.all(np.isfinite(array)) or np.any(array < 0):
                raise SwitchingError(
                    f"{name} must be a row of finite numbers, none negative; it is {value!r}"
                )
            array.setflags(write=False)
            object.__setattr__(self, name, array)
        for name in ("toxicity_weight", "burden_weight"):
            if not (np.isfinite(getattr(self, name)) and getattr(self, name) >= 0):
                raise SwitchingError(f"{name} {getattr(self, name)} must not be negative")

    def weights(self, model: SwitchingModel) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """Return ``h`` (n,), ``c_g g`` (d,) and ``c_f f`` (n,) for a model.

        Raises
        ------
        SwitchingError
            Rows whose lengths are not those of the model.
        """
        n, d = len(model.lines), len(model.drugs)
        h = np.ones(n) if self.final is None else self.final
        f = np.zeros(n) if self.burden is None else self.burden
        for name, row, length, what in (
            ("final", h, n, "cell lines"),
            ("burden", f, n, "cell lines"),
            ("toxicity", self.toxicity, d, "drugs"),
        ):
            if len(row) != length:
                raise SwitchingError(f"{name} has {len(row)} numbers, but there are {length} {what}")
        return h, self.toxicity_weight * self.toxicity, self.burden_weight * f

    @property
    def counts_transient(self) -> bool:
        """Whether cells on the way cost anything (f is not zero)."""
        return self.burden is not None and self.burden_weight > 0 and bool(np.any(self.burden > 0))
