import type { Config } from "@tac8/core/config/resolve";

/** Return the environment of agents, with the author of their commits: in a container, git has no identity. Pure. */
export function agentEnvOf({ agentEnv, git }: Pick<Config, "agentEnv" | "git">): Record<string, string> {
  return {
    ...agentEnv,
    GIT_AUTHOR_NAME: git.author_name,
    GIT_AUTHOR_EMAIL: git.author_email,
    GIT_COMMITTER_NAME: git.author_name,
    GIT_COMMITTER_EMAIL: git.author_email,
  };
}
