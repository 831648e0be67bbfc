"""Solving for a plan: local repair, then an integer program, or the reasons why no plan exists."""
