/**
 * Return the line of a key in a TOML file, from 1. If the key is missing, return the line of its table; null: the table is missing too. Only
 * for messages, because multi-line strings are not parsed. Pure.
 * @param path the path of a parser: `["repositories", 0, "repo_name"]`
 */
export function lineOf(text: string, path: readonly PropertyKey[]): number | null {
  const wanted = path.map(String);
  const counts = new Map<string, number>();
  let table: string[] = [];
  let best = { depth: 0, line: 0 };
  for (const [index, line] of text.split("\n").entries()) {
    const [, list] = /^\s*\[\[\s*([^\]]+?)\s*\]\]/.exec(line) ?? [];
    const [, plain] = list === undefined ? (/^\s*\[\s*([^\]]+?)\s*\]/.exec(line) ?? []) : [];
    const [, key] = /^\s*((?:[\w-]+|"[^"]*"|'[^']*')(?:\s*\.\s*(?:[\w-]+|"[^"]*"|'[^']*'))*)\s*=/.exec(line) ?? [];
    if (list !== undefined) {
      const number = counts.get(list) ?? 0;
      counts.set(list, number + 1);
      table = [...parts(list), String(number)];
    } else if (plain !== undefined) {
      table = parts(plain);
    } else if (key === undefined) {
      continue;
    }
    const here = key === undefined || list !== undefined || plain !== undefined ? table : [...table, ...parts(key)];
    const fits = here.every((part, at) => part === wanted[at]);
    if (fits && here.length > best.depth) best = { depth: here.length, line: index + 1 };
  }
  return best.depth === 0 ? null : best.line;
}

function parts(name: string): string[] {
  return name.split(".").map((part) => part.trim().replace(/^(["'])(.*)\1$/, "$2"));
}
