"""Amounts, dates, times and the like in what was said; pure functions over English text."""
