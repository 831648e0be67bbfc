"""Planning a corpus: which documents carry which facts, and how to select documents that meet salience targets.

Works on arrays of facts and slots alone, so it can serve any corpus, not only docgen's own.
"""
