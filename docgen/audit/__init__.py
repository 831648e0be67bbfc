"""What a corpus says: which facts, how prominently, and what it must not say. Works on any corpus."""

__all__: list[str] = []
