"""What a live call says so far: its lines as people may see them, and what is found beside them."""
