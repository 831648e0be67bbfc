"""What a corpus says: which facts, how loudly, and what it must not say. Usable on any corpus."""

__all__: list[str] = []
