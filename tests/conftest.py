"""What all tests share: how hypothesis searches."""

import os

from hypothesis import HealthCheck, settings

settings.register_profile("default", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.register_profile("ci", parent=settings.get_profile("default"), derandomize=True)
settings.load_profile("ci" if os.environ.get("CI") else "default")
"""CI tries the same examples every time, so that a change is judged by what it changed; developers' runs search on."""
