"""A live call whose sound comes in: held, kept on disk, played, and landed when it has ended."""
