"""Shares with their uncertainty: Wilson intervals, exact bounds for samples from a finite corpus."""

from dataclasses import dataclass

from docgen.records import Record

__all__ = ["Mean", "Moments", "Share", "sampled_share", "share_of", "upper_bound", "wilson"]

Z = 1.959963984540054
"""Two-sided 95%."""


class Share(Record):
    """`count` of `total`, with a 95% interval. `population` is the corpus when `total` is a sample from it."""

    count: int
    total: int
    share: float
    low: float
    high: float
    population: int | None = None

    def __float__(self) -> float:
        """The share."""
        return self.share

    def __format__(self, spec: str) -> str:
        """As a number is formatted: `f"{share:.1%}"`."""
        return format(self.share, spec) if spec else str(self)


class Mean(Record):
    """The mean of a quantity in [0, 1] over `total` documents, with a 95% interval for the corpus."""

    mean: float
    low: float
    high: float
    total: int


@dataclass
class Moments:
    """Sums from which a mean and its interval follow; those of parts add up."""

    total: int = 0
    sum: float = 0.0
    squares: float = 0.0

    def add(self, value: float) -> None:
        """Count one value."""
        self.total, self.sum, self.squares = self.total + 1, self.sum + value, self.squares + value * value

    def merge(self, later: "Moments") -> None:
        """Add the sums of other documents."""
        self.total, self.sum, self.squares = (
            self.total + later.total, self.sum + later.sum, self.squares + later.squares
        )  # fmt: skip

    def mean(self, population: int) -> Mean | None:
        """The mean in a corpus of `population` documents; None without a value.

        Normal interval with the finite population correction (Cochran 1977, section 2.6), cut to [0, 1].
        """
        if not self.total:
            return None
        mean = self.sum / self.total
        variance = max(0.0, self.squares - self.total * mean * mean) / max(1, self.total - 1)
        rest = max(0.0, (population - self.total) / population) if population else 0.0
        half = Z * (variance / self.total * rest) ** 0.5
        low, high = (0.0, 1.0) if self.total == 1 < population else (max(0.0, mean - half), min(1.0, mean + half))
        return Mean(mean=mean, low=low, high=high, total=self.total)


def wilson(count: float, total: float) -> tuple[float, float]:
    """Score interval for a binomial share (Wilson 1927); (0, 1) without trials."""
    if total == 0:
        return 0.0, 1.0
    p, z2 = count / total, Z * Z
    middle = (p + z2 / (2 * total)) / (1 + z2 / total)
    half = Z / (1 + z2 / total) * (p * (1 - p) / total + z2 / (4 * total * total)) ** 0.5
    return max(0.0, min(p, middle - half)), min(1.0, max(p, middle + half))


def share_of(count: int, total: int) -> Share:
    """The share in a corpus that was examined completely; the interval is for more documents made in the same way."""
    low, high = wilson(count, total)
    return Share(count=count, total=total, share=count / total if total else 0.0, low=low, high=high)


def sampled_share(count: int, total: int, population: int) -> Share:
    """The share in a corpus of `population` documents, of which `total` were drawn without replacement.

    Wilson's interval with the finite population correction on its variance (Cochran 1977, section 2.8), and never
    outside what the sample leaves possible.
    """
    if total == 0:
        return Share(count=0, total=0, share=0.0, low=0.0, high=1.0, population=population)
    p = count / total
    correction = max(0.0, (population - total) / (population - 1)) if population > 1 else 0.0
    effective = total / correction if correction else float("inf")
    low, high = (p, p) if effective == float("inf") else wilson(p * effective, effective)
    floor, ceiling = count / population, (population - (total - count)) / population
    low, high = max(low, floor), min(high, ceiling)
    return Share(count=count, total=total, share=p, low=min(low, p), high=max(high, p), population=population)


def upper_bound(count: int, total: int, population: int | None = None) -> float:
    """One-sided 95% upper bound on the share: 0 of 500 is at most 0.6%.

    Clopper-Pearson for an infinite population; for a finite one the largest number of cases under which a sample with
    so few still has a chance of 5% (hypergeometric).
    """
    if total == 0 or count >= total:
        return 1.0
    if population is None:
        from scipy.stats import beta

        return float(beta.ppf(0.95, count + 1, total - count))
    from scipy.stats import hypergeom

    low, high = count, population - (total - count)
    while low < high:
        middle = (low + high + 1) // 2
        if hypergeom.cdf(count, population, middle, total) > 0.05:
            low = middle
        else:
            high = middle - 1
    return low / population
