"""Pages about documents: the list, one document, drawn samples, rejected attempts, their prompts."""
