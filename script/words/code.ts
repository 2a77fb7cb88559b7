/** The end of each kind of text that is not code, by its start. */
const ENDS = { "//": /\n/y, "/*": /\*\//y, '"': /"|\n/y, "'": /'|\n/y, "`": /`/y } as const;

/** A `/` after one of these begins a regular expression, not a division. */
const BEFORE_REGEXP = /(?:^|[(,=:[!&|?{};\n+>]|\breturn)\s*$/;

/** Return TypeScript or JavaScript with its comments, strings and regular expressions blanked; lines stay where they are. */
export function codeOf(source: string): string {
  let code = "";
  // Depths of braces at which a template's expression ends.
  const templates: number[] = [];
  let braces = 0;
  for (let at = 0; at < source.length;) {
    const two = source.slice(at, at + 2);
    const one = source[at] ?? "";
    if (one === "}" && templates.at(-1) === braces) {
      templates.pop();
      at = skip("`", at + 1);
    } else if (two === "//" || two === "/*") at = skip(two, at + 2);
    else if (one === '"' || one === "'" || one === "`") at = skip(one, at + 1);
    else if (one === "/" && BEFORE_REGEXP.test(code.slice(-40))) {
      const [literal = one] = /^\/(?:[^/\\[\n]|\\.|\[(?:[^\]\\\n]|\\.)*\])+\/\w*/.exec(source.slice(at)) ?? [];
      code += "0";
      at += literal.length;
    } else {
      if (one === "{") braces++;
      if (one === "}") braces--;
      code += one;
      at++;
    }
  }
  return code;

  /** Skip to the end of a comment or string, or to an expression in a template; returns where code begins again. */
  function skip(kind: keyof typeof ENDS, from: number): number {
    const end = ENDS[kind];
    const isComment = kind === "//" || kind === "/*";
    let at = from;
    for (; at < source.length; at++) {
      end.lastIndex = at;
      const match = end.exec(source);
      if (match !== null) {
        at += kind === "//" ? 0 : match[0].length;
        break;
      }
      if (!isComment && source[at] === "\\") at++;
      if (kind === "`" && source.startsWith("${", at)) {
        templates.push(braces);
        at += 2;
        break;
      }
    }
    code += ` ${source.slice(from, at).replace(/[^\n]/g, "")}`;
    return at;
  }
}
