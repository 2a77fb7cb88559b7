import type { Config } from "@tac8/core/config/resolve";

/** What agents see. They commit by themselves, and a container has no identity of its own. Pure. */
export function agentEnvOf({ agentEnv, git }: Pick<Config, "agentEnv" | "git">): Record<string, string> {
  return {
    ...agentEnv,
    GIT_AUTHOR_NAME: git.author_name,
    GIT_AUTHOR_EMAIL: git.author_email,
    GIT_COMMITTER_NAME: git.author_name,
    GIT_COMMITTER_EMAIL: git.author_email,
  };
}
