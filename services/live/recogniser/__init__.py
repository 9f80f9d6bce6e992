"""The sound of live calls on its way to a recogniser, and what is done when that is lost."""
