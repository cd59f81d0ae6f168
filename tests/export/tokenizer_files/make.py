"""Pickle a small Tokenizer with the Keras that is installed here, beside the ids that it gives.

    python make.py [tf.keras | tf_keras | keras_preprocessing | keras.src.legacy]

Run once under each of
    Keras 1.2.2 and 2.2.4 with TensorFlow 1.15.5 (Python 3.7);
    tf.keras of TensorFlow 2.15.1 (Python 3.11), tf_keras 2.19.0 (Python 3.11), keras.src.legacy of Keras 3.15.1;
    keras_preprocessing 1.1.2 (Python 2.7).
`ids.json` holds the ids of `TEXTS` by file.
"""

from __future__ import unicode_literals

import io
import json
import os
import pickle
import sys

os.environ.update(TF_CPP_MIN_LOG_LEVEL="3", CUDA_VISIBLE_DEVICES="-1", KERAS_BACKEND="tensorflow")

LINES = ["the cat sat on the mat", "the Dog's dog; the na\u00efve dog!", "caf\u00e9 on the mat"]
TEXTS = ["The dog sat", "a caf\u00e9 on the   na\u00efve, mat", "", "Cat-dog's"]
MODULE = sys.argv[1] if len(sys.argv) > 1 else "keras"


def tokenizer_class():
    if MODULE == "tf.keras":
        from tensorflow.keras.preprocessing.text import Tokenizer
    elif MODULE == "tf_keras":
        from tf_keras.preprocessing.text import Tokenizer
    elif MODULE == "keras_preprocessing":
        from keras_preprocessing.text import Tokenizer
    elif MODULE == "keras.src.legacy":
        from keras.src.legacy.preprocessing.text import Tokenizer
    else:
        from keras.preprocessing.text import Tokenizer
    return Tokenizer


def fitted(**options):
    tokenizer = tokenizer_class()(**options)
    # What a file gives to Python 2 is bytes.
    tokenizer.fit_on_texts([line.encode("utf-8") for line in LINES] if str is bytes else LINES)
    return tokenizer


def main():
    here = os.path.dirname(os.path.abspath(__file__))
    index = os.path.join(here, "ids.json")
    said = json.load(open(index)) if os.path.exists(index) else {"texts": TEXTS, "ids": {}}
    name = tokenizer_class().__module__ + "-py%d" % sys.version_info[0]
    makes = {"": {}, "-lower": {"lower": False}}
    if str is not bytes:
        makes["-chars"] = {"char_level": True}
    if MODULE != "keras":
        makes["-oov"] = {"oov_token": "<OOV>"}
    for suffix, options in makes.items():
        for protocol in sorted({0, 2, pickle.HIGHEST_PROTOCOL} if not suffix else {pickle.HIGHEST_PROTOCOL}):
            tokenizer = fitted(**options)
            file = "%s%s-%d.pkl" % (name, suffix, protocol)
            with open(os.path.join(here, file), "wb") as opened:
                pickle.dump(tokenizer, opened, protocol=protocol)
            texts = [text.encode("utf-8") for text in TEXTS] if str is bytes else TEXTS
            said["ids"][file] = tokenizer.texts_to_sequences(texts)
    with io.open(index, "w", encoding="utf-8") as opened:
        opened.write("%s\n" % json.dumps(said, sort_keys=True))


if __name__ == "__main__":
    main()
