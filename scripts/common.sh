# Sourced by the scripts, from the root of the checkout.
mkdir -p build/stamps

say() { printf '== %s\n' "$*"; }
fail() {
  printf '%s: %s\n' "$(basename "$0")" "$*" >&2
  exit 1
}

# quietly LOG COMMAND...: the output goes to LOG, and to the terminal only if COMMAND fails.
quietly() {
  local log=$1
  shift
  "$@" >"$log" 2>&1 && return
  tail -n 60 "$log" >&2
  fail "failed: $* (whole log: $log)"
}

# `fresh NAME FILES...` is true while FILES are what they were at `done_with NAME FILES...`.
digest() { sha256sum "$@" | sha256sum | cut -d' ' -f1; }
fresh() {
  local name=$1
  shift
  [ "$(cat "build/stamps/$name" 2>/dev/null)" = "$(digest "$@")" ]
}
done_with() {
  local name=$1
  shift
  digest "$@" >"build/stamps/$name"
}

# python_tools DIR REQUIREMENTS: packages pinned by hash, without a virtual environment.
python_tools() {
  [ -d "$1" ] && fresh "$(basename "$1")" "$2" && return
  say "installing $2 into $1"
  rm -rf "$1"
  quietly build/pip.log python3 -m pip install --quiet --no-deps --only-binary=:all: \
    --require-hashes --disable-pip-version-check --target "$1" -r "$2"
  done_with "$(basename "$1")" "$2"
}
