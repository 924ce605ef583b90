# shellcheck shell=bash
# What the job scripts of all machines share. A script sources this file and calls `terrella_job MACHINE JOB`:
# on a login node that submits the script itself, in a job it starts the programs by srun.
#
# A machine is the facts in MACHINE/site.sh: `kinds`, its kinds of nodes, the first one the default, and for each KIND
#   KIND_partition         Slurm's partition                    [TERRELLA_PARTITION]
#   KIND_qos               its quality of service; 'account': named as the account   [TERRELLA_QOS]
#   KIND_cores             cores of a node that jobs may use    [TERRELLA_CORES]
#   KIND_ranks             ranks of the driver on a node        [TERRELLA_RANKS]
#   KIND_rank_cores        cores of a rank                      [TERRELLA_RANK_CORES]
#   KIND_bind              srun's --cpu-bind: cores, or a mask for each rank         [TERRELLA_BIND]
#   KIND_threads_per_core  1 where Slurm counts hardware threads, so that it counts cores
#   KIND_gpus              GPUs of a node, none where left out  [TERRELLA_GPUS]
#   KIND_gpu_request       how GPUs are asked for: the option up to the number   [TERRELLA_GPU_REQUEST]
#   KIND_device            the device, of those that a rank sees                     [TERRELLA_DEVICE]
#   KIND_mpi               the MPI library, as TERRELLA_MPI names it                 [TERRELLA_MPI]
#   KIND_modules           what `module load` gets              [TERRELLA_MODULES; 'none': nothing]
#   KIND_exclusive         no: nodes are shared there; else whole nodes are asked for
#   KIND_submit            other options of sbatch
# A variable in brackets takes the place of the fact.

fail() {
    printf '%s %s: %s\n' "$site" "$job" "$*" >&2
    exit 2
}

fact() {
    local name=${kind}_$1
    printf '%s' "${!name-}"
}

# The user's variable, else the fact; WHAT says what is missing where neither is there.
setting() { # VARIABLE FACT [WHAT]
    local value=${!1-}
    [ -n "$value" ] || value=$(fact "$2")
    [ -n "$value" ] || [ $# -lt 3 ] || fail "$1 is not set: $3"
    printf '%s' "$value"
}

# As `setting`, for a number.
count() { # VARIABLE FACT WHAT
    local value
    value=$(setting "$@") || exit
    [[ $value =~ ^[1-9][0-9]*$ ]] || fail "$1: expected a number of 1 or more, got '$value'"
    printf '%s' "$value"
}

terrella_job() { # MACHINE bench|validate|run
    site=$1
    job=$2
    machines=$TERRELLA_ROOT/benches/machines
    # shellcheck source=/dev/null
    . "$machines/$site/site.sh"
    # shellcheck disable=SC2154 # The facts.
    kind=${TERRELLA_KIND:-${kinds%% *}}
    [[ " $kinds " == *" $kind "* ]] || fail "TERRELLA_KIND: expected one of '$kinds', got '$kind'"
    read_layout
    if [ -n "${SLURM_JOB_ID:-}" ]; then
        start
    else
        submit
    fi
}

# Ranks, their cores and GPUs, and the options that say so to sbatch and srun alike.
read_layout() {
    local cores gpus gpu_request masks bind threads_per_core
    cores=$(count TERRELLA_CORES cores "the cores of a node")
    ranks=$(count TERRELLA_RANKS ranks "the ranks on a node")
    rank_cores=$(setting TERRELLA_RANK_CORES rank_cores)
    rank_cores=${rank_cores:-$((cores / ranks))}
    [[ $rank_cores =~ ^[1-9][0-9]*$ ]] ||
        fail "TERRELLA_RANK_CORES: expected a number of 1 or more, got '$rank_cores'"
    device=$(setting TERRELLA_DEVICE device)
    device=${device:-cpu}
    gpus=0
    if [ "$device" != cpu ]; then
        gpus=$(count TERRELLA_GPUS gpus "the GPUs of a node")
    fi
    nodes=${SLURM_JOB_NUM_NODES:-${TERRELLA_NODES:-2}}
    # One process measures or validates: on a GPU with the cores of one rank, else with all cores of the node.
    if [ "$job" != run ]; then
        nodes=1
        if [ "$device" = cpu ]; then
            rank_cores=$cores
        fi
        ranks=1
    fi
    [ $((ranks * rank_cores)) -le "$cores" ] ||
        fail "$ranks ranks of $rank_cores cores: expected at most the node's $cores cores"
    [ "$device" = cpu ] || [ "$ranks" -le "$gpus" ] || fail "$ranks ranks: expected at most one for each of $gpus GPUs"

    bind=$(setting TERRELLA_BIND bind)
    bind=${bind:-cores}
    layout=("--nodes=$nodes" "--ntasks=$((nodes * ranks))" "--ntasks-per-node=$ranks")
    if [[ $bind == mask_cpu:* ]]; then
        # A mask says which cores and how many.
        IFS=, read -r -a masks <<<"${bind#mask_cpu:}"
        [ "$ranks" -le "${#masks[@]}" ] || fail "$ranks ranks: expected at most one for each of ${#masks[@]} masks"
    else
        layout+=("--cpus-per-task=$rank_cores")
    fi
    threads_per_core=$(fact threads_per_core)
    [ -z "$threads_per_core" ] || layout+=("--threads-per-core=$threads_per_core")
    if [ "$device" != cpu ]; then
        gpu_request=$(setting TERRELLA_GPU_REQUEST gpu_request "how GPUs are asked for")
        layout+=("$gpu_request$ranks")
    fi
    cpu_bind="--cpu-bind=$bind"
}

submit() {
    local account partition qos command extra time
    account=${TERRELLA_ACCOUNT:-}
    [ -n "$account" ] || fail "TERRELLA_ACCOUNT is not set: the project that pays"
    partition=$(setting TERRELLA_PARTITION partition "the partition of the nodes")
    qos=$(setting TERRELLA_QOS qos)
    [ "$qos" != account ] || qos=$account
    case $job in
    bench) time=02:00:00 ;;
    validate) time=04:00:00 ;;
    *) time=01:00:00 ;;
    esac
    command=(sbatch "--account=$account" "--partition=$partition" "${layout[@]}" "--time=${TERRELLA_TIME:-$time}"
        "--job-name=terrella-$job" "--output=$TERRELLA_ROOT/out/machines/%x-%j.log" --export=ALL)
    [ -z "$qos" ] || command+=("--qos=$qos")
    [ "$(fact exclusive)" = no ] || command+=(--exclusive)
    read -r -a extra <<<"$(fact submit) ${TERRELLA_SBATCH:-}"
    command+=(${extra[@]+"${extra[@]}"} "$machines/$site/$job.sh")
    export TERRELLA_ROOT TERRELLA_KIND="$kind"
    if [ -z "${TERRELLA_DRY_RUN:-}" ]; then
        mkdir -p "$TERRELLA_ROOT/out/machines"
    fi
    execute "${command[@]}"
}

start() {
    local modules binaries out program words command extra
    modules=$(setting TERRELLA_MODULES modules)
    [ "$modules" != none ] || modules=
    if [ -n "${TERRELLA_DRY_RUN:-}" ]; then
        [ -z "$modules" ] || printf 'module load %s\n' "$modules"
    elif [ -n "$modules" ]; then
        type module >/dev/null 2>&1 || fail "there is no command 'module', which is to load '$modules'"
        # Modules are not written for these.
        set +eu
        # shellcheck disable=SC2086 # Several modules.
        module load $modules || fail "could not load the modules '$modules': name others in TERRELLA_MODULES"
        set -eu
    fi

    binaries=${TERRELLA_BIN:-${CARGO_TARGET_DIR:-$TERRELLA_ROOT/target}/release}
    out=${TERRELLA_OUT:-$TERRELLA_ROOT/out/machines/$site-$kind-$job-$SLURM_JOB_ID}
    case $job in
    bench)
        program=terrella-benches
        words=(all --threads "$rank_cores" --json "$out/bench.json" --save --machine "${TERRELLA_MACHINE:-$site-$kind}")
        ;;
    validate)
        program=terrella-validation
        words=(report --out "$out")
        ;;
    run)
        program=extremes
        words=(run "${TERRELLA_CONFIG:-$TERRELLA_ROOT/examples/extremes/forecast.toml}" --out "$out")
        ;;
    *) fail "expected the job bench, validate or run, got '$job'" ;;
    esac

    # Rank i of a node has the i-th part of its cores, on one socket as long as it has room.
    command=(srun "${layout[@]}" "$cpu_bind" --distribution=block:block)
    read -r -a extra <<<"${TERRELLA_SRUN:-}"
    command+=(${extra[@]+"${extra[@]}"})
    [ "$device" = cpu ] || command+=("$machines/select_gpu.sh")
    command+=("$binaries/$program" "${words[@]}")

    export RAYON_NUM_THREADS=$rank_cores TERRELLA_DEVICE=$device
    TERRELLA_MPI=$(setting TERRELLA_MPI mpi)
    if [ -n "$TERRELLA_MPI" ]; then
        export TERRELLA_MPI
    else
        unset TERRELLA_MPI # The usual names.
    fi
    if [ -z "${TERRELLA_DRY_RUN:-}" ]; then
        [ -x "$binaries/$program" ] || fail "'$binaries/$program' is not there: build it as README.md says"
        mkdir -p "$out"
    else
        printf 'RAYON_NUM_THREADS=%s TERRELLA_DEVICE=%s ' "$RAYON_NUM_THREADS" "$TERRELLA_DEVICE"
        [ -z "${TERRELLA_MPI:-}" ] || printf 'TERRELLA_MPI=%q ' "$TERRELLA_MPI"
    fi
    execute "${command[@]}"
}

# Becomes the command; with TERRELLA_DRY_RUN it prints it.
execute() {
    if [ -n "${TERRELLA_DRY_RUN:-}" ]; then
        printf '%q ' "$@"
        printf '\n'
        exit 0
    fi
    exec "$@"
}
