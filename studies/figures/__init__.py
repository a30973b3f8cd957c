"""Figures of every app: a specification, the table of what it shows, and the shared look."""
