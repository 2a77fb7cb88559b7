import { boundedGit, type BoundedGit } from "./boundedGit.ts";

export interface DiffOptions extends Omit<BoundedGit, "args"> {
  readonly base: string;
  readonly head: string;
}

/**
 * What `head` has changed since it left `base`, as a unified diff of at most `maxBytes` and a note where it was cut. The
 * commits are an agent's: nothing that they name is run, neither a diff program nor a text filter.
 * @throws Error when git fails
 */
export async function diffOf({ base, head, ...where }: DiffOptions): Promise<string> {
  const args = ["diff", "--no-color", "--no-ext-diff", "--no-textconv", "--end-of-options", `${base}...${head}`];
  const { text, cut } = await boundedGit({ ...where, args });
  return cut ? `${wholeLines(text)}\n… cut here: the diff is longer than ${where.maxBytes >> 10} kB` : text;
}

/** Without the last line, which may be half of one. */
function wholeLines(cut: string): string {
  return cut.slice(0, Math.max(0, cut.lastIndexOf("\n")));
}
