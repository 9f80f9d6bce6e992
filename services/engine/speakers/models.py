"""The two networks of speaker diarization and the arithmetic that belongs to them.

Segmentation says who of up to three local voices speaks in a window of 10 s; the embedding
network's trunk describes how a voice sounds, pooled over any set of its frames.
"""

import tempfile
import threading
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from services.audio.recording import SAMPLE_RATE, Samples
from services.domain.errors import WeightsDamaged, WeightsMissing
from services.engine.speakers.onnx_wire import with_outputs

if TYPE_CHECKING:
    from onnxruntime import InferenceSession

SEGMENTATION_FILE = "segmentation_ort_data"
EMBEDDING_FILE = "embedding_ort_data"
MEAN_FILE = "xvec_mean1"

WINDOW_FRAMES = 160_000
SEGMENT_FRAMES = 589
SEGMENT_STEP = 270
SEGMENT_FIELD = 991
LOCAL_VOICES = 3
# The classes of the powerset: nobody, each voice alone, each pair.
POWERSET = np.array(
    [[0, 0, 0], [1, 0, 0], [0, 1, 0], [0, 0, 1], [1, 1, 0], [1, 0, 1], [0, 1, 1]], np.float32
)
MEL_BINS = 80
FEATURE_SHIFT = 160
FEATURE_LENGTH = 400
TRUNK_STRIDE = 8
TRUNK_STEP = FEATURE_SHIFT * TRUNK_STRIDE
# 16-bit full scale: what the network's features were computed from.
FEATURE_SCALE = 32768.0

_SCORES = "/inner/activation/LogSoftmax_output_0"
_TRUNK = "/resnet/pool/Reshape_output_0"
_HEAD = "resnet.seg_1.weight_add_tensor"
_BIAS = "resnet.seg_1.bias"

Array = NDArray[np.float32]


class SpeakerModels:
    """Both networks, loaded at first use and kept for the life of the process."""

    def __init__(self, folder: Path, threads: int) -> None:
        """Take the folder of the checked weights; nothing is loaded yet."""
        self._folder = folder
        self._threads = threads
        self._lock = threading.Lock()
        self._segmentation: InferenceSession | None = None
        self._embedding: InferenceSession | None = None
        self._head: tuple[Array, Array] | None = None
        self._mean: Array | None = None

    def voices_in(self, windows: Sequence[Samples]) -> Array:
        """Return class probabilities [n, 589, 7] for windows of 10 s (shorter: padded)."""
        session = self._loaded_segmentation()
        batch = np.zeros((len(windows), 1, WINDOW_FRAMES), np.float32)
        for row, samples in zip(batch, windows, strict=True):
            row[0, : len(samples)] = samples[:WINDOW_FRAMES]
        (scores,) = session.run([_SCORES], {"waveforms": batch})
        return np.exp(np.asarray(scores, np.float32))

    def features(self, samples: Samples) -> Array:
        """Return log mel features [t, 80], one row per 10 ms, without mean subtraction."""
        import kaldi_native_fbank as fbank

        options = fbank.FbankOptions()
        options.frame_opts.samp_freq = SAMPLE_RATE
        options.frame_opts.dither = 0.0
        options.frame_opts.window_type = "hamming"
        options.frame_opts.snip_edges = True
        options.mel_opts.num_bins = MEL_BINS
        options.use_energy = False
        extractor = fbank.OnlineFbank(options)
        extractor.accept_waveform(SAMPLE_RATE, samples * np.float32(FEATURE_SCALE))
        extractor.input_finished()
        rows = [extractor.get_frame(i) for i in range(extractor.num_frames_ready)]
        return np.stack(rows).astype(np.float32) if rows else np.zeros((0, MEL_BINS), np.float32)

    def trunk(self, features: Array) -> Array:
        """Return the trunk's rows [t / 8, 2560], one per 80 ms, for mean-free features [t, 80]."""
        import onnxruntime

        session = self._loaded_embedding()
        options = onnxruntime.RunOptions()
        options.only_execute_path_to_fetches = True
        feeds = {"fbank": features[None], "weights": np.ones((1, len(features)), np.float32)}
        (rows,) = session.run([_TRUNK], feeds, options)
        return np.ascontiguousarray(np.asarray(rows, np.float32)[0].T)

    def voiceprint(self, rows: Array) -> Array:
        """Pool trunk rows [n, 2560] into one voiceprint [256] of length 1.

        Mean and standard deviation over time, then the network's last layer; the mean voice of
        the training data is taken off, which makes cosines comparable between recordings.
        """
        self._loaded_embedding()
        assert self._head is not None
        assert self._mean is not None
        weights, bias = self._head
        mean = rows.mean(axis=0)
        spread = rows.std(axis=0, ddof=1) if len(rows) > 1 else np.zeros_like(mean)
        raw = weights @ np.concatenate((mean, spread)) + bias
        return unit(raw - self._mean)

    def _loaded_segmentation(self) -> "InferenceSession":
        with self._lock:
            if self._segmentation is None:
                self._segmentation = self._session(SEGMENTATION_FILE, [_SCORES])
            return self._segmentation

    def _loaded_embedding(self) -> "InferenceSession":
        with self._lock:
            if self._embedding is None:
                session = self._session(EMBEDDING_FILE, [_TRUNK, _HEAD, _BIAS])
                feeds = {
                    "fbank": np.zeros((1, 200, MEL_BINS), np.float32),
                    "weights": np.ones((1, 200), np.float32),
                }
                head, bias = session.run([_HEAD, _BIAS], feeds)
                self._head = np.asarray(head, np.float32), np.asarray(bias, np.float32)
                mean = np.frombuffer((self._folder / MEAN_FILE).read_bytes(), "<f8")
                self._mean = mean.astype(np.float32)
                self._embedding = session
            return self._embedding

    def _session(self, name: str, outputs: Sequence[str]) -> "InferenceSession":
        try:
            content = (self._folder / name).read_bytes()
        except OSError as error:
            raise WeightsMissing from error
        try:
            return _opened(_as_onnx(content), outputs, self._threads)
        except Exception as error:
            raise WeightsDamaged from error


def unit(vectors: Array) -> Array:
    """Scale vectors (last axis) to length 1."""
    lengths = np.linalg.norm(vectors, axis=-1, keepdims=True)
    return np.asarray(vectors / np.maximum(lengths, 1e-9), dtype=np.float32)


def _as_onnx(content: bytes) -> bytes:
    """Turn a model of the runtime's own format into ONNX.

    Only models in ONNX get optimised when they are opened: the weights, stored in 8 bits, are
    then widened once instead of at every run.
    """
    import onnxruntime

    with tempfile.TemporaryDirectory() as folder:
        target = Path(folder) / "model.onnx"
        options = onnxruntime.SessionOptions()
        options.log_severity_level = 3
        options.graph_optimization_level = onnxruntime.GraphOptimizationLevel.ORT_DISABLE_ALL
        options.optimized_model_filepath = str(target)
        options.add_session_config_entry("session.save_model_format", "ONNX")
        onnxruntime.InferenceSession(content, options, providers=["CPUExecutionProvider"])
        return target.read_bytes()


def _opened(model: bytes, outputs: Sequence[str], threads: int) -> Any:
    import onnxruntime

    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = threads
    options.inter_op_num_threads = 1
    options.log_severity_level = 3
    # The arena would keep what the longest batch needed for good.
    options.enable_cpu_mem_arena = False
    return onnxruntime.InferenceSession(
        with_outputs(model, outputs), options, providers=["CPUExecutionProvider"]
    )
