"""One run over several servers: who is free gets the next call, and a dead server's calls go elsewhere."""
