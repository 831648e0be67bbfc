"""questions, eval, train: what a trained model believes."""
