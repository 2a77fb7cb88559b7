import { cut, pad, plain, widthOf, wrap, type Paint } from "../terminal/text.ts";
import type { Status } from "./finding.ts";
import type { CheckReport } from "./run.ts";

const MARKS: Record<Status, readonly [mark: string, color: Parameters<Paint>[0]]> = {
  ok: ["✓", "green"],
  note: ["·", "dim"],
  unknown: ["?", "yellow"],
  problem: ["✗", "red"],
};
const MAX_TEXT = 1000;

/** Render the findings as lines of at most `width` columns, each with its advice below. */
export function renderReports(
  reports: readonly CheckReport[],
  { width, paint }: { readonly width: number; readonly paint: Paint },
): string[] {
  const label = Math.max(...reports.map(({ name }) => widthOf(name))) + 2;
  const indent = label + 2;
  const lines = (text: string) => wrap(cut(plain(text), MAX_TEXT), Math.max(20, width - indent));
  return reports.flatMap(({ name, findings }) =>
    findings.flatMap(({ status, text, advice }, index) => {
      const [mark, color] = MARKS[status];
      const [first = "", ...more] = lines(text);
      const head = `${paint(color, mark)} ${paint("dim", pad(index === 0 ? name : "", label))}${first}`;
      const blank = " ".repeat(indent);
      // Advice that several consecutive findings share is shown only below the last of them.
      const again = advice === findings[index + 1]?.advice;
      const [todo = "", ...rest] = advice === null || again ? [] : lines(`→ ${advice}`);
      return [head, ...[...more, ...(todo === "" ? [] : [todo]), ...rest].map((line) => blank + line)];
    }),
  );
}

/** Return the last line of the output. */
export function summary(reports: readonly CheckReport[]): string {
  const count = (wanted: Status) =>
    reports.flatMap(({ findings }) => findings).filter(({ status }) => status === wanted).length;
  const [problems, unknown] = [count("problem"), count("unknown")];
  const open = unknown === 0 ? "" : `; ${unknown} could not be checked`;
  if (problems === 0) return `No problems found${open}.`;
  return `${problems} ${problems === 1 ? "problem" : "problems"} to fix${open}.`;
}
