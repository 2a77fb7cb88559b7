import { join } from "node:path";
import { PRIVATE_FILES } from "../files/privateFileNames.ts";
import { readText } from "../files/files.ts";
import type { AgentPlace } from "../place/place.ts";

const MAX_QUESTION = 64 * 1024;

/** Text of `BLOCKED.md`; null where there is no such plain file. */
export async function readQuestion(place: AgentPlace, tree: string): Promise<string | null> {
  return readText(place, join(tree, "BLOCKED.md"), MAX_QUESTION);
}

/** Return what the agent asks in its workspace; null: nothing. `readBase`: reads `BLOCKED.md` of the base commit. */
export async function findQuestion(
  place: AgentPlace,
  tree: string,
  readBase: () => Promise<string | null>,
): Promise<string | null> {
  const text = await readQuestion(place, tree);
  return text !== null && isQuestion(text, await readBase()) ? text : null;
}

/** Return whether anything named `STOP` is there. A link is not followed: it would say whether a file elsewhere exists. */
export async function hasStopFile(place: Pick<AgentPlace, "stat">, tree: string): Promise<boolean> {
  return (await place.stat(join(tree, "STOP"))) !== null;
}

/** A question is one that the base branch does not already have in its own `BLOCKED.md`; it may be empty. Pure. */
export function isQuestion(text: string | null, base: string | null): text is string {
  return text !== null && text.trim() !== base?.trim();
}

/** Before an agent starts: what an earlier run left of them would be read as this run's. */
export async function removePrivateFiles(place: AgentPlace, tree: string): Promise<void> {
  for (const name of PRIVATE_FILES) await place.remove(join(tree, name));
}
