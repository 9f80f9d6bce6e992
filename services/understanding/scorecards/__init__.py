"""Scorecards: answering their questions, YAML, the ready-made one, a language model's answers."""
