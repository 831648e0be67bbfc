"""questions, eval: what a trained model believes."""
