#!/bin/sh
# One round as a Slurm array: the requests split over TASKS tasks with a GPU each. Call it once for each round:
#   until [ "$(./slurm_round.sh my_world.yaml 50000 Qwen/Qwen3-8B)" = done ]; do :; done
# Slurm may run a task twice or lose one: replies that come twice are taken once, lost ones are due in the next round.
set -eu
world=$1 n=$2 model=$3 run=${RUN:-by_files} tasks=${TASKS:-16}

rm -rf parts && mkdir parts
docgen requests "$world" --run "$run" --n "$n" --engine openai --model "$model" --out round.jsonl >&2 || {
    [ $? -eq 3 ] && echo done
    exit 0
}
split --number="l/$tasks" --numeric-suffixes --suffix-length=4 --additional-suffix=.in round.jsonl parts/
sbatch --wait --array="0-$((tasks - 1))" --gpus=1 --time=4:00:00 --output=parts/%a.log --export=ALL,MODEL="$model" \
    --wrap='part=parts/$(printf %04d "$SLURM_ARRAY_TASK_ID")
            [ ! -s "$part.in" ] || vllm run-batch -i "$part.in" -o "$part.jsonl" --model "$MODEL"' >&2 || true
docgen replies "$run" parts >&2
