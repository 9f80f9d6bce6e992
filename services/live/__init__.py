"""A call while it is held: sound to a provider, events from it, and what they make."""
