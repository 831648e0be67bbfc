"""Question writing: from a model's drafts, or in plain forms without a model."""
