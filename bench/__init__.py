"""Timings of the product beside its peers and the physical limit: `make bench`, `python -m bench`.

    core/       how it is measured: databases, races, what a run used, the report
    cases/      what is measured, one module per topic; a new module is found by itself

A time counts only when the results of all ways were equal (docs/reference/performance.md).
"""
