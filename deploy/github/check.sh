#!/usr/bin/env bash
# What the Action runs: the check, and the comment at the pull request. Everything comes in by variables, so that no name of a
# branch or file is ever taken for a command.
set -euo pipefail

folder="${RUNNER_TEMP:-/tmp}"
sarif="$folder/remit.sarif"
comment="$folder/remit.md"
# What an earlier step left is not what this one says.
rm -f "$sarif" "$comment"
if [ -z "${REMIT_BASE:-}" ]; then
    echo "::error::there is nothing to compare with; hint: run on \`pull_request\`, or give \`base\`"
    exit 2
fi
# A checkout has the last commit alone, and what the branch left has to be found.
if [ "$(git -C "$REMIT_PATH" rev-parse --is-shallow-repository)" = true ]; then
    git -C "$REMIT_PATH" fetch --quiet --unshallow
fi
read -r -a further <<<"${REMIT_ARGUMENTS:-}"

code=0
"${REMIT_PROGRAM:-remit}" check "$REMIT_PATH" --base "$REMIT_BASE" --sarif "$sarif" --markdown "$comment" \
    ${further[@]+"${further[@]}"} || code=$?
if [ -n "${GITHUB_OUTPUT:-}" ] && [ -s "$sarif" ]; then
    echo "sarif=$sarif" >>"$GITHUB_OUTPUT"
fi
if [ -n "${GITHUB_STEP_SUMMARY:-}" ] && [ -s "$comment" ]; then
    cat "$comment" >>"$GITHUB_STEP_SUMMARY"
fi

if [ "${REMIT_COMMENT:-true}" = true ] && [ -n "${REMIT_PULL_REQUEST:-}" ] && [ -s "$comment" ]; then
    comments="repos/$GITHUB_REPOSITORY/issues/$REMIT_PULL_REQUEST/comments"
    mark='<!-- remit check -->'
    # Only a comment of a program is replaced: a person may quote the mark.
    old="$(gh api --paginate "$comments" \
        --jq ".[] | select(.user.type == \"Bot\" and (.body | startswith(\"$mark\"))) | .id" | sed -n 1p)" || old=failed
    if [ "$old" = failed ]; then
        echo "::warning::comments cannot be read; hint: give the job \`permissions: pull-requests: write\`"
    elif [ -n "$old" ]; then
        gh api --silent --method PATCH "repos/$GITHUB_REPOSITORY/issues/comments/$old" --field "body=@$comment" ||
            echo "::warning::the comment cannot be replaced; hint: give the job \`permissions: pull-requests: write\`"
    elif [ "$(sed -n 2p "$comment")" != "**Remit: no new privilege**" ]; then
        # Where nothing is new and nothing was said, nothing is.
        gh api --silent --method POST "$comments" --field "body=@$comment" ||
            echo "::warning::no comment can be left; hint: give the job \`permissions: pull-requests: write\`"
    fi
fi
exit "$code"
