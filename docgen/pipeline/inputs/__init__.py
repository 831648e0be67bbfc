"""What a run is made from: found, resolved, compared with what it was begun with, written down."""
