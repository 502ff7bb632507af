#!/usr/bin/env bash
# The programs of the system that tests ask for (`needs_program`), installed where that is possible: as root, with
# apt-get. Elsewhere the tests that want one are skipped by name; in CI that is a failure.
set -euo pipefail

programs=(bash:bash mount:mount mkfs.ext4:e2fsprogs chromium:chromium systemd-analyze:systemd nginx:nginx-light caddy:caddy openssl:openssl unshare:util-linux restic:restic borg:borgbackup age:age zstd:zstd sqlite3:sqlite3 rsync:rsync)
PATH="$PATH:/usr/sbin:/sbin" # where some of them are, and which users have not on theirs
missing=()
for program in "${programs[@]}"; do
    command -v "${program%%:*}" > /dev/null || missing+=("${program##*:}")
done
if ((${#missing[@]})) && command -v apt-get > /dev/null && ((EUID == 0)); then
    echo "installing for the tests: ${missing[*]}"
    export DEBIAN_FRONTEND=noninteractive
    apt-get update -qq > /dev/null
    apt-get install -qq -y --no-install-recommends "${missing[@]}" > /dev/null
fi
