/**
 * Return the GitHub token in use as messages name it, so that they say what to change: `GITHUB_TOKEN`, or the file that it was
 * read from, such as the one that `tac8 init` stored. Pure.
 * @param source `secrets.githubTokenSource`; null: not known
 */
export function nameToken(source: string | null): string {
  return source === null || source === "GITHUB_TOKEN" ? "GITHUB_TOKEN" : `the GitHub token in ${source}`;
}
