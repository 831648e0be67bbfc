"""Planning arithmetic: how present each fact is, in which slots, and how to choose documents that meet targets.

Works on fact counts and slot columns alone, so that it can serve any corpus, docgen's own or not.
"""
