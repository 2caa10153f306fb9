#!/usr/bin/env bash
# Configures, builds and runs a project that takes the core with add_subdirectory, in a folder of its own.
set -euo pipefail
source=$(cd "$(dirname "$0")/../../.." && pwd)
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cp "$source"/tests/cpp/consumer/{CMakeLists.txt,main.cpp} "$folder"
cmake -S "$folder" -B "$folder/build" -G Ninja -DFEWBITS_SOURCE="$source" > "$folder/log"
cmake --build "$folder/build" > "$folder/log" || { cat "$folder/log"; exit 1; }
"$folder/build/consumer"
[ ! -e "$folder/build/fewbits/tests" ] || { echo "the core brought its tests along"; exit 1; }
