import type { GitHub } from "./client.ts";
import type { CallOptions, Repo } from "./types.ts";

interface Account {
  readonly repo: Repo;
  readonly login: string;
  readonly trustedUsers: readonly string[];
}

/** Whether an account's labels and replies count: it can write to the repository, or the configuration trusts it. */
export async function mayStart(
  github: Pick<GitHub, "permission">,
  { repo, login, trustedUsers }: Account,
  options: CallOptions = {},
): Promise<boolean> {
  if (trustedUsers.some((user) => user.toLowerCase() === login.toLowerCase())) return true;
  const permission = await github.permission(repo, login, options);
  return permission === "admin" || permission === "write";
}

/**
 * Whether an account's labels count. Those of our own App do: tac8 adds the trigger only when an operator asks for that, as by
 * `tac8 add`, and of no App GitHub says that it can write. The App's words do not count: they may be another's, quoted.
 */
export async function mayLabel(
  github: Pick<GitHub, "permission" | "isOwnApp">,
  account: Account,
  options: CallOptions = {},
): Promise<boolean> {
  return (await github.isOwnApp(account.login, options)) || mayStart(github, account, options);
}
