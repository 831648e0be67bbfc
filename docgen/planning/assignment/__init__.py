"""Which slots carry which facts, how directly and how prominently."""
