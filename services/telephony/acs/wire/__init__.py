"""What goes over the wire, both ways: requests, events, frames, tokens."""
