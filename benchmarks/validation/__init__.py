"""Our formulas and models against reference values: `python -m benchmarks.validation POINTS.csv [--json]`."""
