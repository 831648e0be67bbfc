#!/bin/sh
# A whole run with vLLM's own batch command, on one machine with GPUs and no server between.
#   ./vllm_run_batch.sh my_world.yaml 2000 Qwen/Qwen3-8B
set -eu
world=$1 n=$2 model=$3 run=${RUN:-by_files}

# Each turn of the loop is one round: types, ideas, documents, then refills. requests ends with 3 when none is due.
while docgen requests "$world" --run "$run" --n "$n" --engine openai --model "$model" --out round.jsonl; do
    vllm run-batch -i round.jsonl -o answers.jsonl --model "$model"
    docgen replies "$run" answers.jsonl
done
docgen status "$run"
