"""One module per topic; each registers its cases with `bench.core.case`."""
