"""What the notebooks were given: lines, and the prompts that their owners try."""

from __future__ import annotations

LINES = (
    "the farmer paints the last train red",
    "a train waits behind the old barn",
    "the dog sleeps when the farmer works",
    "old trains and red barns are what the farmer paints",
    "she sings to the dog behind the barn",
    "when the rain falls the dog waits",
    "the last rain of the year falls on red fields",
    "a farmer works and a farmer sleeps",
)

PROMPTS = (
    "the farmer",
    "a train",
    "she sings to the dog",
    "the dog sleeps when the rain falls on the old red barn and the farmer works",
    "old",
    "the zebra waits",
    "red barns are what the farmer paints",
    "when",
    "a farmer works and a farmer sleeps behind the last train of the year when she sings to the old dog",
    "The Dog Waits, when!",
    "fields",
    "behind the barn the dog",
    "rain falls on the train",
    "what she paints",
    "the year of the farmer",
    "to the last of the old trains and the red fields",
    "are",
    "waits waits waits",
    "unknown words only the last one is train",
    "and when the rain falls she sings",
)
# Those that the owner writes down beside what the loop said.
TOLD = (0, 3, 5, 9, 10, 15)

CHARACTERS = " abcdefghijklmnopqrstuvwxyz"
CHARACTER_PROMPTS = (
    "the old ",
    "a ",
    "rain falls on the ",
    "she was born in the old barn behind the ",
    "w",
    "the dog sleeps",
    "no ",
    "his hat",
    "the last train to the ",
    "and there is nothing in the station that ",
    "bad",
    "one hundred",
    "not a word was ",
    "it",
    "certain",
    "so ",
    "all that is told is told for the first ",
    "water",
    "she and",
    "ordinals ",
)
