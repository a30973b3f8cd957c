"""Figures of genomics: a specification, and the table of what it shows."""
