import type { GitHub } from "./client.ts";
import type { CallOptions, Repo } from "./types.ts";

/** Whether an account's labels and replies count: it can write to the repository, or the configuration trusts it. */
export async function mayStart(
  github: Pick<GitHub, "permission">,
  {
    repo,
    login,
    trustedUsers,
  }: { readonly repo: Repo; readonly login: string; readonly trustedUsers: readonly string[] },
  options: CallOptions = {},
): Promise<boolean> {
  if (trustedUsers.some((user) => user.toLowerCase() === login.toLowerCase())) return true;
  const permission = await github.permission(repo, login, options);
  return permission === "admin" || permission === "write";
}
