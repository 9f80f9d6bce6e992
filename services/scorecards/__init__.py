"""Scorecards of an organisation, and the scores of its calls: kept, followed, overridden."""
