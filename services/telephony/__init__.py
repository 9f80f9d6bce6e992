"""Phone calls: what telephone services send us, and how they are told what to do."""
