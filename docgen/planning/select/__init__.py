"""Selecting documents and facts: subsets that meet salience targets, and matched controls."""
