import { boundedGit, type BoundedGit } from "./boundedGit.ts";

export interface DiffOptions extends Omit<BoundedGit, "args"> {
  readonly base: string;
  readonly head: string;
}

/**
 * Return the changes of `head` since it left `base`, as a unified diff of at most `maxBytes`, with a note if it was
 * cut. The commits are an agent's, so git runs no program that they name: neither a diff program nor a text filter.
 * @throws Error if git fails
 */
export async function diffOf({ base, head, ...where }: DiffOptions): Promise<string> {
  const args = ["diff", "--no-color", "--no-ext-diff", "--no-textconv", "--end-of-options", `${base}...${head}`];
  const { text, cut } = await boundedGit({ ...where, args });
  return cut ? `${wholeLines(text)}\n… cut here: the diff is longer than ${where.maxBytes >> 10} kB` : text;
}

/** Remove the last line, which may be incomplete. */
function wholeLines(cut: string): string {
  return cut.slice(0, Math.max(0, cut.lastIndexOf("\n")));
}
