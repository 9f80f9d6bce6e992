"""Small changes to an ONNX model in its serialised form (protocol buffers' wire format).

The speaker models come with their last steps fixed. Naming further values as graph outputs makes
the soft scores and the network's trunk readable; it takes one appended entry each, so no ONNX
package is needed. Field numbers are those of the published onnx.proto.
"""

from collections.abc import Iterator, Sequence

VARINT, FIXED64, BYTES, FIXED32 = 0, 1, 2, 5

MODEL_GRAPH = 7
GRAPH_NODE, GRAPH_NAME, GRAPH_OUTPUT = 1, 2, 12
NODE_ATTRIBUTE = 5
ATTRIBUTE_GRAPH = 6
VALUE_NAME = 1

Field = tuple[int, int, bytes]


def with_outputs(model: bytes, names: Sequence[str]) -> bytes:
    """Return the model with the inner values ``names`` as further outputs.

    Unnamed inner graphs get a name, which the runtime insists on when reading ONNX.
    """
    outputs = b"".join(_entry(GRAPH_OUTPUT, _entry(VALUE_NAME, n.encode())) for n in names)
    return b"".join(
        _entry(number, _named_graph(content) + outputs)
        if number == MODEL_GRAPH
        else _encoded(number, kind, content)
        for number, kind, content in _fields(model)
    )


def _named_graph(graph: bytes) -> bytes:
    parts: list[bytes] = []
    has_name = False
    for number, kind, content in _fields(graph):
        has_name = has_name or (number == GRAPH_NAME and bool(content))
        if number == GRAPH_NODE:
            content = _inside(content, NODE_ATTRIBUTE, ATTRIBUTE_GRAPH)
        parts.append(_encoded(number, kind, content))
    if not has_name:
        parts.append(_entry(GRAPH_NAME, b"inner"))
    return b"".join(parts)


def _inside(node: bytes, attribute: int, graph: int) -> bytes:
    """Name the graphs that the attributes of a node hold."""
    rewritten: list[bytes] = []
    for number, kind, content in _fields(node):
        if number == attribute:
            content = b"".join(
                _encoded(n, k, _named_graph(c) if n == graph else c) for n, k, c in _fields(content)
            )
        rewritten.append(_encoded(number, kind, content))
    return b"".join(rewritten)


def _fields(message: bytes) -> Iterator[Field]:
    at = 0
    while at < len(message):
        tag, at = _read_varint(message, at)
        number, kind = tag >> 3, tag & 7
        if kind == BYTES:
            length, at = _read_varint(message, at)
            end = at + length
        elif kind == VARINT:
            _, end = _read_varint(message, at)
        elif kind in (FIXED32, FIXED64):
            end = at + (4 if kind == FIXED32 else 8)
        else:
            raise ValueError("unknown wire type")
        yield number, kind, message[at:end]
        at = end


def _encoded(number: int, kind: int, content: bytes) -> bytes:
    length = _varint(len(content)) if kind == BYTES else b""
    return _varint(number << 3 | kind) + length + content


def _entry(number: int, content: bytes) -> bytes:
    return _encoded(number, BYTES, content)


def _read_varint(message: bytes, at: int) -> tuple[int, int]:
    value = shift = 0
    while True:
        byte = message[at]
        at += 1
        value |= (byte & 0x7F) << shift
        shift += 7
        if byte < 0x80:
            return value, at


def _varint(value: int) -> bytes:
    encoded = bytearray()
    while value > 0x7F:
        encoded.append(value & 0x7F | 0x80)
        value >>= 7
    encoded.append(value)
    return bytes(encoded)
