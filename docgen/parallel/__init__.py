"""Work outside this process: a second process, several, or a Ray cluster."""
