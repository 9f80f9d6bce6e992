"""What each command of the command line does, apart from how its options are spelled."""
