"""One run over several servers: a free one gets the next call, and a dead one's calls go elsewhere."""
