"""What all tests share: how hypothesis searches, short waits between retries, and a process that forks commands."""

import os
from collections.abc import Iterator

import pytest
from hypothesis import HealthCheck, settings

from tests.e2e.forked_commands import CommandForker
from tests.stateful.crashes import quick_retries

settings.register_profile("default", deadline=None, suppress_health_check=[HealthCheck.too_slow], max_examples=50)
"""Half of hypothesis' own number: so that all tests end within five minutes on two cores."""
settings.register_profile("ci", parent=settings.get_profile("default"), derandomize=True)
"""CI tries the same examples every time, so that a change is judged by what it changed; developers' runs search on."""
settings.register_profile("long", parent=settings.get_profile("default"), max_examples=1_000)
"""For a night: HYPOTHESIS_PROFILE=long make test."""

settings.load_profile(os.environ.get("HYPOTHESIS_PROFILE") or ("ci" if os.environ.get("CI") else "default"))


@pytest.fixture(autouse=True, scope="session")
def short_waits() -> None:
    """Failed calls are repeated after hundredths of a second."""
    quick_retries()


@pytest.fixture(scope="session")
def forker() -> Iterator[CommandForker]:
    """Starts commands in processes of their own; made once, since its imports take seconds."""
    with CommandForker() as process:
        yield process
