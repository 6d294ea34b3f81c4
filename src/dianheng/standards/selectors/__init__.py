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
    "standards",
    "visible_installation",
]
