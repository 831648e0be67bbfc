"""What a run is made from: located, resolved, compared with what it was begun with, recorded."""
