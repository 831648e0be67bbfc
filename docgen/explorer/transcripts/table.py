"""Every page of an experiment, in one table."""

from docgen.explorer.shown import Page
from docgen.explorer.transcripts.pages import experiment, transcript, transcripts

__all__ = ["TRANSCRIPT_PAGES"]

TRANSCRIPT_PAGES = (
    Page("experiment", "", experiment, "Experiment", "Overview"),
    Page("transcripts", "transcripts", transcripts, "Transcripts", "Transcripts"),
    Page("transcript", "transcripts/{path:path}", transcript, "Transcript"),
)
