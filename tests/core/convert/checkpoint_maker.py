"""Writes TensorFlow checkpoints as TensorFlow does: a sorted table, and shards of plain numbers.

It follows the documents of the two formats, not the reader: LevelDB's doc/table_format.md and
tensorflow/core/protobuf/tensor_bundle.proto.
"""

import numpy as np

from mien.core.convert.crc32c import masked_crc32c  # held to the RFC's vectors by its own test

FLOAT, INT64, STRING = 1, 9, 7
_MAGIC = 0xDB4775248B80FB57


def varint(value):
    out = bytearray()
    while value >= 0x80:
        out.append(value & 0x7F | 0x80)
        value >>= 7
    return bytes([*out, value])


def _tag(number, value):
    """Write a field: an int as a varint, bytes with their length."""
    if isinstance(value, int):
        return varint(number << 3) + varint(value)
    return varint(number << 3 | 2) + varint(len(value)) + value


def entry(kind, shape, *, shard, offset, size, checksum):
    """Write a BundleEntryProto; like protobuf, without the fields that are 0."""
    dims = b"".join(_tag(2, _tag(1, int(length))) for length in shape)
    out = _tag(1, kind) + _tag(2, dims)
    for number, value in ((3, shard), (4, offset), (5, size)):
        out += _tag(number, value) if value else b""
    return out + bytes([6 << 3 | 5]) + checksum.to_bytes(4, "little")


def table(entries, *, block_size=4096, restart_every=16, compression=0):
    """Write a table of sorted (key, value) pairs."""
    blocks, pending, size = [], [], 0
    for key, value in entries:
        pending.append((key, value))
        size += len(key) + len(value)
        if size > block_size:
            blocks.append(pending)
            pending, size = [], 0
    if pending:
        blocks.append(pending)
    out, index = b"", []
    for block in blocks:
        data = _block(block, restart_every)
        index.append((block[-1][0] + b"\0", varint(len(out)) + varint(len(data))))
        out += data + _trailer(data, compression)
    places = []
    for block in ([], index):  # metaindex, index
        data = _block(block, 1)
        places.append(varint(len(out)) + varint(len(data)))
        out += data + _trailer(data, 0)
    return out + b"".join(places).ljust(40, b"\0") + _MAGIC.to_bytes(8, "little")


def _block(entries, restart_every):
    out, restarts, last = b"", [0], b""
    for number, (key, value) in enumerate(entries):
        shared = 0
        if number % restart_every:
            while shared < min(len(key), len(last)) and key[shared] == last[shared]:
                shared += 1
        elif number:
            restarts.append(len(out))
        out += varint(shared) + varint(len(key) - shared) + varint(len(value))
        out += key[shared:] + value
        last = key
    return out + np.array([*restarts, len(restarts)], "<u4").tobytes()


def _trailer(data, compression):
    kind = bytes([compression])
    return kind + masked_crc32c(data + kind).to_bytes(4, "little")


def write_checkpoint(prefix, variables, *, zeros=(), others=(), shard=0, n_shards=1):
    """Write `prefix.index` and the shards; return (index, where each variable begins).

    `variables` maps names to float32 arrays. `zeros` are (name, shape) of float32 variables that
    nobody reads: their bytes are holes in the file. `others` are (name, kind, bytes) in shard 0.
    """
    values = {**variables, **dict.fromkeys((name for name, _ in zeros), None)}
    shapes = {**{name: array.shape for name, array in variables.items()}, **dict(zeros)}
    entries = [(b"", _tag(1, n_shards) + _tag(3, _tag(1, 1)))]
    offsets, offset, at_zero = {}, 0, 0
    files = [
        prefix.with_name(f"{prefix.name}.data-{number:05d}-of-{n_shards:05d}")
        for number in range(n_shards)
    ]
    small = b""
    with files[shard].open("wb") as file:
        for name in sorted([*values, *(name for name, _, _ in others)]):
            if name not in values:
                kind, content = next((k, c) for n, k, c in others if n == name)
                place = {"shard": 0, "offset": at_zero, "size": len(content)}
                entries.append((name, entry(kind, (), **place, checksum=0)))
                small += content
                at_zero += len(content)
                continue
            array, size = values[name], 4 * int(np.prod(shapes[name]))
            data = b"" if array is None else np.ascontiguousarray(array, "<f4").tobytes()
            file.seek(offset)
            file.write(data)
            place = {"shard": shard, "offset": offset, "size": size}
            offsets[name] = offset
            sum_ = masked_crc32c(data) if array is not None else 0
            entries.append((name, entry(FLOAT, shapes[name], **place, checksum=sum_)))
            offset += size
        file.truncate(offset)
    if n_shards > 1 and shard:
        files[0].write_bytes(small)
    pairs = [(n if isinstance(n, bytes) else n.encode(), value) for n, value in entries]
    index = prefix.with_name(prefix.name + ".index")
    index.write_bytes(table(pairs))
    return index, offsets
