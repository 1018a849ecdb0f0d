"""Where an operation of TensorFlow puts the axis of the rows: the rules by which `rowwise` reads a graph."""

import math
import re
from collections.abc import Sequence

import numpy as np
import tensorflow as tf

# One value for each place, of those at the same place.
_ELEMENTWISE = re.findall(
    r"\w+",
    """
    Abs Acos Acosh Add AddN AddV2 Asin Asinh Atan Atan2 Atanh BesselI0 BesselI0e BesselI1 BesselI1e
    Betainc BiasAdd BitwiseAnd BitwiseOr Cast Ceil CheckNumerics ClipByValue Cos Cosh Digamma Div DivNoNan
    Elu Equal Erf Erfc Erfinv Exp Expm1 Floor FloorDiv FloorMod Greater GreaterEqual Identity Igamma
    Igammac Inv IsFinite IsInf IsNan LeakyRelu Less LessEqual Lgamma Log Log1p LogicalAnd LogicalNot
    LogicalOr Maximum Minimum Mod Mul MulNoNan Ndtri Neg NextAfter NotEqual OnesLike Polygamma Pow
    PreventGradient RealDiv Reciprocal Relu Relu6 Rint Round Rsqrt Select SelectV2 Selu Sigmoid Sign Sin
    Sinh Softplus Softsign Sqrt Square SquaredDifference StopGradient Sub Tan Tanh TruncateDiv TruncateMod
    Xdivy Xlog1py Xlogy ZerosLike Zeta
    """,
)
_REDUCTIONS = {"All", "Any", "EuclideanNorm", "Max", "Mean", "Min", "Prod", "Sum"}
_ALONG = {"ArgMax": "dimension", "ArgMin": "dimension", "Cumprod": "axis", "Cumsum": "axis"}


class Mixed(Exception):
    """An operation may bring rows together."""


def after(operation: tf.Operation, inputs: Sequence[tuple[tf.Tensor, int | None]]) -> int | None:
    """Return the axis of the rows in what an operation returns; None if there is none.

    Args:
        operation: of a graph.
        inputs: each of its tensors with the axis of the rows in it, or None.

    Raises:
        Mixed: if rows meet, and for what is not understood.
    """
    kind, (first, axis) = operation.type, inputs[0]
    rank = len(operation.outputs[0].shape) if operation.outputs else 0
    if kind in ("Shape", "Size", "Rank"):
        return None
    if kind in _ELEMENTWISE:
        return _aligned(inputs, rank)
    if kind in _REDUCTIONS:
        if axis is None:
            raise Mixed(kind)
        gone = {int(i) % len(first.shape) for i in np.ravel(_known(inputs[1]))}
        _require(axis not in gone)
        return axis if operation.get_attr("keep_dims") else axis - sum(i < axis for i in gone)
    if kind in _ALONG:
        if axis is None:
            raise Mixed(kind)
        along = int(_known(inputs[1])) % len(first.shape)
        _require(along != axis)
        return axis - (kind.startswith("Arg") and along < axis)
    if kind in ("Softmax", "LogSoftmax"):
        _require(axis != len(first.shape) - 1)
        return axis
    if kind in ("SoftmaxCrossEntropyWithLogits", "SparseSoftmaxCrossEntropyWithLogits"):
        _require(all(each == 0 for _, each in inputs))
        return 0
    if kind in ("Reshape", "ExpandDims", "Squeeze"):
        return _reshaped(first.shape, axis, operation.outputs[0].shape)
    if kind == "Transpose":
        return list(_known(inputs[1])).index(axis)
    if kind in ("MatMul", "BatchMatMul", "BatchMatMulV2"):
        return _multiplied(operation, inputs, rank)
    if kind == "Einsum":
        return _summed(operation, inputs)
    if kind in ("Pad", "PadV2", "MirrorPad"):
        _require(axis is not None and not np.any(_known(inputs[1])[axis]))
        return axis
    if kind in ("ReverseV2", "Roll", "TopKV2"):
        moved = [len(first.shape) - 1] if kind == "TopKV2" else np.ravel(_known(inputs[-1])) % rank
        _require(axis is not None and axis not in moved)
        return axis
    if kind == "Tile":
        _require(axis is not None and _known(inputs[1])[axis] == 1)
        return axis
    if kind == "BroadcastTo":
        return _aligned(inputs[:1], rank)
    if kind in ("MatrixTriangularSolve", "MatrixSolve"):
        # Each column of the right-hand side is solved for by itself.
        _require(axis is None and inputs[1][1] == rank - 1)
        return rank - 1
    if kind == "StridedSlice":
        return _sliced(operation, inputs)
    if kind == "GatherV2":
        return _gathered(operation, inputs)
    if kind == "OneHot":
        _require(axis is not None and operation.get_attr("axis") in (-1, rank - 1))
        return axis
    if kind == "ConcatV2":
        return _beside(inputs[:-1], int(_known(inputs[-1])) % rank)
    if kind == "Pack":
        along = operation.get_attr("axis") % rank
        before = _beside(inputs, None)
        return before + (along <= before)
    if kind in ("Unpack", "Split"):
        source, axis = inputs[-1]
        if axis is None:
            raise Mixed(kind)
        along = operation.get_attr("axis") if kind == "Unpack" else int(_known(inputs[0]))
        along %= len(source.shape)
        _require(along != axis)
        return axis - (kind == "Unpack" and along < axis)
    raise Mixed(kind)


def _require(holds):
    if not holds:
        raise Mixed


def _known(pair):
    value = tf.get_static_value(pair[0])
    _require(value is not None)
    return value


def _aligned(inputs, rank):
    """Arrays of several ranks are aligned at their last axes; only one of them may be the rows'."""
    found = {axis + rank - len(tensor.shape) for tensor, axis in inputs if axis is not None}
    _require(len(found) == 1)
    (axis,) = found
    for tensor, own in inputs:
        place = axis - (rank - len(tensor.shape))
        # An array of the model's own with an entry for each row would need the right rows.
        _require(own is not None or place < 0 or tensor.shape[place] == 1 or _same_along(tensor, place))
    return axis


def _same_along(tensor, place):
    """Whether an array of the model's own is the same all along an axis."""
    kind, inputs = tensor.op.type, tensor.op.inputs
    if kind == "Tile":
        return inputs[0].shape[place] == 1
    if kind == "BroadcastTo":
        own = place - (len(tensor.shape) - len(inputs[0].shape))
        return own < 0 or inputs[0].shape[own] == 1
    return _uniform(tensor)


def _uniform(tensor):
    if not len(tensor.shape) or (tensor.op.type in _ELEMENTWISE and all(map(_uniform, tensor.op.inputs))):
        return True
    value = tf.get_static_value(tensor)
    return value is not None and (np.ravel(value) == np.ravel(value)[0]).all()


def _reshaped(before, axis, after):
    for place, size in enumerate(after):
        if size == before[axis] and math.prod(after[:place]) == math.prod(before[:axis]):
            return place
    raise Mixed


def _multiplied(operation, inputs, rank):
    names = ("transpose_a", "transpose_b") if operation.type == "MatMul" else ("adj_x", "adj_y")
    found = set()
    for place, ((tensor, axis), name) in enumerate(zip(inputs, names, strict=True)):
        if axis is not None:
            last = len(tensor.shape) - 1
            # The axis of a factor that the product keeps: the left one's first, the right one's last.
            kept = last - 1 if (place == 0) != operation.get_attr(name) else last
            _require(axis == kept or axis < last - 1)
            found.add(rank - 2 + place if axis == kept else axis + rank - last - 1)
    _require(len(found) == 1)
    return found.pop()


def _summed(operation, inputs):
    terms, after = operation.get_attr("equation").decode().split("->")
    letters = {
        term[axis] for term, (_, axis) in zip(terms.split(","), inputs, strict=True) if axis is not None
    }
    free = {
        letter
        for term, (_, axis) in zip(terms.split(","), inputs, strict=True)
        if axis is None
        for letter in term
    }
    _require(len(letters) == 1 and not letters & free and "." not in terms)
    return after.index(letters.pop())


def _sliced(operation, inputs):
    source, axis = inputs[0]
    _require(axis is not None)
    begin, _, steps = (_known(pair) for pair in inputs[1:])
    masks = {
        name: operation.get_attr(f"{name}_mask")
        for name in ("begin", "end", "ellipsis", "new_axis", "shrink_axis")
    }
    before = after = 0  # axes of the source and of what is left of it
    for i in range(len(begin)):
        bit = 1 << i
        if masks["ellipsis"] & bit:
            rest = len(begin) - i - 1 - bin(masks["new_axis"] >> (i + 1)).count("1")
            skipped = len(source.shape) - before - rest
            if before <= axis < before + skipped:
                return after + axis - before
            before, after = before + skipped, after + skipped
        elif masks["new_axis"] & bit:
            after += 1
        elif before == axis:
            whole = (
                masks["begin"] & bit
                and masks["end"] & bit
                and steps[i] == 1
                and not masks["shrink_axis"] & bit
            )
            _require(whole)
            return after
        else:
            before, after = before + 1, after + (not masks["shrink_axis"] & bit)
    return after + axis - before


def _gathered(operation, inputs):
    (table, own), (index, rows), along = inputs
    along, batch = int(_known(along)) % len(table.shape), operation.get_attr("batch_dims")
    if own is not None and own == rows and own < batch:  # from each row by its own index
        return own
    _require(batch == 0 and (own is None) != (rows is None))
    if own is None:
        return along + rows
    _require(own != along)
    return own if own < along else own + len(index.shape) - 1


def _beside(inputs, along):
    """Arrays side by side, along an axis that is not the rows'; one without rows must be the same in all."""
    found = {axis for _, axis in inputs if axis is not None}
    _require(len(found) == 1 and along not in found)
    _require(all(axis is not None or _uniform(tensor) for tensor, axis in inputs))
    return found.pop()
