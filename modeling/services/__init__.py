"""The verbs of modeling."""
