"""Measures engines on annotated photographs of the user's own; no stage, and nobody's import.

Like the pipeline it joins stages; unlike it, nothing of the extension needs it.
"""

from .curve_svg import curve_svg
from .evaluation import REGIONS, Evaluation, EvaluationPlan, Regions, evaluate
from .point_finder import EVALUATED
from .report import LIMIT_OF, NORMALISED_BY, errors_csv, lines_of, values_of, warnings_of

__all__ = [
    "EVALUATED",
    "LIMIT_OF",
    "NORMALISED_BY",
    "REGIONS",
    "Evaluation",
    "EvaluationPlan",
    "Regions",
    "curve_svg",
    "errors_csv",
    "evaluate",
    "lines_of",
    "values_of",
    "warnings_of",
]
