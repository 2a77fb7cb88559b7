import { z } from "zod";
import { repositorySchema, sections } from "./schema.ts";
import { SECRETS, VARIABLES, type Variable } from "./variables.ts";

export const TABLE_BEGIN = "<!-- config:begin -->";
export const TABLE_END = "<!-- config:end -->";

const WIDTH = 100;
const COPY_IT = ": copy it to config.toml and name your repository";

interface Key {
  readonly name: string;
  readonly meaning: string;
  /** As TOML writes it; null: there is none. */
  readonly standard: string | null;
  /** As TOML writes it, for a key without a default. */
  readonly example: string | null;
}

/** The text of `config.example.toml`: a file that works as soon as it names a repository of one's own. */
export function exampleFile(): string {
  const tables = Object.entries(sections).flatMap(([table, schema]) => {
    const block = [`[${table}]`, ...keysOf(schema).flatMap(exampleLines), ""];
    return table === "github" ? [...block, ...furtherRepository(), ""] : block;
  });
  return [...header(), "", ...tables].join("\n");
}

/** A `config.toml` for one repository: the example, with its names in place. `apiUrl` null: GitHub's own; `appId` null: none. */
export function firstFile(own: {
  readonly owner: string;
  readonly repo: string;
  readonly apiUrl: string | null;
  readonly appId: number | null;
}): string {
  const values: Record<string, string | number | null> = {
    repo_owner: own.owner,
    repo_name: own.repo,
    api_url: own.apiUrl,
    app_id: own.appId,
  };
  const text = exampleFile().replace(/^(?:repo_owner|repo_name|api_url|#app_id) = .*$/gm, (line) => {
    const name = line.replace(/^#| = .*$/g, "");
    const value = values[name] ?? null;
    return value === null ? line : `${name} = ${JSON.stringify(value)}`;
  });
  // A new installation isolates its agents, or says that it does not.
  return text.replace(COPY_IT, "").replace(/^#(isolation = "auto")$/m, "$1");
}

/** The README's tables, as Prettier lays them out: what the file sets, and what the environment sets. */
export function configTables(): string {
  const tables = [...Object.entries(sections), ["repositories", repositorySchema] as const];
  const rows = tables.flatMap(([table, schema]) =>
    keysOf(schema).map(({ name, standard, meaning }) => [`\`${table}.${name}\``, code(standard), meaning]),
  );
  const variables = [...SECRETS, ...VARIABLES].map(({ name, standard, meaning }) => [
    `\`${name}\``,
    code(standard),
    meaning,
  ]);
  return [
    markdownTable(["Key", "Default", "Meaning"], rows),
    "",
    `From the environment; each of the first ${SECRETS.length} also as a file, whose path is in \`NAME_FILE\`:`,
    "",
    markdownTable(["Variable", "Default", "Meaning"], variables),
  ].join("\n");
}

/**
 * The README with fresh tables between its markers.
 * @throws Error when a marker is missing, or they stand the wrong way round.
 */
export function withConfigTables(readme: string): string {
  const begin = readme.indexOf(TABLE_BEGIN);
  const end = readme.indexOf(TABLE_END);
  if (begin < 0 || end < begin) throw new Error(`README.md needs a line ${TABLE_BEGIN} and, below, ${TABLE_END}`);
  return `${readme.slice(0, begin + TABLE_BEGIN.length)}\n\n${configTables()}\n\n${readme.slice(end)}`;
}

function header(): string[] {
  const lines = [
    `Configuration of tac8${COPY_IT}. A key that is left out has the value`,
    "shown here. Made from packages/core/src/config/schema.ts by `npm run docs`.",
    "",
    "Secrets come from the environment, never from this file; each also as a file, whose path is in NAME_FILE:",
    ...describe(SECRETS),
    "",
    "Also from the environment; it goes before this file:",
    ...describe(VARIABLES),
  ];
  return lines.map((line) => (line === "" ? "#" : `# ${line}`));
}

function describe(variables: readonly Variable[]): string[] {
  const width = Math.max(...variables.map(({ name }) => name.length)) + 2;
  return variables.flatMap(({ name, standard, meaning }) => {
    const text = standard === "" ? meaning : `${meaning} Default: ${standard}`;
    return wrap(text, WIDTH - width - 2).map((line, row) => `  ${(row === 0 ? name : "").padEnd(width)}${line}`);
  });
}

function exampleLines({ name, meaning, standard, example }: Key): string[] {
  const required = name === "repo_owner" || name === "repo_name";
  const value = `${name} = ${standard ?? example ?? ""}`;
  return [...wrap(meaning, WIDTH).map((line) => `# ${line}`), standard === null && !required ? `#${value}` : value];
}

function furtherRepository(): string[] {
  const keys = keysOf(repositorySchema).map(({ name, example, meaning }) => `#${name} = ${example}  # ${meaning}`);
  return ["# More repositories: one such table each.", "#[[repositories]]", ...keys];
}

function keysOf(schema: z.ZodObject): Key[] {
  return Object.entries(schema.shape).map(([name, key]) => {
    const described = z.toJSONSchema(key, { io: "input" });
    const { default: standard, description, examples } = described;
    if (description === undefined) throw new Error(`the key ${name} has no description`);
    const example: unknown = Array.isArray(examples) ? examples[0] : undefined;
    return { name, meaning: description, standard: toToml(standard), example: toToml(example) };
  });
}

/** JSON writes strings, numbers, booleans and lists as TOML does; but for the spaces. */
function toToml(value: unknown): string | null {
  if (value === undefined) return null;
  if (typeof value === "object" && value !== null && !Array.isArray(value)) {
    const pairs = Object.entries(value).map(([name, inner]) => `${name} = ${toToml(inner)}`);
    return pairs.length === 0 ? "{}" : `{ ${pairs.join(", ")} }`;
  }
  return Array.isArray(value) ? `[${value.map((item) => JSON.stringify(item)).join(", ")}]` : JSON.stringify(value);
}

function code(text: string | null): string {
  return text === null || text === "" ? "" : `\`${text}\``;
}

/** As Prettier lays it out. */
export function markdownTable(head: readonly string[], body: readonly (readonly string[])[]): string {
  const rows = [head, ...body].map((row) => row.map((cell) => cell.replaceAll("|", "\\|")));
  const widths = head.map((_, column) => Math.max(3, ...rows.map((row) => row[column]?.length ?? 0)));
  const line = (cells: readonly string[]) =>
    `| ${widths.map((width, column) => (cells[column] ?? "").padEnd(width)).join(" | ")} |`;
  const [first = [], ...others] = rows;
  return [line(first), line(widths.map((width) => "-".repeat(width))), ...others.map(line)].join("\n");
}

function wrap(text: string, width: number): string[] {
  const lines: string[] = [];
  for (const word of text.split(" ")) {
    const last = lines.at(-1);
    if (last === undefined || last.length + 1 + word.length > width) lines.push(word);
    else lines[lines.length - 1] = `${last} ${word}`;
  }
  return lines;
}
