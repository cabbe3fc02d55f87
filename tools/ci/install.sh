#!/usr/bin/env bash
# Puts llmlint on the PATH of a GitHub Actions job: a release whose checksum and provenance are right, or a build of this
# checkout.
set -euo pipefail

into="${RUNNER_TEMP:-/tmp}/llmlint-bin"
mkdir -p "$into"
if [ "$LLMLINT_VERSION" = installed ]; then
    command -v llmlint >/dev/null || { echo "::error::llmlint: \`version: installed\`, but there is none on the PATH"; exit 2; }
    exit 0
fi
if [ "$LLMLINT_VERSION" = source ]; then
    cargo install --locked --quiet --path "$LLMLINT_ACTION" --root "$into/build"
    echo "$into/build/bin" >>"$GITHUB_PATH"
    exit 0
fi
[[ "$LLMLINT_VERSION" =~ ^v[0-9]+(\.[0-9]+){2}$ ]] || { echo "::error::llmlint: \`version\` is to be a release such as v0.1.0, or \`source\`"; exit 2; }
case "$(uname -s)-$(uname -m)" in
    Linux-x86_64) target=x86_64-unknown-linux-musl ;;
    Linux-aarch64 | Linux-arm64) target=aarch64-unknown-linux-musl ;;
    Darwin-x86_64) target=x86_64-apple-darwin ;;
    Darwin-arm64) target=aarch64-apple-darwin ;;
    MINGW*-x86_64 | MSYS*-x86_64) target=x86_64-pc-windows-msvc ;;
    *) echo "::error::llmlint: no release for $(uname -s) on $(uname -m): use \`version: source\`"; exit 2 ;;
esac
archive="llmlint-$target.tar.gz"
# The action's own repository: a fork of it installs its own releases.
repository="${GITHUB_ACTION_REPOSITORY:-$GITHUB_REPOSITORY}"
cd "$into"
gh release download "$LLMLINT_VERSION" --repo "$repository" --pattern "$archive" --pattern SHA256SUMS --clobber
grep -F "  $archive" SHA256SUMS | sha256sum --check --strict -
gh attestation verify "$archive" --repo "$repository"
tar -xzf "$archive"
echo "$into" >>"$GITHUB_PATH"
