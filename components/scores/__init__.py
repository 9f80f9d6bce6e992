"""Scorecards on screen: what a call got and why, the form to change one, averages of a team."""
