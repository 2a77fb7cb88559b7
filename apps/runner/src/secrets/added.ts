/** Lines that commits add to one file. */
export interface AddedLines {
  readonly path: string;
  /** Each with its number in the file of its commit. */
  readonly lines: readonly { readonly number: number; readonly text: string }[];
}

const HUNK = /^(@{2,})(?: -\d+(?:,\d+)?)+ \+(\d+)(?:,(\d+))? @{2,}/;

/**
 * Read the lines that are added out of `git log --patch --cc`, one entry for each file of each commit. A merge adds what none
 * of its parents has. The names and contents are an agent's: headers count only outside of a hunk. Pure.
 */
export function addedLines(patch: string): AddedLines[] {
  const files: { path: string; lines: { number: number; text: string }[] }[] = [];
  let parents = 0;
  let number = 0;
  for (const line of patch.split("\n")) {
    if (parents > 0 && /^[ +\\-]/.test(line)) {
      const signs = line.slice(0, parents);
      if (/^\++$/.test(signs)) files.at(-1)?.lines.push({ number, text: line.slice(parents) });
      if (!signs.includes("-") && !signs.startsWith("\\")) number += 1;
      continue;
    }
    const hunk = HUNK.exec(line);
    if (hunk !== null) {
      parents = (hunk[1] ?? "@@").length - 1;
      number = Number(hunk[2]);
      continue;
    }
    parents = 0;
    const header = /^diff --(?:git|cc|combined) (.*)$/.exec(line)?.[1];
    if (header !== undefined)
      files.push({ path: header.slice(header.lastIndexOf(" b/") + 1).replace(/^b\//, ""), lines: [] });
    const file = files.at(-1);
    const renamed = /^\+\+\+ "?b\/(.*?)"?\t?$/.exec(line)?.[1];
    if (renamed !== undefined && file !== undefined) file.path = renamed;
  }
  return files;
}
