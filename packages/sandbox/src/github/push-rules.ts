import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import type { ContentGuard, Repository, Rule, Ruleset } from "./model.ts";
import { quoted, shellPattern } from "./rules.ts";

/** Write a hook that enforces the repository's rules with GitHub's messages. */
export async function writePushRules(repository: Repository): Promise<void> {
  const hook = join(repository.dir, "hooks", "pre-receive");
  const { rulesets, contentGuard } = repository;
  const checks = [
    ...rulesets.map((ruleset) => checkOf(repository, ruleset)),
    ...contentChecks(contentGuard),
    workflowCheck(contentGuard),
  ];
  return writeFile(hook, `${HEAD}${checks.join("\n")}\n${FOOT}`, { mode: 0o755 });
}

const HEAD = `#!/bin/sh
status=0
matches() {
  case "$1" in
    starts_with) case "$3" in "$2"*) return 0 ;; esac ;;
    ends_with) case "$3" in *"$2") return 0 ;; esac ;;
    contains) case "$3" in *"$2"*) return 0 ;; esac ;;
    regex) printf '%s\\n' "$3" | grep -Eq -- "$2" && return 0 ;;
  esac
  return 1
}
violates() { rules="$rules
- $1"; }
while read -r before after ref; do
  case "$after" in *[!0]*) ;; *) continue ;; esac
  case "$before" in *[!0]*) new=no ;; *) new=yes ;; esac
  rules=
  large=
  name="\${ref#refs/heads/}"
  commits=$(git rev-list "$after" --not --all)
`;

const FOOT = `
  if [ -n "$large" ]; then
    printf 'error: File %s is 123.00 MB; this exceeds GitHub'"'"'s file size limit of 100.00 MB\\n' "$large" >&2
    echo 'error: GH001: Large files detected. You may want to try Git Large File Storage - https://git-lfs.github.com.' >&2
    status=1
  fi
  if [ -n "$rules" ]; then
    printf 'error: GH013: Repository rule violations found for %s.\\nReview all repository rules at https://github.com/rules\\n%s\\n\\n' "$ref" "$rules" >&2
    status=1
  fi
done
exit $status
`;

function checkOf(repository: Repository, { include, exclude, rules, bypass }: Ruleset): string {
  const patterns = (list: readonly string[]) => list.map((pattern) => shellPattern(repository, pattern)).join("|");
  const body = `case "$ref" in ${patterns(include)}) ${rules.map(checkOfRule).join("\n")} ;; esac`;
  const bound = exclude.length === 0 ? body : `case "$ref" in ${patterns(exclude)}) ;; *) ${body} ;; esac`;
  return bypass.length === 0 ? bound : `case "$REMOTE_USER" in ${bypass.map(quoted).join("|")}) ;; *) ${bound} ;; esac`;
}

const MUST: Readonly<Record<string, string>> = {
  starts_with: "start with a matching",
  ends_with: "end with a matching",
  contains: "contain a matching",
  regex: "match a given regex",
};

function checkOfRule({ type, parameters = {} }: Rule): string {
  const [operator, pattern] = [String(parameters["operator"]), String(parameters["pattern"])];
  const bad = parameters["negate"] === true ? "&&" : "||";
  const test = (text: string) => `matches ${quoted(operator)} ${quoted(pattern)} "${text}" ${bad}`;
  const each = (format: string, words: string) =>
    `for commit in $commits; do text=$(git log -1 --format=${format} "$commit"); ${test("$text")} violates ${quoted(words)}; done`;
  const must = `must ${MUST[operator] ?? operator} pattern: ${pattern}`;
  switch (type) {
    case "creation":
      return `[ $new = yes ] && violates 'Cannot create ref due to creations being restricted.'`;
    case "update":
      return `[ $new = no ] && violates 'Cannot update this protected ref.'`;
    case "pull_request":
      return `violates 'Changes must be made through a pull request.'`;
    case "required_signatures":
      return `violates 'Commits must have verified signatures.'`;
    case "branch_name_pattern":
      return `if [ $new = yes ]; then ${test("$name")} violates ${quoted(`Branch name ${must}`)}; fi`;
    case "commit_author_email_pattern":
      return each("%ae", `Commit author email ${must}`);
    case "committer_email_pattern":
      return each("%ce", `Committer email ${must}`);
    case "commit_message_pattern":
      return each("%B", `Commit message ${must}`);
    default:
      return ":"; // Shown by the API, and not kept to.
  }
}

function contentChecks({ secret, maxFileBytes }: ContentGuard): string[] {
  const checks: string[] = [];
  if (secret !== undefined) {
    checks.push(`for commit in $commits; do
    path=$(git grep -Eln -e ${quoted(secret)} "$commit" | head -n 1 | cut -d: -f2)
    [ -z "$path" ] || violates "GITHUB PUSH PROTECTION
  —————————————————————————————————————————
    Resolve the following violations before pushing again

    - Push cannot contain secrets

      —— GitHub Personal Access Token ——————————————————————
       locations:
         - commit: $commit
           path: $path:1

       (?) To push, remove secret from commit(s) or follow this URL to allow the secret."
  done`);
  }
  if (maxFileBytes !== undefined) {
    checks.push(`for commit in $commits; do
    path=$(git ls-tree -rl "$commit" | awk -v most=${maxFileBytes} '$4 > most { print $5; exit }')
    [ -z "$path" ] || large=$path
  done`);
  }
  return checks;
}

/** Refuses changes of workflows by an installation's token without the permission, or by each token. */
function workflowCheck({ workflows = false }: ContentGuard): string {
  return `  if ${workflows ? "true" : '[ "$WITHOUT_WORKFLOWS" = yes ]'}; then for commit in $commits; do
    if git diff-tree --root --no-commit-id --name-only -r "$commit" | grep -q '^\\.github/workflows/'; then
      if [ "$WITHOUT_WORKFLOWS" = yes ]; then what='GitHub App'; scope='\`workflows\` permission'
      else what='Personal Access Token'; scope='\`workflow\` scope'; fi
      echo "refusing to allow a $what to create or update workflow without $scope" >&2
      status=1
    fi
  done; fi`;
}
