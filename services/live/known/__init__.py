"""What is known of a live call so far: captions, lines, roles and figures."""
