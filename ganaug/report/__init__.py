"""The report: an evaluation as one HTML page."""

from ganaug.report.page import require_extras, write

__all__ = ["require_extras", "write"]
