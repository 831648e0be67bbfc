"""Choosing documents or slots: subsets that meet salience targets, and matched controls."""
