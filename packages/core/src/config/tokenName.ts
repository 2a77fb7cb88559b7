import type { GitHubCredentials } from "./credentials.ts";

const APP = "the GitHub App ";

/**
 * Return the name of the current GitHub token for messages, so that they state what to change: `GITHUB_TOKEN`, the file from which it was
 * read, such as the one that `tac8 init` stored, or the GitHub App. Pure.
 * @param credentials `secrets.github`; null: unknown
 */
export function nameToken(credentials: GitHubCredentials | null): string {
  if (credentials === null) return "GITHUB_TOKEN";
  if (credentials.kind === "app") return `${APP}${credentials.id}`;
  return credentials.source === "GITHUB_TOKEN" ? "GITHUB_TOKEN" : `the GitHub token in ${fileOf(credentials.source)}`;
}

/**
 * Return the file that an operator can edit. A service of `deploy/install.sh` reads the copy that systemd makes of the folder
 * `/etc/tac8/secrets` (`LoadCredential=`), and the copy disappears when the service ends. Pure.
 */
function fileOf(source: string): string {
  return source.replace(/^\/run\/credentials\/tac8-[a-z]+\.service\/secrets_/, "/etc/tac8/secrets/");
}

/** Return whether a name from `nameToken` is that of an App. Pure. */
export function isApp(name: string): boolean {
  return name.startsWith(APP);
}

/** Return the advice for a token that GitHub refuses. Pure. */
export function replaceAdvice(name: string): string {
  if (!isApp(name)) return `replace ${name} with a valid token`;
  return `check that ${name} is installed on the repository, and that its private key is valid`;
}

/** Return the advice for a token that lacks permissions, such as `Issues, Pull requests`. Pure. */
export function permitAdvice(name: string, areas: string): string {
  if (!isApp(name)) return `edit the token, and set ${areas} to read and write`;
  return `set ${areas} to read and write in the App's settings, and accept the change in its installation`;
}
