"""Numbers of tokens: counted with a tokenizer, or estimated without."""
