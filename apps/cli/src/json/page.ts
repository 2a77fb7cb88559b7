import { JSON_OUTPUTS } from "./outputs.ts";
import { errorOutput } from "./error.ts";
import { markdownTable } from "@tac8/core/config/document";
import { ISSUE_STATES, OUTCOMES } from "@tac8/core/domain/states";
import { z } from "zod";

/** Return the text of `docs/json.md`, with every field that commands print with `--json`, from their schemas. */
export function jsonPage(): string {
  const commands = Object.entries(JSON_OUTPUTS).flatMap(([command, { whole, lines = [] }]) => [
    `## \`tac8 ${command}\``,
    tableOf(whole),
    ...(lines.length === 0 ? [] : ["With `--follow`:", lines.map(({ text }) => text).join("\n")]),
  ]);
  return `${[BEFORE, tableOf(errorOutput), AFTER, ...commands].join("\n\n")}\n`;
}

const BEFORE = `# JSON output

<!-- Made from apps/cli/src/json by \`npm run docs\`. -->

With \`--json\`, the commands below print one JSON object on standard output. Notes are on standard error. With \`--follow\`, \`view\` and \`timeline\` print one object on each line. Ignore unknown fields: any release may add fields.

\`\`\`sh
tac8 list --json | jq -r '.issues[] | select(.state == "failed") | .issue'
\`\`\`

- A **time** is a string in ISO 8601, UTC. Fields named \`ms\` or \`…Ms\` are durations in milliseconds. Costs are in US dollars.
- An **issue** is a string such as \`owner/repo#471\`.
- An **issue state** is one of ${ISSUE_STATES.map((state) => `\`${state}\``).join(", ")} ([meanings](architecture.md#states)).
- An **outcome** is one of ${OUTCOMES.map((outcome) => `\`${outcome}\``).join(", ")}.

## Errors

If a command fails, its output is an object with the key \`error\`. With \`--follow\`, other lines may precede it.`;

const AFTER = `Check for \`error\`, because an exit code other than 0 can be a result, such as 3 and 4 of \`tac8 status\`.`;

type Node = z.core.JSONSchema.JSONSchema;

function tableOf(schema: z.ZodType): string {
  const root = z.toJSONSchema(schema);
  const rows = fieldsOf(root, { path: "", root, within: [] });
  return markdownTable(["Field", "Type", "Meaning"], rows);
}

interface Place {
  /** Path in the syntax of jq. */
  readonly path: string;
  readonly root: Node;
  /** The enclosing definitions with their paths, so that a recursive definition is not repeated. */
  readonly within: readonly { readonly ref: string; readonly path: string }[];
}

/** Return the rows of the fields of an object. */
function fieldsOf(node: Node, place: Place): string[][] {
  const required = node.required ?? [];
  return Object.entries(node.properties ?? {}).flatMap(([name, field]) =>
    typeof field === "boolean"
      ? []
      : rowsOf(field, { ...place, path: `${place.path}.${name}` }, { optional: !required.includes(name) }),
  );
}

/** Return the row of a field, and those of its inner fields. */
function rowsOf(field: Node, place: Place, { optional }: { readonly optional: boolean }): string[][] {
  const { node, nullable } = withoutNull(field);
  const [item, path] = itemOf(node, place.path);
  const target = item.$ref === undefined ? item : definition(place.root, item.$ref);
  const seen = place.within.find(({ ref }) => ref === item.$ref);
  const same = typeof field["sameAs"] === "string" ? field["sameAs"] : seen?.path;
  const type = typeName({ node, item: target });
  const description = field.description ?? node.description ?? (item === node ? undefined : item.description) ?? "";
  const meaning = [
    description,
    valuesOf(target, field, description),
    same === undefined ? "" : sameFields(same, field["sameIn"]),
  ];
  const words = [type, ...(nullable ? ["null"] : [])].join(" or ");
  const row = [
    `\`${place.path}\``,
    optional ? `${words}, optional` : words,
    meaning.filter((text) => text !== "").join(". "),
  ];
  if (same !== undefined || target.properties === undefined) return [row];
  const within = item.$ref === undefined ? place.within : [...place.within, { ref: item.$ref, path }];
  const inner = fieldsOf(target, { ...place, path, within });
  const says = description !== "" || nullable || optional;
  return says ? [row, ...inner] : inner;
}

/** Return the items of an array, also of nested arrays, and their path. */
function itemOf(node: Node, path: string): [Node, string] {
  const { items } = node;
  if (node.type !== "array" || typeof items !== "object" || Array.isArray(items)) return [node, path];
  return itemOf(items, `${path}[]`);
}

function withoutNull(field: Node): { readonly node: Node; readonly nullable: boolean } {
  if (Array.isArray(field.type)) {
    const [type] = field.type.filter((name) => name !== "null");
    return { node: type === undefined ? field : { ...field, type }, nullable: true };
  }
  const parts = field.anyOf ?? [];
  const [only, ...others] = parts.filter((part): part is Node => typeof part === "object" && part.type !== "null");
  if (only === undefined || others.length > 0 || parts.length === 1) return { node: field, nullable: false };
  return { node: only, nullable: true };
}

function definition(root: Node, ref: string): Node {
  const found = root.$defs?.[ref.replace("#/$defs/", "")];
  if (typeof found !== "object") throw new Error(`${ref} is not defined in the schema`);
  return found;
}

function typeName({ node, item }: { readonly node: Node; readonly item: Node }): string {
  if (node.type === "array" && item.properties !== undefined) return "array";
  if (node.type === "array") return `array of ${plural(typeName({ node: item, item }))}`;
  if (typeof item["shownAs"] === "string") return item["shownAs"];
  if (item.const !== undefined) return `\`${JSON.stringify(item.const)}\``;
  const values = item.additionalProperties;
  if (item.type === "object" && item.properties === undefined && typeof values === "object") {
    return typeof values.type === "string" ? `object of ${plural(values.type)}` : "object";
  }
  return item.type === undefined ? "any" : String(item.type);
}

function plural(type: string): string {
  return /^[a-z ]+$/.test(type) ? `${type}s` : type;
}

function sameFields(path: string, command: unknown): string {
  const of = typeof command === "string" ? ` of [\`tac8 ${command}\`](#tac8-${command})` : "";
  return `Same fields as \`${path}\`${of}`;
}

/** Return the values of an enumeration, unless the description names all of them. */
function valuesOf(item: Node, field: Node, description: string): string {
  if (item.enum === undefined || item["shownAs"] !== undefined || field["shownAs"] !== undefined) return "";
  const values = item.enum.map((value) => `\`${String(value)}\``);
  return values.every((value) => description.includes(value)) ? "" : `One of ${values.join(", ")}`;
}
