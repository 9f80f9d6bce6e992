"""Finds personal data in what people say: written and spoken forms, over several utterances."""
