"""Live calls as whoever watches them sees them: how late, how steady, how right the words are."""
