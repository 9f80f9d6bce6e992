"""Scoring of transcripts against truth: counts of one call first, sums over calls, rates last."""
