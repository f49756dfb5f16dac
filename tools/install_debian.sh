#!/usr/bin/env bash
# Install the system programs that the tests and the fixture build need, on Debian or Ubuntu.
# Installs only what is missing; needs root or sudo only then. Running it twice does nothing the second time.
set -euo pipefail

say() { echo "install_debian: $*" >&2; }

# program:package; a package without a program is named by the file it brings.
programs=(
  java:openjdk-17-jre-headless
  javac:openjdk-17-jdk-headless
  aapt:aapt
  apksigner:apksigner
  zipalign:zipalign
  node:nodejs
  npm:npm
  psql:postgresql
  openssl:openssl
  unzip:unzip
  git:git
)
files=(
  /usr/share/android-framework-res/framework-res.apk:android-framework-res
)

missing=()
python3 -c 'import ensurepip, venv' >/dev/null 2>&1 || missing+=(python3-venv)
# "install_debian.sh python" stops here: what making the environment needs.
if [ "${1:-}" = python ]; then
  programs=()
  files=()
fi
for entry in "${programs[@]}"; do
  command -v "${entry%%:*}" >/dev/null 2>&1 || missing+=("${entry##*:}")
done
for entry in "${files[@]}"; do
  [ -e "${entry%%:*}" ] || missing+=("${entry##*:}")
done
if [ "${1:-}" != python ] && ! command -v chromium >/dev/null 2>&1 && ! command -v google-chrome >/dev/null 2>&1; then
  missing+=(chromium)
fi
# Chinese text in reports and screenshots needs a font that has the characters.
if [ "${1:-}" = python ]; then
  :
elif command -v fc-list >/dev/null 2>&1; then
  [ -n "$(fc-list :lang=zh 2>/dev/null | head -n 1)" ] || missing+=(fonts-noto-cjk)
else
  missing+=(fontconfig fonts-noto-cjk)
fi

if [ "${#missing[@]}" -eq 0 ]; then
  say "everything is installed"
  exit 0
fi

if ! command -v apt-get >/dev/null 2>&1; then
  say "this system has no apt-get; install the equivalents of: ${missing[*]}"
  exit 1
fi
if [ "$(id -u)" -eq 0 ]; then
  root=()
elif command -v sudo >/dev/null 2>&1 && sudo -n true 2>/dev/null; then
  root=(sudo -n)
elif command -v sudo >/dev/null 2>&1 && [ -t 0 ]; then
  root=(sudo)
else
  say "not root and no usable sudo; ask an administrator to run: apt-get install ${missing[*]}"
  exit 1
fi

say "installing: ${missing[*]}"
# Waits for another apt instead of failing; an unreachable index still lets cached packages install.
options=(-o DPkg::Lock::Timeout=300 -o Dpkg::Use-Pty=0 -qq)
"${root[@]}" apt-get "${options[@]}" update >&2 || say "the package index could not be refreshed; going on"
if ! "${root[@]}" env DEBIAN_FRONTEND=noninteractive \
    apt-get "${options[@]}" install --yes --no-install-recommends "${missing[@]}" >&2; then
  say "the installation failed; see the lines above, then run: apt-get install ${missing[*]}"
  exit 1
fi
say "done"
