"""A call as people see and change it: put together, kept at hand, brought to the present form."""
