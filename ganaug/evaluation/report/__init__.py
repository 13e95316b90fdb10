"""The report: an evaluation as one HTML page."""

from ganaug.evaluation.report.notebook import summary
from ganaug.evaluation.report.page import require_extras, write

__all__ = ["require_extras", "summary", "write"]
