"""Write small models with the Keras that is installed here, beside the answers that it gives.

    python make.py [tf.keras | tf_keras]        into a folder named after it: keras-2.2.4, tf.keras-2.15.1, ...

Run once under each of
    Keras 1.2.2, 2.0.4, 2.1.2, 2.2.4 and 2.3.1, each with TensorFlow 1.15.5 (Python 3.7);
    tf.keras of TensorFlow 1.15.5 (Python 3.7), 2.12.1 and 2.15.1 (Python 3.11);
    tf_keras 2.19.0 with TensorFlow 2.19.1 (Python 3.11); Keras 3.15.1 with TensorFlow 2.21.0 (Python 3.11).
The folder of `answers.json` holds, for each file, ids `[B, L]` and the answers to them.
"""

import gzip
import importlib
import json
import os
import sys
from pathlib import Path

os.environ.update(TF_CPP_MIN_LOG_LEVEL="3", CUDA_VISIBLE_DEVICES="-1", KERAS_BACKEND="tensorflow")

import numpy as np

MODULE = sys.argv[1] if len(sys.argv) > 1 else "keras"
if MODULE == "tf.keras":
    import tensorflow
    from tensorflow import keras

    RELEASE = getattr(keras, "__version__", "") or tensorflow.__version__
else:
    keras = importlib.import_module(MODULE)
    RELEASE = keras.__version__

L = keras.layers
VERSION = tuple(int(part) for part in RELEASE.split("-")[0].split("."))
WRITER = MODULE + "-" + RELEASE
V, E, U, T = 7, 3, 4, 5
IDS = [[3, 1, 4, 1, 5], [2, 6, 5, 3, 5], [0, 0, 2, 6, 4]]


def sequential(*layers):
    model = keras.models.Sequential()
    for layer in layers:
        model.add(layer)
    return model


def functional(*layers, **options):
    ids = L.Input(shape=(T,), **options)
    hidden = ids
    for layer in layers:
        hidden = layer(hidden)
    return keras.models.Model(ids, hidden)


def embedding(**options):
    if VERSION < (3,):
        options.setdefault("input_length", T)
    return L.Embedding(V, E, **options)


def softmax():
    return L.Dense(V, activation="softmax")


def lstm():
    return sequential(embedding(), L.LSTM(U, return_sequences=True), L.Dropout(0.2), L.LSTM(U), softmax())


def gru_sequences():
    return sequential(embedding(), L.GRU(U, return_sequences=True), L.TimeDistributed(softmax()))


def gru_reset_after():
    return sequential(embedding(), L.GRU(U, reset_after=True, recurrent_activation="sigmoid"), softmax())


def gru_reset_before():
    return sequential(embedding(), L.GRU(U, reset_after=False), softmax())


def simple_rnn_functional():
    return functional(L.Embedding(V, E), L.SimpleRNN(U), softmax())


def masked():
    return sequential(embedding(mask_zero=True), L.LSTM(U), softmax())


def masked_functional():
    return functional(L.Embedding(V, E, mask_zero=True), L.LSTM(U, return_sequences=True), L.GRU(U), softmax())


def bidirectional():
    return sequential(embedding(), L.Bidirectional(L.LSTM(U)), softmax())


def bidirectional_masked():
    return sequential(embedding(mask_zero=True), L.Bidirectional(L.GRU(U, return_sequences=True)), L.LSTM(U), softmax())


def stateful():
    return sequential(
        L.Embedding(V, E, batch_input_shape=(1, T)), L.LSTM(U, stateful=True), L.Activation("relu"), softmax()
    )


def regularized():
    l2 = keras.regularizers.l2
    return sequential(
        embedding(embeddings_initializer="uniform", embeddings_regularizer=l2(0.01)),
        L.LSTM(
            U, kernel_initializer="he_normal", kernel_regularizer=l2(0.01), recurrent_constraint="max_norm", dropout=0.1
        ),
        L.Dense(U, activation="elu", bias_initializer="zeros", activity_regularizer=l2(0.01)),
        softmax(),
    )


def one_hot():
    return sequential(L.LSTM(U, input_shape=(T, V)), L.Dense(V), L.Activation("softmax"))


def cudnn_lstm():
    return sequential(embedding(), L.CuDNNLSTM(U, return_sequences=True), L.Bidirectional(L.CuDNNLSTM(U)), softmax())


def cudnn_lstm_twin():
    lstm, inner = (
        L.LSTM(U, return_sequences=True, recurrent_activation="sigmoid"),
        L.LSTM(U, recurrent_activation="sigmoid"),
    )
    return sequential(embedding(), lstm, L.Bidirectional(inner), softmax())


def cudnn_gru():
    return sequential(embedding(), L.CuDNNGRU(U), softmax())


def branches():
    """Two branches whose layers are saved in an order of their own."""
    ids = L.Input(shape=(T,))
    table = L.Embedding(V, E, name="a_table")
    long = L.LSTM(U, return_sequences=True, name="z_first")(table(ids))
    long = L.LSTM(U, name="b_second")(long)
    short = L.LSTM(U, name="y_short")(table(ids))
    return keras.models.Model(ids, softmax()(L.concatenate([short, long])))


def called_twice():
    """One layer that is called twice."""
    ids = L.Input(shape=(T,))
    table, cell = L.Embedding(V, E), L.GRU(U)
    hidden = table(ids)
    return keras.models.Model(ids, softmax()(L.add([cell(hidden), cell(L.Dropout(0.1)(hidden))])))


def nested():
    block = sequential(L.LSTM(U, input_shape=(T, E), return_sequences=True), L.LSTM(U))
    return functional(L.Embedding(V, E), block, softmax())


def nested_sequential():
    block = sequential(L.Embedding(V, E, input_length=T), L.LSTM(U))
    return sequential(block, softmax())


def nested_functional():
    hidden = L.Input(shape=(T, E))
    block = keras.models.Model(hidden, L.GRU(U)(L.LSTM(U, return_sequences=True)(hidden)))
    return functional(L.Embedding(V, E), block, softmax())


def nested_last():
    block = sequential(L.LSTM(U, input_shape=(T, E)), softmax())
    return functional(L.Embedding(V, E), block)


def convolution():
    """Under the names of Keras 1."""
    layers = [L.Convolution1D(U, 3, border_mode="same", activation="relu"), L.MaxPooling1D(2), L.Dropout(0.1)]
    return sequential(embedding(), *layers, L.Flatten(), softmax())


def stacked_cells():
    return sequential(embedding(), L.RNN([L.LSTMCell(U), L.GRUCell(E)]), softmax())


def normalized():
    return sequential(
        embedding(),
        L.SpatialDropout1D(0.1),
        L.Conv1D(U, 3, padding="same", activation="relu"),
        L.BatchNormalization(),
        L.LSTM(U, return_sequences=True),
        L.GlobalMaxPooling1D(),
        L.BatchNormalization(),
        L.LeakyReLU(),
        softmax(),
    )


def layer_normalized():
    return sequential(embedding(), L.LSTM(U, return_sequences=True), L.LayerNormalization(), L.Flatten(), softmax())


def attention():
    ids = L.Input(shape=(T,))
    hidden = L.Embedding(V, 4)(ids)
    attended = L.MultiHeadAttention(2, 2)(hidden, hidden)
    hidden = L.LayerNormalization()(L.Add()([hidden, attended]))
    return keras.models.Model(ids, softmax()(L.GlobalAveragePooling1D()(hidden)))


def additive_attention():
    ids = L.Input(shape=(T,))
    hidden = L.LSTM(U, return_sequences=True)(L.Embedding(V, E)(ids))
    attended = L.Attention()([hidden, hidden])
    return keras.models.Model(ids, softmax()(L.Flatten()(L.Concatenate()([hidden, attended]))))


def attention_by_hand():
    """What notebooks of Keras 2 build out of layers that have no weights."""
    ids = L.Input(shape=(T,))
    hidden = L.LSTM(U, return_sequences=True)(L.Embedding(V, E)(ids))
    scores = L.Activation("softmax")(L.Flatten()(L.Dense(1, activation="tanh")(hidden)))
    weighted = L.multiply([hidden, L.Permute([2, 1])(L.RepeatVector(U)(scores))])
    return keras.models.Model(ids, softmax()(L.GlobalAveragePooling1D()(weighted)))


def initial_state():
    ids = L.Input(shape=(T,))
    hidden, h, c = L.LSTM(U, return_sequences=True, return_state=True)(L.Embedding(V, E)(ids))
    return keras.models.Model(ids, softmax()(L.LSTM(U)(hidden, initial_state=[h, c])))


def sliced():
    ids = L.Input(shape=(T,))
    hidden = L.LSTM(U, return_sequences=True)(L.Embedding(V, E)(ids))
    return keras.models.Model(ids, softmax()(hidden[:, -1] + 0.5 * hidden[:, -2, :]))


def mixed_precision():
    return sequential(embedding(dtype="mixed_float16"), L.LSTM(U, dtype="mixed_float16"), softmax())


def frozen():
    table = embedding(trainable=False)
    return sequential(table, L.BatchNormalization(trainable=False), L.LSTM(U), softmax())


PLAIN = [lstm, gru_sequences, simple_rnn_functional, masked, masked_functional, bidirectional, stateful]
KERAS_2 = [
    *PLAIN,
    bidirectional_masked,
    regularized,
    one_hot,
    branches,
    called_twice,
    nested,
    nested_sequential,
    nested_functional,
    nested_last,
]
RESET = [gru_reset_after, gru_reset_before]
LAYERS = [stacked_cells, normalized, layer_normalized, attention, additive_attention, attention_by_hand]
CALLS = [initial_state, sliced]
CUDNN = {cudnn_lstm: cudnn_lstm_twin, cudnn_gru: gru_reset_after}
# What each Keras writes, and with which endings.
CASES = {
    "keras-1.2.2": (["h5"], [*PLAIN, convolution]),
    "keras-2.0.4": (["h5"], PLAIN),
    "keras-2.1.2": (["h5"], KERAS_2),
    "keras-2.2.4": (["h5"], [*KERAS_2, *CUDNN, *RESET, attention_by_hand, initial_state]),
    "keras-2.3.1": (["h5"], [lstm, masked_functional, bidirectional, *RESET]),
    "tf.keras-2.2.4-tf": (["h5"], [*PLAIN, one_hot, *RESET]),
    "tf.keras-2.12.0": (["h5", "keras"], [lstm, masked_functional, bidirectional, branches, nested, *RESET]),
    "tf.keras-2.15.1": (["h5", "keras"], [*KERAS_2, *RESET, *LAYERS, *CALLS, mixed_precision, frozen]),
    "tf_keras-2.19.0": (["h5", "keras"], [lstm, masked_functional]),
    "keras-3.15.1": (["h5"], [masked_functional, sliced]),
}


def with_weights(model):
    """Weights large enough that no activation is close to linear."""
    rng = np.random.RandomState(7)
    model.set_weights(
        [
            np.abs(rng.normal(0, 0.8, w.shape))
            if w.ndim == 1 and "norm" in str(model.layers)
            else rng.normal(0, 0.8, w.shape)
            for w in model.get_weights()
        ]
    )
    return model


def answers(model):
    batch = model.input_shape[0] or len(IDS)
    ids = np.eye(V)[np.array(IDS)] if len(model.input_shape) == 3 else np.array(IDS)
    rows = []
    for start in range(0, len(IDS), batch):
        rows.append(model.predict(ids[start : start + batch], batch_size=batch))
        if any(getattr(layer, "stateful", False) for layer in model.layers):
            model.reset_states()
    return np.concatenate(rows).astype("float64").round(7).tolist()


def write(make, ending, folder):
    """Save a model, gzipped, and return its answers."""
    path = folder / f"{make.__name__}.{ending}"
    model = with_weights(make())
    # TensorFlow 2.12 knows today's format and still writes HDF5 unless it is asked for.
    asked = {"save_format": "keras_v3"} if WRITER == "tf.keras-2.12.0" and ending == "keras" else {}
    model.save(str(path), **asked)
    if make in CUDNN:
        # Its own kernels need a GPU; Keras reads the file into the layer that runs anywhere.
        model = CUDNN[make]()
        model.load_weights(str(path))
    said = answers(model)
    with gzip.GzipFile(str(path) + ".gz", "wb", mtime=0) as packed:
        packed.write(path.read_bytes())
    path.unlink()
    return said


def place_only_what_runs():
    """Let the TensorFlow 1 session hold kernels of CuDNN, which no CPU has, as long as they are not run."""
    import tensorflow as tf

    config = tf.ConfigProto()
    config.graph_options.place_pruned_graph = True
    keras.backend.set_session(tf.Session(config=config))


def main():
    if WRITER == "keras-2.2.4":
        place_only_what_runs()
    folder = Path(__file__).parent / WRITER
    folder.mkdir(exist_ok=True)
    endings, cases = CASES[WRITER]
    said = {f"{make.__name__}.{ending}": write(make, ending, folder) for make in cases for ending in endings}
    (folder / "answers.json").write_text(json.dumps({"ids": IDS, "answers": said}, separators=(",", ":")) + "\n")


if __name__ == "__main__":
    main()
