"""Moonshine tiny by ONNX Runtime: English text of a few seconds of sound, at 30 times real time.

The graphs are run directly rather than through the library they come with: so words that are
shown already can be held fast, and what was heard a moment ago is checked in one step instead of
being searched for once more.
"""

import threading
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from services.audio.recording import SAMPLE_RATE, Samples
from services.domain.errors import WeightsDamaged, WeightsMissing
from services.engine.live.vocabulary import Vocabulary

LAYERS, HEADS, HEAD_WIDTH = 6, 8, 36
BEGIN, END = 1, 2
# The encoder makes one frame of so many samples; the decoder thins the mask it is given likewise.
SAMPLES_A_FRAME = 384
# People say fewer tokens than these a second; more of them are a loop (published with the model).
TOKENS_A_SECOND = 6.5
FEWEST_TOKENS = 3

ENCODER = "encoder_model.ort"
DECODER = "decoder_model_merged.ort"
TOKENIZER = "tokenizer.bin"

Array = NDArray[np.float32]


@dataclass(frozen=True, kw_only=True)
class Tokens:
    """What was decoded: tokens and how likely each was (natural logarithm)."""

    ids: tuple[int, ...]
    log_probabilities: tuple[float, ...]


@dataclass(frozen=True)
class _Graphs:
    encoder: Any
    decoder: Any
    outputs: tuple[str, ...]
    later: tuple[str, ...]


class Moonshine:
    """The model, loaded at first use and kept for the life of the process; safe across threads.

    Each run works in the thread that calls it and in no other, so that a call's share of the
    machine is its threads' time.
    """

    def __init__(self, folder: Path) -> None:
        """Take the folder with the three files, whose content was checked; nothing is read yet."""
        self._folder = folder
        self._graphs: _Graphs | None = None
        self._vocabulary: Vocabulary | None = None
        self._lock = threading.Lock()

    @property
    def vocabulary(self) -> Vocabulary:
        """The texts of tokens. Raises WeightsMissing or WeightsDamaged."""
        self._loaded()
        assert self._vocabulary is not None
        return self._vocabulary

    def load(self) -> None:
        """Load it and use it once, so that no first word waits. Raises what ``decode`` raises."""
        self.decode(np.zeros(SAMPLE_RATE // 2, np.float32))

    def decode(
        self, samples: Samples, *, settled: Sequence[int] = (), expected: Sequence[int] = ()
    ) -> Tokens:
        """Return the likeliest tokens of sound at 16 kHz that begin with ``settled``.

        ``expected`` is a guess that itself begins with ``settled``, such as what was heard of the
        same sound when it was shorter: it changes nothing in what is found, only how fast.
        Raises WeightsMissing or WeightsDamaged.
        """
        graphs = self._loaded()
        heard = graphs.encoder.run(
            None,
            {
                "input_values": samples[None].astype(np.float32, copy=False),
                "attention_mask": np.ones((1, len(samples)), np.int64),
            },
        )[0]
        most = int(len(samples) / SAMPLE_RATE * TOKENS_A_SECOND) + FEWEST_TOKENS
        return _Search(graphs, heard).run(settled, expected, max(most, len(settled)))

    def _loaded(self) -> _Graphs:
        with self._lock:
            if self._graphs is None:
                self._vocabulary = Vocabulary.read(self._folder / TOKENIZER)
                self._graphs = _load(self._folder)
            return self._graphs


class _Search:
    """The greedy search for the tokens of one piece of sound."""

    def __init__(self, graphs: _Graphs, heard: Array) -> None:
        self._graphs = graphs
        self._fixed = {
            "encoder_hidden_states": heard,
            "encoder_attention_mask": np.ones((1, heard.shape[1] * SAMPLES_A_FRAME), np.int64),
        }
        self._past = _empty_past(heard.shape[1])

    def run(self, settled: Sequence[int], expected: Sequence[int], most: int) -> Tokens:
        expected = list(expected)[:most]
        logits = self._first([BEGIN, *expected])
        ids: list[int] = []
        likely: list[float] = []
        for row, token in zip(logits, expected, strict=False):
            if len(ids) >= len(settled) and int(row.argmax()) != token:
                break
            ids.append(token)
            likely.append(_log_probability(row, token))
        self._forget_after(len(ids) + 1)
        row = logits[len(ids)]
        while (token := int(row.argmax())) != END and len(ids) < most:
            ids.append(token)
            likely.append(_log_probability(row, token))
            row = self._next(token)
        return Tokens(ids=tuple(ids), log_probabilities=tuple(likely))

    def _first(self, tokens: Sequence[int]) -> Array:
        """Read tokens at once; return what could follow each of them."""
        found = self._step(tokens, self._graphs.outputs, use_cache=False)
        self._past = {
            name.replace("present", "past_key_values"): value
            for name, value in found.items()
            if name != "logits"
        }
        return np.asarray(found["logits"][0], np.float32)

    def _next(self, token: int) -> Array:
        found = self._step([token], self._graphs.later, use_cache=True)
        for name, value in found.items():
            if name != "logits":
                self._past[name.replace("present", "past_key_values")] = value
        return np.asarray(found["logits"][0, -1], np.float32)

    def _step(
        self, tokens: Sequence[int], outputs: Sequence[str], *, use_cache: bool
    ) -> dict[str, Array]:
        fed = {
            "input_ids": np.array([tokens], np.int64),
            "use_cache_branch": np.array([use_cache]),
            **self._fixed,
            **self._past,
        }
        return dict(zip(outputs, self._graphs.decoder.run(list(outputs), fed), strict=True))

    def _forget_after(self, count: int) -> None:
        """Keep what was made of the first tokens alone."""
        for name, value in self._past.items():
            if ".decoder." in name:
                self._past[name] = np.ascontiguousarray(value[:, :, :count])


def _empty_past(frames: int) -> dict[str, Array]:
    lengths = {"decoder": 0, "encoder": frames}
    return {
        f"past_key_values.{layer}.{side}.{part}": np.zeros(
            (1, HEADS, length, HEAD_WIDTH), np.float32
        )
        for layer in range(LAYERS)
        for side, length in lengths.items()
        for part in ("key", "value")
    }


def _log_probability(row: Array, token: int) -> float:
    most = float(row.max())
    return float(row[token]) - most - float(np.log(np.exp(row - most).sum()))


def _load(folder: Path) -> _Graphs:
    decoder = _session(folder / DECODER)
    outputs = tuple(output.name for output in decoder.get_outputs())
    return _Graphs(
        encoder=_session(folder / ENCODER),
        decoder=decoder,
        outputs=outputs,
        later=tuple(name for name in outputs if ".encoder." not in name),
    )


def _session(path: Path) -> Any:
    import onnxruntime

    if not path.is_file():
        raise WeightsMissing
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = 1
    options.inter_op_num_threads = 1
    options.log_severity_level = 4
    settings: Mapping[str, str] = {"session.load_model_format": "ORT"}
    for name, value in settings.items():
        options.add_session_config_entry(name, value)
    try:
        return onnxruntime.InferenceSession(str(path), options, providers=["CPUExecutionProvider"])
    except Exception as error:
        raise WeightsDamaged from error
