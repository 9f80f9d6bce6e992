"""Models over text: sentiment, personal data, summary. Nothing is loaded before its first use."""
