"""What the local provider runs: weights, voice activity, recognition, diarization, holds."""
