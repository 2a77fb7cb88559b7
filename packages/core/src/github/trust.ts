import type { GitHub } from "./client.ts";
import type { CallOptions, Repo } from "./types.ts";

interface Account {
  readonly repo: Repo;
  readonly login: string;
  readonly trustedUsers: readonly string[];
}

/** Return whether an account is trusted, so that its labels, texts and replies count: it has write access to the repository, or the
 * configuration trusts it. */
export async function isTrustedAccount(
  github: Pick<GitHub, "permission">,
  { repo, login, trustedUsers }: Account,
  options: CallOptions = {},
): Promise<boolean> {
  if (trustedUsers.some((user) => user.toLowerCase() === login.toLowerCase())) return true;
  const permission = await github.permission(repo, login, options);
  return permission === "admin" || permission === "write";
}

/**
 * Return whether an account's labels count. Labels by tac8's own App count, because tac8 adds the trigger only for an operator, such as by
 * `tac8 add`, and GitHub reports write access for no App. Texts by the App do not count, because they may quote other users.
 */
export async function mayLabel(
  github: Pick<GitHub, "permission" | "isOwnApp">,
  account: Account,
  options: CallOptions = {},
): Promise<boolean> {
  return (await github.isOwnApp(account.login, options)) || isTrustedAccount(github, account, options);
}
