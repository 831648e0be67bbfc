"""What a trained model believes: questions about a context's facts, asking them, and summing up the answers."""
