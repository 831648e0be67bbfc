"""What people say about documents: kept beside the corpus, undone but never lost, exported as a gold file."""
