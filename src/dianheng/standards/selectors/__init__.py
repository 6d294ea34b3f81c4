from .laboratory import (
    GONE,
    ancestors,
    authorisation_on,
    bench_label,
    bench_numbers,
    benches,
    environment_band_on,
    in_force,
    installation_certificate_on,
    installation_of,
    standards,
    visible_installation,
)
from .testing import last_known_good

__all__ = [
    "GONE",
    "ancestors",
    "authorisation_on",
    "bench_label",
    "bench_numbers",
    "benches",
    "environment_band_on",
    "in_force",
    "installation_certificate_on",
    "installation_of",
    "last_known_good",
    "standards",
    "visible_installation",
]
