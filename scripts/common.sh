# Sourced by the other scripts: packages, locking and building.
# shellcheck shell=bash
set -euo pipefail

# The real folder even when scripts/ is reached through a link.
root=$(cd -P -- "$(dirname -- "${BASH_SOURCE[0]}")/.." && pwd)

say() { printf '%s\n' "$*" >&2; }
fail() { say "${0##*/}: $*"; exit 2; }

# One script at a time installs and builds; the others wait here. Released by unlock or at exit.
lock() { exec 9<"$root/CMakePresets.json" && flock 9; }
unlock() { exec 9<&-; }

# packages SECTION...: the names in those sections of packages.txt
packages() {
  awk -v wanted=" $* " '/^# \[/ { on = index(wanted, " " substr($2, 2, length($2) - 2) " ") }
    on && /^[^#]/ { print $1 }' "$root/scripts/packages.txt"
}

# need SECTION...: installs what is missing of those sections
need() {
  local missing as_root=()
  if ! command -v apt-get >/dev/null; then
    [[ -d $root/build ]] || say "No apt here; install what these Debian 12 packages hold:" "$(packages "$@" | xargs)"
    return
  fi
  charts
  mapfile -t missing < <(comm -23 <(packages "$@" | sort) <(installed_packages))
  ((${#missing[@]})) || return 0
  if ((EUID != 0)); then
    as_root=(sudo)
    command -v sudo >/dev/null ||
      fail "there is no sudo; as root, run: apt-get install --no-install-recommends ${missing[*]}"
  fi
  say "Installing: ${missing[*]}"
  apt_get() { "${as_root[@]}" env DEBIAN_FRONTEND=noninteractive apt-get -qy -o DPkg::Lock::Timeout=300 "$@" >&2; }
  apt_get update || fail "apt-get update failed"
  apt_get install --no-install-recommends "${missing[@]}" || fail "could not install: ${missing[*]}"
}
installed_packages() {
  dpkg-query -W -f '${db:Status-Status} ${Package}\n' | awk '$1 == "installed" { print $2 }' | sort -u
}

# Fetches the chart library of pages as report/page/package-lock.json pins it. Without npm, or without its registry,
# their charts are still drawings. A build from before starts afresh.
charts() {
  local page=$root/report/page
  [[ -f $page/package-lock.json && ! -f $page/node_modules/uplot/dist/uPlot.iife.min.js ]] || return 0
  if ! command -v npm >/dev/null; then
    [[ -d $root/build ]] || say "No npm here: charts of pages will be still drawings (npm ci --prefix report/page)"
  elif npm ci --prefix "$page" --ignore-scripts --no-audit --no-fund >"$page/npm.log" 2>&1; then
    rm -f "$page/npm.log" "$root"/build/*/build.ninja
  else
    say "npm could not fetch the chart library ($page/npm.log): charts of pages will be still drawings"
  fi
}

# configure PRESET: makes build/PRESET ready to build. One that was left half configured, or moved here with
# another path in it, starts afresh.
configure() {
  local cache=$root/build/$1/CMakeCache.txt
  if [[ ! -f ${cache%/*}/build.ninja ]] || ! grep -qxF "CMAKE_HOME_DIRECTORY:INTERNAL=$root" "$cache"; then
    (cd "$root" && cmake --fresh --preset "$1") >&2
  fi
}

# build PRESET [TARGET...]: silent when there is nothing to do
build() {
  local folder=$root/build/$1
  configure "$1" &&
    { [[ $(ninja -C "$folder" -n "${@:2}") == *"no work to do"* ]] || ninja -C "$folder" "${@:2}" >&2; }
}
