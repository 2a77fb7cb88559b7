/**
 * Files in the root of the workspace for messages between tac8 and the agent, which are never part of a pull request.
 */
export const PRIVATE_FILES = ["BLOCKED.md", "STOP"] as const;
