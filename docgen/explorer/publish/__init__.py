"""A corpus as a folder of static pages, which need neither server nor network."""
