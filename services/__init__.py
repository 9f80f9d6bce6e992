"""Everything Partyline knows and does, without a web framework."""
