"""Calls in lists and in figures, as far as a person has to do with them."""
