"""Sound: probing, decoding, channels and rendering of any recording, as streams."""
