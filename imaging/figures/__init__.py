"""Figures of imaging: a specification, and the table of what it shows."""
