# For other scripts: `step NAME COMMAND…` runs a command under a heading and keeps its time, `print_steps` prints all times.

step_names=()
step_seconds=()

step() {
    local name=$1 start=$SECONDS
    shift
    echo "== $name"
    "$@"
    step_names+=("$name")
    step_seconds+=($((SECONDS - start)))
}

print_steps() {
    local total=0 index
    for index in "${!step_seconds[@]}"; do
        total=$((total + step_seconds[index]))
    done
    for index in "${!step_names[@]}"; do
        printf '%6d s  %3d %%  %s\n' "${step_seconds[index]}" \
            $((total ? 100 * step_seconds[index] / total : 0)) "${step_names[index]}"
    done
    printf '%6d s         all\n' "$total"
}
