"""The explorer: read a corpus in the browser, label it, publish it."""
