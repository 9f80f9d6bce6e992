"""Known voices as people work with them: enrolling, naming, deleting."""
