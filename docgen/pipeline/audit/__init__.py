"""An audit of a corpus wherever it is: scanned, judged, measured, reported, applied."""
