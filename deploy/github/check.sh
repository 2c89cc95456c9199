#!/usr/bin/env bash
# What the Action runs. Everything comes in by variables, so that no name of a branch or file is ever taken for a command.
set -euo pipefail

folder="${RUNNER_TEMP:-/tmp}"
sarif="$folder/remit.sarif"
summary="$folder/remit.md"
# What an earlier step left is not what this one says.
rm -f "$sarif" "$summary"
if [ -z "${REMIT_BASE:-}" ]; then
    echo "::error::there is nothing to compare with; hint: run on \`pull_request\`, or give \`base\`"
    exit 2
fi
# A checkout has the last commit alone, and what the branch left has to be found.
if [ "$(git -C "$REMIT_PATH" rev-parse --is-shallow-repository)" = true ]; then
    git -C "$REMIT_PATH" fetch --quiet --unshallow
fi
read -r -a further <<<"${REMIT_ARGUMENTS:-}"
if [ "${REMIT_COMMENT:-true}" = true ]; then
    further+=(--comment)
fi

code=0
"${REMIT_PROGRAM:-remit}" check "$REMIT_PATH" --base "$REMIT_BASE" --sarif "$sarif" --markdown "$summary" \
    ${further[@]+"${further[@]}"} || code=$?
if [ -n "${GITHUB_OUTPUT:-}" ] && [ -s "$sarif" ]; then
    echo "sarif=$sarif" >>"$GITHUB_OUTPUT"
fi
if [ -n "${GITHUB_STEP_SUMMARY:-}" ] && [ -s "$summary" ]; then
    cat "$summary" >>"$GITHUB_STEP_SUMMARY"
fi
exit "$code"
