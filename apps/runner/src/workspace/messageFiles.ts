import { join } from "node:path";
import { MESSAGE_FILES } from "../files/messageFileNames.ts";
import { readText } from "../files/files.ts";
import type { AgentPlace } from "../agentPlace/place.ts";

const MAX_QUESTION = 64 * 1024;

/** Read the text of `BLOCKED.md`; null if there is no such plain file. */
export async function readQuestion(place: AgentPlace, tree: string): Promise<string | null> {
  return readText(place, join(tree, "BLOCKED.md"), MAX_QUESTION);
}

/** Return the agent's question in its workspace, or null. @param readBase reads `BLOCKED.md` of the base commit */
export async function findQuestion(
  place: AgentPlace,
  tree: string,
  readBase: () => Promise<string | null>,
): Promise<string | null> {
  const text = await readQuestion(place, tree);
  return text !== null && isQuestion(text, await readBase()) ? text : null;
}

/** Return whether the worktree has a file named `STOP`. A link is not followed, because that would show whether a file elsewhere exists. */
export async function hasStopFile(place: Pick<AgentPlace, "stat">, tree: string): Promise<boolean> {
  return (await place.stat(join(tree, "STOP"))) !== null;
}

/** Return whether a text is a question: the base branch does not have it in its own `BLOCKED.md`. It may be empty. Pure. */
export function isQuestion(text: string | null, base: string | null): text is string {
  return text !== null && text.trim() !== base?.trim();
}

/** Remove message files before an agent starts, because those of an earlier run would be read as this run's. */
export async function removeMessageFiles(place: AgentPlace, tree: string): Promise<void> {
  for (const name of MESSAGE_FILES) await place.remove(join(tree, name));
}
