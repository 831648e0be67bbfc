"""What answers come to: shares with intervals, joined to what the corpus has, as table, picture and JSON."""
