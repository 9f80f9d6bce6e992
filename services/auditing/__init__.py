"""The audit as people read it, and as a whole: looked through, exported, cut."""
