# mypy: allow-untyped-defs, allow-untyped-calls, disable-error-code="var-annotated,call-arg,attr-defined"
"""Compiled reading of UTF-8: bytes to case-folded words (see `alphabet`), each a 64-bit hash.

`fold` copies text with everything that is not in a word replaced by zero bytes and letters folded: 64 ASCII bytes at a
time by vector instructions, other characters one by one. `hash_words` finds the words between the zeros, also 64 bytes
at a time, and hashes them 8 bytes at a time. LLVM turns the 64-byte vectors into whatever the processor has.
"""

import numpy as np
from llvmlite import ir
from numba import types
from numba.core import cgutils
from numba.extending import intrinsic

from docgen.kernels.alphabet import EXPANSIONS, LAST, MARK, SINGLE
from docgen.kernels.compilation.jit_decorators import inner
from docgen.kernels.scratch import LONGEST

__all__ = ["fold", "hash_words", "load_u64"]

_U = np.uint64
START = _U(0xCBF29CE484222325)  # the offset basis of 64-bit FNV-1a
PRIME = _U(0x9FB21C651E98DF25)  # an odd multiplier that spreads bits well: XXH3's, after P. Evensen's rrmxmx
ZERO, ONE = _U(0), _U(1)
HALF = _U(32)
STEP = 64  # bytes looked at together: one bit each of a 64-bit mask

_VECTOR = ir.VectorType(ir.IntType(8), STEP)


def _place(context, builder, signature, args, number):
    array = cgutils.create_struct_proxy(signature.args[number])(context, builder, args[number])
    return builder.gep(array.data, [args[number + 1]])


def _vector_at(builder, place):
    vector = builder.load(builder.bitcast(place, _VECTOR.as_pointer()))
    vector.align = 1
    return vector


def _all(value):
    return ir.Constant(_VECTOR, [value] * STEP)


@intrinsic
def load_u64(context, data, index):  # noqa: ARG001
    """Eight bytes of a uint8 array from `index` on as one integer; they need not be aligned."""

    def emit(context, builder, signature, args):
        place = _place(context, builder, signature, args, 0)
        word = builder.load(builder.bitcast(place, ir.IntType(64).as_pointer()))
        word.align = 1
        return word

    return types.uint64(data, types.uint64), emit


@intrinsic
def _fold_64(context, source, pos, target, at):  # noqa: ARG001
    """Fold 64 bytes of `source` into `target`; returns a bit for each byte that is not ASCII (and was not folded)."""

    def between(builder, vector, low, high):
        return builder.icmp_unsigned("<=", builder.sub(vector, _all(low)), _all(high - low))

    def emit(context, builder, signature, args):
        vector = _vector_at(builder, _place(context, builder, signature, args, 0))
        upper = between(builder, vector, ord("A"), ord("Z"))
        lowered = builder.select(upper, builder.or_(vector, _all(0x20)), vector)
        word = builder.or_(between(builder, lowered, ord("a"), ord("z")), between(builder, lowered, ord("0"), ord("9")))
        word = builder.or_(word, builder.icmp_unsigned("==", lowered, _all(ord("_"))))
        folded = builder.select(word, lowered, _all(0))
        target = _place(context, builder, signature, args, 2)
        builder.store(folded, builder.bitcast(target, _VECTOR.as_pointer())).align = 1
        return builder.bitcast(builder.icmp_signed("<", vector, _all(0)), ir.IntType(64))

    return types.uint64(source, types.uint64, target, types.uint64), emit


@intrinsic
def _filled_64(context, source, pos):  # noqa: ARG001
    """A bit for each of 64 bytes that is not zero."""

    def emit(context, builder, signature, args):
        vector = _vector_at(builder, _place(context, builder, signature, args, 0))
        return builder.bitcast(builder.icmp_unsigned("!=", vector, _all(0)), ir.IntType(64))

    return types.uint64(source, types.uint64), emit


@intrinsic
def _trailing_zeros(context, value):  # noqa: ARG001
    """Number of zero bits below the lowest set one; `value` is not 0."""

    def emit(context, builder, signature, args):  # noqa: ARG001
        return builder.cttz(args[0], ir.Constant(ir.IntType(1), 1))

    return types.uint64(types.uint64), emit


@inner
def _decode(data, pos, limit):
    """(code point, next position) of the character at `pos`; a malformed byte counts as LAST, outside any word."""
    lead = np.uint32(data[pos])
    size = 2 if lead < 0xE0 else (3 if lead < 0xF0 else 4)
    if lead < 0xC2 or lead > 0xF4 or pos + size > limit:
        return np.int64(LAST), pos + 1
    point = np.int64(lead & np.uint32(0xFF >> (size + 1)))
    for i in range(1, size):
        point = (point << 6) | np.int64(data[pos + i] & np.uint8(0x3F))
    return point, pos + size


@inner
def _put(point, text, n):
    """Write a code point as UTF-8."""
    if point < 0x80:
        text[n] = point
        return n + 1
    if point < 0x800:
        text[n] = 0xC0 | (point >> 6)
        text[n + 1] = 0x80 | (point & 0x3F)
        return n + 2
    if point < 0x10000:
        text[n] = 0xE0 | (point >> 12)
        text[n + 1] = 0x80 | ((point >> 6) & 0x3F)
        text[n + 2] = 0x80 | (point & 0x3F)
        return n + 3
    text[n] = 0xF0 | (point >> 18)
    text[n + 1] = 0x80 | ((point >> 12) & 0x3F)
    text[n + 2] = 0x80 | ((point >> 6) & 0x3F)
    text[n + 3] = 0x80 | (point & 0x3F)
    return n + 4


@inner
def _fold_character(point, text, n, kinds, folded):
    """Append one character folded; returns the new length."""
    kind = kinds[point] if point < LAST else 0
    if kind == 0 or (kind == MARK and (n == 0 or text[n - 1] == 0)):
        text[n] = 0
        return n + 1
    if kind == SINGLE:
        text[n] = 0
        n += 1
    for i in range(EXPANSIONS):
        if folded[point, i] != 0:
            n = _put(folded[point, i], text, n)
    if kind == SINGLE:
        text[n] = 0
        n += 1
    return n


@inner
def fold(data, pos, end, limit, text, n, kinds, folded):
    """Append data[pos:end] folded to text[:n]; returns (position, length). The last character may reach past `end`."""
    while pos < end:
        if pos + STEP <= limit:
            other = _fold_64(data, _U(pos), text, _U(n))
            ascii_bytes = STEP if other == ZERO else np.int64(_trailing_zeros(other))
            pos += ascii_bytes
            n += ascii_bytes
            if other == ZERO:
                continue
        point, pos = _decode(data, pos, limit) if data[pos] >= 128 else (np.int64(data[pos]), pos + 1)
        n = _fold_character(point, text, n, kinds, folded)
    return pos, n


@inner
def _hash_word(text, start, end):
    state = START
    while end - start > _U(8):
        state = (state ^ load_u64(text, start)) * PRIME
        state ^= state >> HALF
        start += _U(8)
    last = load_u64(text, start) & (~ZERO >> (_U(64) - _U(8) * (end - start)))
    return (state ^ last) * PRIME


@inner
def hash_words(text, n, words, count, final):
    """Append the hashes of the words in text[:n]; returns (count, length of the unfinished word moved to the front).

    Unless `final` the last word may go on and is left for the next call. `text` must have 64 bytes after n.
    """
    length = _U(n)
    text[n : n + STEP] = np.uint8(n > 0 and text[n - 1] != 0)  # so that a word at the end does not seem to end there
    inside, start, at = False, ZERO, ZERO
    while at < length:
        filled = _filled_64(text, at)
        changes = filled ^ ((filled << ONE) | _U(inside))
        while changes != ZERO:
            place = at + _trailing_zeros(changes)
            changes &= changes - ONE
            if inside:
                while place - start > _U(LONGEST):
                    words[count] = _hash_word(text, start, start + _U(LONGEST))
                    count += 1
                    start += _U(LONGEST)
                words[count] = _hash_word(text, start, place)
                count += 1
            start = place
            inside = not inside
        at += _U(STEP)
    if not inside:
        return count, 0
    while length - start > _U(LONGEST):
        words[count] = _hash_word(text, start, start + _U(LONGEST))
        count += 1
        start += _U(LONGEST)
    if final:
        words[count] = _hash_word(text, start, length)
        return count + 1, 0
    left = np.int64(length - start)
    for i in range(left):
        text[i] = text[np.int64(start) + i]
    return count, left
