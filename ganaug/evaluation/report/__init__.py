"""The report: an evaluation as one HTML page."""

from ganaug.evaluation.report.page import require_extras, write
from ganaug.evaluation.report.summary import summary

__all__ = ["require_extras", "summary", "write"]
