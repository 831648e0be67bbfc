"""The registry of an experiment's pages: name, address and data of each, in one table."""

from docgen.explorer.transcripts.pages import experiment, transcript, transcripts
from docgen.explorer.viewable import Page

__all__ = ["TRANSCRIPT_PAGES"]

TRANSCRIPT_PAGES = (
    Page("experiment", "", experiment, "Experiment", "Overview"),
    Page("transcripts", "transcripts", transcripts, "Transcripts", "Transcripts"),
    Page("transcript", "transcripts/{path:path}", transcript, "Transcript"),
)
