#!/bin/sh
# Answers to all prompts by the morning: sh examples/night.sh BUNDLE PROMPTS.txt ANSWERS.jsonl
# A run that was cut off is finished by the next one; one that is done changes nothing.
set -eu
bundle=$1 prompts=$2 answers=$3
edgeword verify "$bundle" >&2
if [ -e "$answers" ]; then
    exec nice edgeword bulk "$bundle" "$prompts" --out "$answers" -n 30 --resume
fi
exec nice edgeword bulk "$bundle" "$prompts" --out "$answers" -n 30
