import { formatCount } from "@tac8/core/domain/formats";
import { formatReference, parseJobId } from "@tac8/core/domain/reference";
import type { CleanResult } from "@tac8/core/state/cleaning";
import { pad, plain, type Paint } from "../terminal/text.ts";

type Item = Pick<CleanResult["removed"][number], "kind" | "issue" | "paths">;

const WHY = { age: "its retention time is over", pressure: "disk space is low" } as const;
const MAX_PATH = 500;

/** Return lines about the files that were (or would be) removed and those that are kept. Paths are complete, so that they can be copied. */
export function renderCleaning(
  results: readonly CleanResult[],
  { dryRun, paint }: { readonly dryRun: boolean; readonly width: number; readonly paint: Paint },
): string[] {
  return results.flatMap((result) => {
    const { runner, home, removed, removedCount, kept, keptCount, bytes, problem } = result;
    const head = paint("dim", `Runner ${plain(runner)}, ${plain(home)}`);
    if (problem !== null) return [head, paint("red", `  failed: ${plain(problem)}`)];
    const verb = dryRun ? "would remove" : "removed";
    const lines = [head];
    for (const item of removed) {
      lines.push(`  ${pad(size(item.bytes), 8)}  ${about(item)}, ${WHY[item.why]}`, ...pathsOf(item));
    }
    if (removedCount > removed.length) lines.push(`  … and ${removedCount - removed.length} more`);
    for (const item of kept)
      lines.push(paint("yellow", `  kept      ${about(item)}: ${plain(item.reason)}`), ...pathsOf(item));
    if (keptCount > kept.length) lines.push(`  … and ${keptCount - kept.length} more are kept`);
    lines.push(
      removedCount === 0 ? "  Nothing to remove." : `  ${verb} ${formatCount(removedCount, "item")}, ${size(bytes)}`,
    );
    return lines;
  });
}

function about({ kind, issue }: Item): string {
  const ref = parseJobId(issue ?? "");
  return ref === null ? plain(kind) : `${plain(kind)} of ${plain(formatReference(ref))}`;
}

function pathsOf({ paths }: Item): string[] {
  return paths.map((path) => `            ${plain(path).slice(0, MAX_PATH)}`);
}

/** Format a size, such as `12.3 MB`. */
export function size(bytes: number): string {
  const units = ["B", "kB", "MB", "GB"];
  let value = bytes;
  let unit = 0;
  while (value >= 1000 && unit < units.length - 1) {
    value /= 1000;
    unit += 1;
  }
  return `${unit === 0 || value >= 100 ? Math.round(value) : value.toFixed(1)} ${units[unit]}`;
}
