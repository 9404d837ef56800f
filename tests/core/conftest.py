"""How many examples the laws try: `SYNCFS_NIGHTLY=1` or `HYPOTHESIS_PROFILE=nightly` tries many more."""

import os

from hypothesis import HealthCheck, Phase, settings

_CHECKS = (HealthCheck.too_slow, HealthCheck.filter_too_much, HealthCheck.data_too_large)

settings.register_profile(
    "ci", max_examples=200, derandomize=True, database=None, deadline=None, suppress_health_check=_CHECKS
)
# For planted bugs: that a law breaks is enough, the smallest example is not asked for.
settings.register_profile(
    "plant",
    max_examples=200,
    derandomize=True,
    database=None,
    deadline=None,
    suppress_health_check=_CHECKS,
    phases=[Phase.explicit, Phase.generate],
)
settings.register_profile("nightly", max_examples=10_000, deadline=None, suppress_health_check=_CHECKS)
settings.load_profile(
    os.environ.get("HYPOTHESIS_PROFILE") or ("nightly" if os.environ.get("SYNCFS_NIGHTLY") == "1" else "ci")
)
