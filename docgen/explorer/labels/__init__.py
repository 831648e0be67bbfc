"""What people say about documents: stored next to the corpus, undone but never lost, exported as a gold file."""
