import { z } from "zod";
import { repositorySchema, sections, TABLES } from "./schema.ts";
import { SECRETS, VARIABLES, type Variable } from "./variables.ts";

export const TABLE_BEGIN = "<!-- config:begin -->";
export const TABLE_END = "<!-- config:end -->";

const WIDTH = 100;
const COPY_IT = ": copy it to config.toml and name your repository";
/** Keys without a default that a new configuration has. With `isolation`, it isolates its agents, or fails to start with a message. */
const NEEDED: ReadonlySet<string> = new Set(["repo_owner", "repo_name", "isolation"]);

interface Key {
  readonly name: string;
  readonly meaning: string;
  /** Default in TOML; null: none. */
  readonly standard: string | null;
  /** Example in TOML, for a key without a default. */
  readonly example: string | null;
}

/** Return the text of `config.example.toml`, which is valid after the repository is set. */
export function exampleFile(): string {
  const tables = tableNames().flatMap((table) => {
    const schema: z.ZodObject = sections[table];
    const block = [...comment(TABLES[table]), `[${table}]`, ...keysOf(schema).flatMap(exampleLines), ""];
    return table === "github" ? [...block, ...furtherRepository(), ""] : block;
  });
  return [...header(), "", ...tables].join("\n");
}

/** Return a `config.toml` for one repository: the example with its names. `apiUrl` null: the default; `appId` null: none. */
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
  return text.replace(COPY_IT, "");
}

/** Return the tables of `docs/configuration.md` in Prettier's format: a section per table of the file, then the environment. */
export function configTables(): string {
  return [
    ...tableNames().flatMap((table) => {
      const own = keySection(`[${table}]`, TABLES[table], sections[table]);
      return table === "github"
        ? [...own, ...keySection("[[repositories]]", TABLES.repositories, repositorySchema)]
        : own;
    }),
    "### Environment: secrets",
    "",
    "`NAME_FILE` can name a file instead ([Secrets](#secrets)).",
    "",
    variableTable(SECRETS),
    "",
    "### Environment: other variables",
    "",
    variableTable(VARIABLES),
  ].join("\n");
}

function keySection(title: string, meaning: string, schema: z.ZodObject): string[] {
  const rows = keysOf(schema).map((key) => [`\`${key.name}\``, code(key.standard), key.meaning]);
  return [`### \`${title}\``, "", meaning, "", markdownTable(["Key", "Default", "Meaning"], rows), ""];
}

function tableNames(): (keyof typeof sections)[] {
  return Object.keys(sections) as (keyof typeof sections)[];
}

function variableTable(variables: readonly Variable[]): string {
  const rows = variables.map(({ name, standard, meaning }) => [`\`${name}\``, code(standard), meaning]);
  return markdownTable(["Variable", "Default", "Meaning"], rows);
}

/**
 * Return the page with new tables between its markers.
 * @throws Error when a marker is missing, or the end marker comes first.
 */
export function withConfigTables(page: string): string {
  const begin = page.indexOf(TABLE_BEGIN);
  const end = page.indexOf(TABLE_END);
  if (begin < 0 || end < begin)
    throw new Error(`docs/configuration.md needs a line ${TABLE_BEGIN} and, below it, ${TABLE_END}`);
  return `${page.slice(0, begin + TABLE_BEGIN.length)}\n\n${configTables()}\n\n${page.slice(end)}`;
}

function header(): string[] {
  const lines = [
    `Configuration of tac8${COPY_IT}.`,
    "Except for the repository and agent.isolation, the values are the defaults.",
    "Generated from packages/core/src/config/schema.ts by `npm run docs`.",
    "",
    "Secrets are never in this file. Their variables:",
    "https://github.com/OWNER/tac8/blob/main/docs/configuration.md#environment-secrets",
  ];
  return lines.map((line) => (line === "" ? "#" : `# ${line}`));
}

function exampleLines({ name, meaning, standard, example }: Key): string[] {
  const value = `${name} = ${standard ?? example ?? ""}`;
  return [...comment(meaning), standard === null && !NEEDED.has(name) ? `#${value}` : value];
}

function furtherRepository(): string[] {
  const keys = keysOf(repositorySchema).map(({ name, example, meaning }) => `#${name} = ${example}  # ${meaning}`);
  return [...comment(TABLES.repositories), "#[[repositories]]", ...keys];
}

function comment(text: string): string[] {
  return wrap(text, WIDTH).map((line) => `# ${line}`);
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

/** Return a value in TOML. JSON and TOML write strings, numbers, booleans and lists in the same way, except for spaces. */
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

/** Return a Markdown table in Prettier's format. */
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
