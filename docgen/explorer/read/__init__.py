"""Reading an index: columns, filters, facets, search. Everything is a function of one snapshot."""
