"""What is told of a live call: its events, their log, and how the call stands."""
