"""The report: an evaluation as one HTML page."""

from ganaug.evaluation.report.page import write

__all__ = ["write"]
