"""The commands on experiments."""

__all__: list[str] = []
