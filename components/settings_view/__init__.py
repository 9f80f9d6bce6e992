"""What an installation can use, as its operator has set it up."""
