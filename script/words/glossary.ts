/** A word or phrase that the repository does not use, from a column "avoid" of the glossary. */
export interface Avoided {
  /** Its words in lower case: `["put", "aside"]`. */
  words: string[];
  /** Only names in code are searched: the word is fine in a sentence. */
  nameOnly: boolean;
  /** The phrases in which the word is fine, each as its words. */
  exceptions: string[][];
  /** The word to write, the first cell of its row. */
  instead: string;
}

const WORD = /[A-Z]+(?![a-z])|[A-Z]?[a-z]+|\d+/g;

/** Return the words of a text or of an identifier: `issueState` has two. */
const wordsOf = (text: string) => (text.match(WORD) ?? []).map((word) => word.toLowerCase());

/**
 * Read the columns "avoid" of the tables in the section "Glossary" of docs/architecture.md. A cell is a list with commas;
 * an entry in backticks is a name; `(not: x; y)` after an entry lists the phrases in which it is fine.
 * @throws Error if there is no such column
 */
export function readGlossary(markdown: string): Avoided[] {
  const avoided: Avoided[] = [];
  let column = -1;
  for (const { line } of glossaryLines(markdown)) {
    const cells = cellsOf(line);
    if (cells.length === 0) column = -1;
    else if (column < 0) column = cells.indexOf("avoid");
    else if (!/^:?-+:?$/.test(cells[0] ?? "")) avoided.push(...readCell(cells[column] ?? "", cells[0] ?? ""));
  }
  if (avoided.length === 0) throw new Error("docs/architecture.md: its glossary has no column `avoid` with words");
  return avoided;
}

/** Read the columns "fixed name" of the same section: names that are stored or public, so they cannot change. */
export function readFixedNames(markdown: string): string[] {
  const names: string[] = [];
  let column = -1;
  for (const { line } of glossaryLines(markdown)) {
    const cells = cellsOf(line);
    if (cells.length === 0) column = -1;
    else if (column < 0) column = cells.indexOf("fixed name");
    else names.push(...(/^`(.+)`$/.exec(cells[column] ?? "")?.slice(1) ?? []));
  }
  return names;
}

/** Return the markdown without the cells of the columns "avoid" and "fixed name", which list the words themselves. */
export function withoutListedWords(markdown: string): string {
  const lines = markdown.split("\n");
  let column = -1;
  for (const { line, at } of glossaryLines(markdown)) {
    const cells = cellsOf(line);
    if (cells.length === 0) column = -1;
    else if (column < 0) column = Math.max(cells.indexOf("avoid"), cells.indexOf("fixed name"));
    else lines[at] = `| ${cells.filter((_, index) => index !== column).join(" | ")} |`;
  }
  return lines.join("\n");
}

function glossaryLines(markdown: string): { line: string; at: number }[] {
  const lines = markdown.split("\n").map((line, at) => ({ line, at }));
  const start = lines.findIndex(({ line }) => line === "## Glossary");
  if (start < 0) return [];
  const end = lines.findIndex(({ line, at }) => at > start && line.startsWith("## "));
  return lines.slice(start, end < 0 ? lines.length : end);
}

const cellsOf = (line: string) =>
  line.startsWith("|")
    ? line
        .split("|")
        .slice(1, -1)
        .map((cell) => cell.trim())
    : [];

function readCell(cell: string, instead: string): Avoided[] {
  const entries = cell.split(/,(?![^(]*\))/).map((entry) => entry.trim());
  return entries
    .filter((entry) => entry !== "")
    .map((entry) => {
      const [phrase = "", exceptions = ""] = entry.replace(/\)$/, "").split(/ \(not: /);
      return {
        words: wordsOf(phrase),
        nameOnly: phrase.startsWith("`"),
        exceptions: exceptions
          .split(";")
          .map(wordsOf)
          .filter((words) => words.length > 0),
        instead,
      };
    });
}
