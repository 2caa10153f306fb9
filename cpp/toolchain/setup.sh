#!/usr/bin/env bash
# Installs what the builds need and is missing, and prints nothing but what it does.
#   setup.sh [module] [tests] [browsers]     default: module
# A machine with its own emcc (3.1.50 or newer) keeps using that one. Otherwise Emscripten 3.1.69 is unpacked
# from Debian 13 into a private folder, with the newer libc that its binaryen wants; nothing of Debian 13 is
# installed system-wide.
set -euo pipefail

folder="${FEWBITS_TOOLCHAIN:-$HOME/.cache/fewbits/emscripten-3.1.69}"
parts=("${@:-module}")

wants() { [[ " ${parts[*]} " == *" $1 "* ]]; }

own_emcc() {
  local version
  version=$(emcc --version 2>/dev/null | head -n 1 | grep -oE '[0-9]+\.[0-9]+\.[0-9]+' | head -n 1) || return 1
  [ -n "$version" ] && [ "$(printf '3.1.50\n%s\n' "$version" | sort -V | head -n 1)" = 3.1.50 ]
}

packages() {
  local list=(cmake ninja-build g++ python3)
  own_emcc || list+=(clang-19 lld-19 llvm-19 xz-utils)
  wants tests && list+=(catch2 libsimde-dev clang-19 libclang-rt-19-dev clang-format-19 clang-tidy-19 python3-numpy)
  wants browsers && list+=(chromium firefox-esr webkit2gtk-driver xvfb xauth)
  printf '%s\n' "${list[@]}"
}

missing() {
  local name
  for name in $(packages); do
    [ "$(dpkg-query -W -f='${db:Status-Status}' "$name" 2>/dev/null)" = installed ] || echo "$name"
  done
}

install_packages() {
  local list root=()
  if ! command -v apt-get >/dev/null; then
    own_emcc && command -v cmake >/dev/null && command -v ninja >/dev/null && ! wants tests && return
    echo "fewbits: this system has no apt-get. Install Emscripten 3.1.50 or newer (emcc on the PATH), cmake and ninja; for the tests also Catch2, SIMDe, clang 19 and Chromium." >&2
    exit 1
  fi
  mapfile -t list < <(missing)
  ((${#list[@]})) || return 0
  echo "fewbits: installing ${list[*]}"
  [ "$(id -u)" = 0 ] || root=(sudo)
  "${root[@]}" apt-get update -qq
  DEBIAN_FRONTEND=noninteractive "${root[@]}" apt-get install -y -qq --no-install-recommends "${list[@]}" >/dev/null
}

# Debian 13's packages, fetched from the mirror that this machine already uses for Debian 12.
fetch_trixie() {
  local mirror
  mirror=$(apt-get indextargets --format '$(CODENAME) $(REPO_URI)' 'Created-By: Packages' | awk '$1 == "bookworm" { print $2; exit }')
  if [ -z "$mirror" ]; then
    echo "fewbits: this is not Debian 12. Install Emscripten 3.1.50 or newer, so that emcc is on the PATH, and run this again." >&2
    exit 1
  fi
  mkdir -p "$folder"/apt/{lists/partial,cache/archives/partial} "$folder/debs"
  echo "deb [signed-by=/usr/share/keyrings/debian-archive-keyring.gpg] $mirror trixie main" > "$folder/apt/sources.list"
  local options=(-o "Dir::Etc::sourcelist=$folder/apt/sources.list" -o Dir::Etc::sourceparts=/dev/null
    -o "Dir::State::lists=$folder/apt/lists" -o "Dir::Cache=$folder/apt/cache" -o APT::Sandbox::User=root
    -o Acquire::Check-Valid-Until=false)
  apt-get "${options[@]}" update -qq
  (cd "$folder/debs" && apt-get "${options[@]}" download -qq \
    emscripten/trixie binaryen/trixie libc6/trixie libstdc++6/trixie libgcc-s1/trixie)
}

unpack_emscripten() {
  dpkg-deb --fsys-tarfile "$folder"/debs/emscripten_*.deb | tar -x -C "$folder" --wildcards \
    --exclude='*/wasm32-emscripten/lto*' --exclude='*/wasm32-emscripten/pic' --exclude='*/emscripten/test' \
    --exclude='*/share/doc' --exclude='*rt-ww.a' ./usr/share/emscripten
  local package tool name
  for package in binaryen libc6 libstdc++6 libgcc-s1; do
    dpkg-deb -x "$folder"/debs/"${package}"_*.deb "$folder/trixie"
  done
  mkdir -p "$folder/binaryen/bin"
  for tool in "$folder"/trixie/usr/bin/wasm*; do
    name="$folder/binaryen/bin/$(basename "$tool")"
    printf '#!/bin/sh\nexec "%s/trixie/usr/lib64/ld-linux-x86-64.so.2" --library-path "%s/trixie/usr/lib/x86_64-linux-gnu" "%s" "$@"\n' \
      "$folder" "$folder" "$tool" > "$name"
    chmod +x "$name"
  done
}

install_emscripten() {
  own_emcc && return
  if [ ! -f "$folder/complete" ]; then
    echo "fewbits: unpacking Emscripten 3.1.69 into $folder"
    rm -rf "$folder"
    fetch_trixie
    unpack_emscripten
    rm -rf "$folder/debs" "$folder/apt"
    touch "$folder/complete"
  fi
  ln -sfn "$PWD/node_modules" "$folder/usr/share/emscripten/node_modules" # emcc looks for acorn here
  cat > "$folder/config.py" <<CONFIG
LLVM_ROOT = '/usr/lib/llvm-19/bin'
BINARYEN_ROOT = '$folder/binaryen'
NODE_JS = '$(command -v node)'
CLOSURE_COMPILER = ['$PWD/node_modules/.bin/google-closure-compiler']
FROZEN_CACHE = True
CONFIG
}

cd "$(dirname "$0")/../.."
install_packages
install_emscripten
