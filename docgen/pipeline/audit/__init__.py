"""An audit of a corpus wherever it lies: scanned, judged, measured, reported, applied."""
