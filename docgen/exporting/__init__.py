"""Training files: the form of a document in each format, the order, what is mixed in, and what a trainer masks.

`formats.table.FORMATS` lists the formats. Nothing here knows about run folders; `docgen.pipeline.corpora.export` does.
"""
