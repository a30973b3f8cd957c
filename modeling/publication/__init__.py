"""A built report as files: a PDF that looks like a paper, and one zip with all behind it."""
