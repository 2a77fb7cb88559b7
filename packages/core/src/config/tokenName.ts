import type { GitHubCredentials } from "./credentials.ts";

const APP = "the GitHub App ";

/**
 * Return the GitHub token in use as messages name it, so that they say what to change: `GITHUB_TOKEN`, or the file that it was
 * read from, such as the one that `tac8 init` stored; or the GitHub App. Pure.
 * @param credentials `secrets.github`; null: not known
 */
export function nameToken(credentials: GitHubCredentials | null): string {
  if (credentials === null) return "GITHUB_TOKEN";
  if (credentials.kind === "app") return `${APP}${credentials.id}`;
  return credentials.source === "GITHUB_TOKEN" ? "GITHUB_TOKEN" : `the GitHub token in ${credentials.source}`;
}

/** Whether it is the name of an App. Pure. */
export function isApp(name: string): boolean {
  return name.startsWith(APP);
}

/** Return what to do when GitHub refuses the token of this name. Pure. */
export function replaceAdvice(name: string): string {
  if (!isApp(name)) return `replace ${name} with a valid token`;
  return `check that ${name} is installed on the repository, and that its private key is valid`;
}

/** Return what to do when the token of this name lacks permissions, such as `Issues, Pull requests`. Pure. */
export function permitAdvice(name: string, areas: string): string {
  if (!isApp(name)) return `edit the token, and set ${areas} to read and write`;
  return `set ${areas} to read and write in the App's settings, and accept the change in its installation`;
}
