"""The peer of ``bench.accuracy``: faster-whisper's batched pipeline with our weights, text only."""

from pathlib import Path

BATCH = 8
BEAM_SIZE = 5


class BatchedPeer:
    """faster-whisper alone: decodes, mixes down, recognises in batches; tells nobody apart."""

    def __init__(self, model: str, threads: int) -> None:
        """Load the model, a CTranslate2 folder."""
        from faster_whisper import BatchedInferencePipeline, WhisperModel

        whisper = WhisperModel(model, device="cpu", compute_type="int8", cpu_threads=threads)
        self._pipeline = BatchedInferencePipeline(whisper)

    def text_of(self, path: Path) -> str:
        """Return what is said in a recording."""
        found, _ = self._pipeline.transcribe(
            str(path), batch_size=BATCH, beam_size=BEAM_SIZE, word_timestamps=True
        )
        return " ".join(piece.text for piece in found)
