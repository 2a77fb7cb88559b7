import { lintSource } from "@secretlint/core";
import { creator } from "@secretlint/secretlint-rule-preset-recommend";
import { addedLines } from "./added.ts";
import { writtenForms } from "./known.ts";
import { MAX_FINDINGS, type Finding, type ScanRequest } from "./protocol.ts";

const PRESET = "@secretlint/secretlint-rule-preset-recommend";
const CONFIG = { rules: [{ id: PRESET, rule: creator }] };
/** Some of the rules take a time that grows with the square of a line's length. */
const MAX_LINE = 2000;
/** Longer than any token, so that each is whole in one of the pieces. */
const OVERLAP = 500;
/** Characters that the rules get at once. */
const MAX_PIECE = 1_000_000;
const MAX_WHERE = 200;

interface Line {
  readonly number: number;
  readonly text: string;
}

/** Find secrets in texts and in what commits add. `patch`: of `git log --patch --cc`. */
export async function scan({ known, texts }: ScanRequest, patch: string): Promise<Finding[]> {
  const forms = known.map(({ value, isStrong }) => ({ isStrong, forms: writtenForms(value) }));
  const sources = [
    ...texts.map(({ name, text }) => ({ where: name, isFile: false, lines: numbered(text) })),
    ...addedLines(patch).map(({ path, lines }) => ({ where: path, isFile: true, lines })),
  ];
  const found = new Map<string, Finding>();
  const keep = (finding: Finding) => {
    const where = finding.where.slice(0, MAX_WHERE);
    const key = JSON.stringify([where, finding.line, finding.rule]);
    if (found.size < MAX_FINDINGS || found.has(key)) found.set(key, { ...finding, where });
  };
  for (const { where, lines, isFile } of sources) {
    // A name is published too.
    const named = isFile ? [{ number: 1, text: where }, ...lines] : lines;
    for (const finding of ofInstallation(named, forms))
      keep({ where: isFile ? masked(where, forms) : where, ...finding });
    for (const finding of await ofPatterns(lines)) keep({ where: isFile ? masked(where, forms) : where, ...finding });
  }
  return [...found.values()];
}

type Forms = readonly { readonly isStrong: boolean; readonly forms: readonly string[] }[];

function ofInstallation(lines: readonly Line[], known: Forms): Omit<Finding, "where">[] {
  // Encoders break lines, and so does who wants to hide something.
  const joined = lines.map(({ text }) => text.replaceAll(/\s/g, "")).join("");
  return known.flatMap(({ forms, isStrong }) => {
    if (!forms.some((form) => joined.includes(form))) return [];
    const line = lines.find(({ text }) => forms.some((form) => text.includes(form)))?.number ?? null;
    return [{ line, rule: "a secret of this tac8", isCertain: isStrong }];
  });
}

function masked(where: string, known: Forms): string {
  return known.some(({ forms }) => forms.some((form) => where.includes(form))) ? "a file's name" : where;
}

async function ofPatterns(lines: readonly Line[]): Promise<Omit<Finding, "where">[]> {
  const found: Omit<Finding, "where">[] = [];
  for (const piece of pieces(lines)) {
    const { messages } = await lintSource({
      // A comment in a file must not turn the rules off.
      source: {
        content: piece.map(({ text }) => text.replaceAll(/secretlint-/gi, "secretlint_")).join("\n"),
        filePath: "added.txt",
        ext: ".txt",
        contentType: "text",
      },
      options: { config: CONFIG, maskSecrets: true, noPhysicFilePath: true },
    });
    for (const { ruleId, loc } of messages) {
      const rule = ruleId.replace("@secretlint/secretlint-rule-", "");
      found.push({ line: piece[loc.start.line - 1]?.number ?? null, rule, isCertain: false });
    }
  }
  return found;
}

function* pieces(lines: readonly Line[]): Generator<readonly Line[]> {
  let piece: Line[] = [];
  let size = 0;
  for (const { number, text } of lines) {
    for (let from = 0; from === 0 || from + OVERLAP < text.length; from += MAX_LINE - OVERLAP) {
      const part = text.slice(from, from + MAX_LINE);
      piece.push({ number, text: part });
      size += part.length + 1;
    }
    if (size < MAX_PIECE) continue;
    yield piece;
    // A key of several lines may begin at the end of this piece.
    piece = piece.slice(-100);
    size = 0;
  }
  if (piece.length > 0) yield piece;
}

function numbered(text: string): Line[] {
  return text.split("\n").map((line, index) => ({ number: index + 1, text: line }));
}
