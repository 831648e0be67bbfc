"""What is compared of a document: MinHash signatures and exact shingle sets."""
