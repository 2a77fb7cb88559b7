/** Argument of `git cat-file` for input with one sha per line. `splitObjects` reads its output. */
export const BATCH = "--batch=%(objecttype) %(objectsize)";

/**
 * Split the output of `BATCH` into the contents of the objects, in their order. A size is git's own, so content that looks like the next
 * object does not count as one. Pure.
 * @returns the first line that does not announce an object of this type, as text
 */
export function splitObjects(
  bytes: Buffer,
  { count, type }: { readonly count: number; readonly type: "blob" | "commit" },
): readonly Buffer[] | string {
  const contents: Buffer[] = [];
  let at = 0;
  while (contents.length < count) {
    const end = bytes.indexOf("\n", at);
    const line = bytes.toString("latin1", at, end < 0 ? bytes.length : end);
    const [, found, size] = /^(\w+) (\d+)$/.exec(line) ?? [];
    if (end < 0 || found !== type) return line;
    const start = end + 1;
    at = start + Number(size) + 1;
    contents.push(bytes.subarray(start, at - 1));
  }
  return contents;
}
