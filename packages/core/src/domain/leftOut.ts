import { z } from "zod";
import { clean, clip } from "./plainText.ts";

/**
 * Why a file that an agent left uncommitted is in no commit. `valuable`: it may be work, so the workspace that has it is
 * kept.
 */
export const LEFT_OUT = {
  repository: { words: "a nested repository", valuable: true },
  unreadable: { words: "cannot be read", valuable: true },
  filter: { words: "needs a Git LFS or encryption filter", valuable: true },
  huge: { words: "too large", valuable: true },
  total: { words: "too many files, or too large in total", valuable: true },
  refused: { words: "git cannot add it", valuable: true },
  secret: { words: "may contain a secret", valuable: false },
  dump: { words: "a memory dump", valuable: false },
  generated: { words: "generated", valuable: false },
  temporary: { words: "an editor's temporary file", valuable: false },
  empty: { words: "an empty dotfile", valuable: false },
  special: { words: "not a regular file", valuable: false },
} as const satisfies Readonly<Record<string, { readonly words: string; readonly valuable: boolean }>>;

export type LeftOutReason = keyof typeof LEFT_OUT;

/** A file that is in no commit. `path` is for display, because the path on the disk may be invalid text. The path of a folder ends in a slash. */
export interface LeftOut {
  readonly path: string;
  readonly why: LeftOutReason;
}

/** The first files of a list, and the number of further ones. */
export const namedFilesSchema = z.object({ files: z.array(z.string()), more: z.int().nonnegative() });
export type NamedFiles = z.infer<typeof namedFilesSchema>;

export const leftOutListSchema = z.object({
  files: z.array(z.object({ path: z.string(), why: z.enum(Object.keys(LEFT_OUT) as [LeftOutReason]) })),
  more: z.int().nonnegative(),
});
export type LeftOutList = z.infer<typeof leftOutListSchema>;

/** Maximum number of files in a list. */
const MAX_NAMED = 20;
const MAX_PATH = 200;

/** Bound a list of paths for state and texts. Pure. */
export function nameFiles(paths: readonly string[]): NamedFiles {
  const files = paths.slice(0, MAX_NAMED).map((path) => clip(clean(path), MAX_PATH));
  return { files, more: paths.length - files.length };
}

/** Add paths to a list, without duplicates. Pure. */
export function nameMore(before: NamedFiles | null, paths: readonly string[]): NamedFiles {
  const added = nameFiles(paths);
  const fresh = added.files.filter((path) => before?.files.includes(path) !== true);
  const files = [...(before?.files ?? []), ...fresh];
  return {
    files: files.slice(0, MAX_NAMED),
    more: (before?.more ?? 0) + added.more + Math.max(0, files.length - MAX_NAMED),
  };
}

/** Bound a list of files that were left out, valuable ones first; null: there are none. Pure. */
export function listLeftOut(left: readonly LeftOut[]): LeftOutList | null {
  if (left.length === 0) return null;
  const ordered = [...left.filter(isValuable), ...left.filter((file) => !isValuable(file))];
  const files = ordered.slice(0, MAX_NAMED).map(({ path, why }) => ({ path: clip(clean(path), MAX_PATH), why }));
  return { files, more: left.length - files.length };
}

export function isValuable({ why }: LeftOut): boolean {
  return LEFT_OUT[why].valuable;
}

/** Return the note on the issue about files that are in no commit. `where`: the runner that has the workspace. Pure. */
export function leftOutText({ files, more }: LeftOutList, where: string): string {
  const kept = files.filter(isValuable);
  const dropped = files.filter((file) => !isValuable(file));
  const sentences = [
    kept.length > 0 ? `Not committed: ${named(kept)}; kept in the workspace on ${where}.` : "",
    dropped.length > 0 ? `Excluded from the commit: ${named(dropped)}; removed with the workspace.` : "",
    more > 0 ? `${more} more were excluded.` : "",
  ];
  return sentences.filter((sentence) => sentence !== "").join(" ");
}

function named(files: readonly LeftOut[]): string {
  return files.map(({ path, why }) => `${codeSpan(path)} (${LEFT_OUT[why].words})`).join(", ");
}

/** Return a path as a Markdown code span, which no file name can end early. */
export function codeSpan(path: string): string {
  return `\`${path.replaceAll("`", "'").replaceAll(/\s/g, " ")}\``;
}
