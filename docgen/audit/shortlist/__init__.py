"""The embedding shortlist: documents nearest in meaning to a leak (extra: docgen[embeddings])."""
