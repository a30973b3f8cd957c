"""Wald's inference: what coefficients and their covariance say by themselves."""

from __future__ import annotations

import numpy as np
from scipy.stats import norm

from modeling.methods.survival_table import Floats


class WaldInference:
    """Standard errors, z, p and intervals of coefficients that are normal about the truth.

    For fits that hold ``coefficients``, shape (p,), and their ``covariance``, shape (p, p).
    """

    coefficients: Floats
    covariance: Floats

    @property
    def std_error(self) -> Floats:
        return np.sqrt(np.diag(self.covariance))

    @property
    def z(self) -> Floats:
        return self.coefficients / self.std_error

    @property
    def p_value(self) -> Floats:
        """Wald's, two-sided; where a fit is penalised its profile's is the better one."""
        return 2 * norm.sf(np.abs(self.z))

    def interval(self, level: float = 0.95) -> tuple[Floats, Floats]:
        """Wald interval of the coefficients (exponentiate for hazard or odds ratios)."""
        half = norm.ppf(0.5 + level / 2) * self.std_error
        return self.coefficients - half, self.coefficients + half
