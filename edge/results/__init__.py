"""What the verbs hand over, as values: a conversion, a verification, a benchmark. Standard library only.

May import: errors, targets.
"""

from edge.results.benchmark import BenchmarkResult, read, validate
from edge.results.conversion import ConversionResult, LoweredLayer, OutputError
from edge.results.verification import Drift, OutputCheck, Verification

__all__ = [
    "BenchmarkResult",
    "ConversionResult",
    "Drift",
    "LoweredLayer",
    "OutputCheck",
    "OutputError",
    "Verification",
    "read",
    "validate",
]
