"""Training files: what a document becomes in each format, in which order, beside what, and what a trainer masks.

`formats.table.FORMATS` lists the formats. Nothing here knows of run folders: `docgen.pipeline.corpora.export` does.
"""
