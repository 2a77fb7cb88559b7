/** Message files: files in the root of the workspace for messages to tac8, which are never part of a pull request. */
export const MESSAGE_FILES = ["BLOCKED.md", "STOP"] as const;
