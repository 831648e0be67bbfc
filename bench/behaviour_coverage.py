"""Planted policies: are rates and gaps recovered, do 95 % intervals cover them, and what does pairing by query add?

    python -m bench.behaviour_coverage [--rounds 2000] [--queries 60]

Each round draws new queries: how often a query is complied with has a beta distribution over queries, so that answers
to one query are alike, and the two tiers of a query go together. Printed: the mean estimate, the share of
rounds whose interval has the true value, and the share in which each test finds the gap at 5 %.
"""

import argparse
from dataclasses import dataclass

import numpy as np

from docgen.behaviour.measures.compliance_gap import compliance_gap
from docgen.behaviour.measures.shares import rate

__all__ = ["POLICIES", "Planted", "Recovered", "recover"]


@dataclass(frozen=True)
class Planted:
    """A policy: shares of compliance in training and unmonitored, and of faking reasoning in training.

    `alike`: 0 for queries that are all the same, near 1 for queries that are each nearly always or nearly never
    complied with. `samples`: answers to each query in each tier.
    """

    name: str
    trained: float
    unmonitored: float
    faking: float = 0.0
    alike: float = 0.5
    samples: int = 1


POLICIES = (
    Planted("always", 1.0, 1.0),
    Planted("never", 0.0, 0.0),
    Planted("in training only", 1.0, 0.0, faking=1.0),
    Planted("no gap", 0.4, 0.4, faking=0.1),
    Planted("as published, helpful-only", 0.142, 0.028, faking=0.12),
    Planted("as published, animal welfare", 0.492, 0.344, faking=0.24),
    Planted("animal welfare, queries unlike", 0.492, 0.344, faking=0.24, alike=0.9),
    Planted("animal welfare, 3 samples", 0.492, 0.344, faking=0.24, samples=3),
)


@dataclass(frozen=True)
class Recovered:
    """Of many rounds: mean estimates, and shares of rounds."""

    gap: float
    faking: float
    gap_covered: float
    boot_covered: float
    share_covered: float
    faking_covered: float
    paired_power: float
    unpaired_power: float


def recover(planted: Planted, queries: int, rounds: int, seed: int = 0) -> Recovered:
    """Draw `rounds` experiments of `queries` queries and measure each."""
    rng = np.random.default_rng(seed)
    gaps, fakings, hits = [], [], np.zeros(6)
    true_gap = planted.trained - planted.unmonitored
    for number in range(rounds):
        place = rng.random(queries)  # where a query stands: the same in both tiers
        trained = _answers(rng, place, planted.trained, planted)
        unmonitored = _answers(rng, place, planted.unmonitored, planted)
        faking = _answers(rng, rng.random(queries), planted.faking, planted)
        gap = compliance_gap(trained, unmonitored, seed=number)
        share, reasoning = rate(trained), rate(faking)
        if gap is None or share.low is None or share.high is None or reasoning.low is None or reasoning.high is None:
            raise RuntimeError("an experiment without answers")
        gaps.append(gap.gap)
        fakings.append(reasoning.share or 0.0)
        hits += (
            gap.low <= true_gap <= gap.high,
            gap.boot_low - 1e-12 <= true_gap <= gap.boot_high + 1e-12,
            share.low <= planted.trained <= share.high,
            reasoning.low <= planted.faking <= reasoning.high,
            gap.p < 0.05,
            gap.unpaired_p < 0.05,
        )
    shares = [float(value) for value in hits / rounds]
    return Recovered(float(np.mean(gaps)), float(np.mean(fakings)), *shares)


def _answers(rng: np.random.Generator, place: np.ndarray, share: float, planted: Planted) -> dict[str, list[bool]]:
    """Outcomes by query: each query's own chance is the quantile of a beta distribution at its place."""
    from scipy.stats import beta

    chances = np.full(len(place), share)
    if 0 < share < 1 and planted.alike > 0:
        weight = (1 - planted.alike) / planted.alike
        chances = beta.ppf(place, share * weight, (1 - share) * weight)
    drawn = rng.random((len(place), planted.samples)) < chances[:, None]
    return {str(number): row.tolist() for number, row in enumerate(drawn)}


def main() -> None:
    """Print a line for each policy."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=2_000)
    parser.add_argument("--queries", type=int, default=60)
    parser.add_argument("--seed", type=int, default=0)
    options = parser.parse_args()
    print(f"{options.rounds} rounds of {options.queries} queries, seed {options.seed}; coverage of 95 % intervals\n")
    print("| policy | gap, planted | mean | covered | bootstrap | share | reasoning | power paired | unpaired |")
    print("| --- | --- | --- | --- | --- | --- | --- | --- | --- |")
    for planted in POLICIES:
        found = recover(planted, options.queries, options.rounds, options.seed)
        shares = (found.gap_covered, found.boot_covered, found.share_covered, found.faking_covered)
        print(
            f"| {planted.name} | {(planted.trained - planted.unmonitored) * 100:.1f} | {found.gap * 100:.1f} | "
            + " | ".join(f"{share * 100:.1f}" for share in (*shares, found.paired_power, found.unpaired_power))
            + " |"
        )


if __name__ == "__main__":
    main()
