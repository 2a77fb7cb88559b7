/** Files in the workspace's root that are between tac8 and the agent, and never reach a pull request. */
export const PRIVATE_FILES = ["BLOCKED.md", "STOP"] as const;
