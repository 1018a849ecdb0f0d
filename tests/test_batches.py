"""Where batches come from: every row once an epoch, in an order anybody can compute, read when taken."""

import re

import numpy as np
import pandas as pd
import pytest
import tensorflow as tf

from mlefit.descent.batches import Batches
from mlefit.descent.sources import source
from mlefit.descent.streams import Stream

X = np.arange(40.0).reshape(10, 4)
Y = np.arange(10)


def rows(batch):
    return batch.whole()[0].numpy()[:, 0] / 4


@pytest.mark.parametrize("seed", [0, 7])
def test_each_epoch_has_every_row_once_in_the_order_of_its_own_generator(seed):
    batches = Batches((X, Y), 4, seed)
    for epoch in (0, 3, 1):
        order = np.random.default_rng([seed, epoch]).permutation(10)
        taken = [batches.at(3 * epoch + k) for k in range(3)]
        assert [batch.rows for batch in taken] == [4, 4, 2]
        assert np.concatenate([rows(batch) for batch in taken]).tolist() == order.tolist()
        assert all((batch.whole()[1].numpy() == rows(batch)).all() for batch in taken)
    assert [step for step in range(10) if batches.ends(step)] == [3, 6, 9]
    assert np.concatenate([rows(batch) for batch in batches.all()]).tolist() == list(range(10))


def test_a_part_of_a_batch_is_that_part():
    batch = Batches((X, Y), 4, 1).at(1)
    np.testing.assert_array_equal(batch.read(slice(1, 3))[0], batch.whole()[0][1:3])
    batch = Stream(tf.data.Dataset.from_tensor_slices((X, {"label": Y})).batch(4)).at(0)
    assert batch.read(slice(1, 3))[1]["label"].numpy().tolist() == [1, 2]


def test_a_batch_larger_than_the_data_has_all_rows():
    batches = Batches((X,), 64, 0)
    assert batches.size == 10 and batches.at(5).rows == 10 and batches.ends(1)


@pytest.mark.parametrize(
    ("given", "dtype", "value"),
    [
        (np.arange(3, dtype="float32"), tf.float32, 2),
        (np.arange(3, dtype=">f8"), tf.float64, 2),
        (np.arange(3, dtype="uint8"), tf.uint8, 2),
        (np.array([False, True, True]), tf.bool, True),
        ([0.5, 1.5, 2.5], tf.float64, 2.5),
        (tf.constant([0.5, 1.5, 2.5], tf.bfloat16), tf.bfloat16, 2.5),
        (pd.Series([0, 1, 2]), tf.int64, 2),
        (np.array([0, 1, 2], dtype=object), tf.float64, 2),
        (np.full((3, 2, 2, 2), 2, "float16"), tf.float16, 2),
    ],
)
def test_numbers_keep_their_type(given, dtype, value):
    (part,) = source(given, 3, None).first.whole()
    assert part.dtype == dtype and part.shape == np.shape(given)
    assert np.max(part.numpy()) == value


def test_a_stream_gives_its_elements_in_turn_and_knows_where_a_pass_ends():
    stream = Stream(tf.data.Dataset.from_tensor_slices(X).batch(4))
    assert (stream.size, stream.finite, stream.ends(0)) == (4, True, False)
    taken = []
    for step in range(7):
        taken.append(stream.at(step).rows)
        assert stream.ends(step + 1) == (step % 3 == 2)
        with pytest.raises(IndexError, match=f"step {step + 1} is next, not {step}"):
            stream.at(step)
    assert taken == [4, 4, 2, 4, 4, 2, 4]
    endless = Stream(tf.data.Dataset.from_tensor_slices(X).batch(4).repeat())
    assert not endless.finite and not any(
        endless.ends(step + 1) or endless.at(step) is None for step in range(9)
    )


def test_a_stream_that_can_be_read_once_says_so():
    once = iter([X[:4], X[4:]])
    dataset = tf.data.Dataset.from_generator(
        lambda: once, output_signature=tf.TensorSpec((None, 4), tf.float64)
    )
    stream = Stream(dataset)
    assert [stream.at(step).rows for step in range(2)] == [4, 6]
    with pytest.raises(ValueError, match="data has no batch any more after step 2"):
        stream.at(2)


def test_a_file_is_read_batch_by_batch_and_checked_as_it_is_read(tmp_path):
    written = np.memmap(tmp_path / "x", dtype="float32", mode="w+", shape=(1000, 2))
    written[:] = np.arange(2000).reshape(1000, 2)
    order = np.random.default_rng([0, 0]).permutation(1000)
    bad = int(order[730])
    written[bad, 1] = np.nan
    written.flush()
    x = np.memmap(tmp_path / "x", dtype="float32", mode="r", shape=(1000, 2))
    reads = []

    class Watched(np.memmap):
        def __getitem__(self, places):
            reads.append(np.size(places))
            return super().__getitem__(places)

    batches = source((x.view(Watched), np.ones(1000)), 100, 0)
    assert isinstance(batches, Batches) and sum(reads) <= 200  # a glimpse, to know it by
    reads.clear()
    for step in range(7):
        np.testing.assert_array_equal(rows(batches.at(step)) * 2, order[100 * step : 100 * step + 100])
    assert reads == [100] * 7
    with pytest.raises(ValueError, match=re.escape(f"data[0] must be finite, got nan at index ({bad}, 1)")):
        batches.at(7).whole()


@pytest.mark.parametrize(
    ("data", "options", "message"),
    [
        ((X, Y), {}, "batch_size is missing"),
        ((X, Y), {"batch_size": 0}, "batch_size must be at least 1, got 0"),
        ((X, Y), {"batch_size": 4.0}, "batch_size must be a whole number, got 4.0"),
        ((X, Y), {"batch_size": 4, "seed": -1}, "seed must be at least 0"),
        (None, {"batch_size": 4}, "batch_size is for arrays as data, got 4"),
        (None, {"seed": 4}, "seed is for arrays as data, got 4"),
        ((X, Y[:9]), {"batch_size": 4}, r"data\[0\] has shape \(10, 4\) and data\[1\] has shape \(9,\)"),
        ((X, np.where(Y > 0, Y, np.nan)), {"batch_size": 4}, r"data\[1\] must be finite, got nan at index 0"),
        (np.where(X < 6, X, np.inf), {"batch_size": 4}, r"data must be finite, got inf at index \(1, 2\)"),
        ((X, 3.0), {"batch_size": 4}, r"data\[1\] must have a row for each observation"),
        (X[:0], {"batch_size": 4}, "data has no observations"),
        ((), {"batch_size": 4}, "data is an empty tuple"),
        ([X, X], {"batch_size": 4}, "got a list of arrays: make it a tuple"),
        (["a", "b"], {"batch_size": 4}, "data must hold real numbers, got text"),
        ((X, pd.Series(Y, range(1, 11)), pd.Series(Y)), {"batch_size": 4}, "different pandas indexes"),
    ],
)
def test_data_that_cannot_be_used(data, options, message):
    with pytest.raises((ValueError, TypeError), match=message):
        source(data, **{"batch_size": None, "seed": None, **options})


def dataset(*parts):
    return tf.data.Dataset.from_tensors(parts)


@pytest.mark.parametrize(
    ("data", "options", "message"),
    [
        (dataset(X), {"batch_size": 4}, "batch_size is for arrays .* batch and shuffle the dataset itself"),
        (dataset(X), {"seed": 4}, "seed is for arrays as data, got 4"),
        (tf.data.Dataset.range(9), {}, "data must come in batches, got a dataset of numbers"),
        (tf.data.Dataset.range(0).batch(2), {}, "data has no batch: the dataset is empty"),
        (dataset(X, Y[:9]), {}, r"data has a batch with parts of different lengths: \[9, 10\]"),
        (
            tf.data.Dataset.range(9).ragged_batch(2).map(lambda x: tf.RaggedTensor.from_tensor(x[:, None])),
            {},
            "data must have dense tensors as elements, got RaggedTensorSpec",
        ),
    ],
)
def test_datasets_that_cannot_be_used(data, options, message):
    with pytest.raises((ValueError, TypeError), match=message):
        source(data, **{"batch_size": None, "seed": None, **options})
