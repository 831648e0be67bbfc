"""The report of an experiment as one self-contained HTML page."""

from docgen.behaviour.report.page import CANARY, render_page

__all__ = ["CANARY", "render_page"]
