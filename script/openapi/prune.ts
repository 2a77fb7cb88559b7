import { operationKey, operationsOf } from "@tac8/sandbox/github/routes/table";

/** An OpenAPI 3.0 document, as far as it is read here. */
export interface Description {
  readonly openapi: string;
  readonly info: { readonly version: string; readonly license: object };
  readonly paths: Readonly<Record<string, Readonly<Record<string, Operation>>>>;
  readonly components: { readonly schemas: Readonly<Record<string, Schema>> };
}

interface Operation {
  readonly responses: Readonly<Record<string, Response>>;
}

interface Response {
  readonly $ref?: string;
  readonly content?: Readonly<Record<string, { readonly schema?: Schema }>>;
}

type Schema = Readonly<Record<string, unknown>>;

const JSON_TYPE = "application/json";
const SCHEMA = "#/components/schemas/";

const WITH_SCHEMA = new Set(["additionalProperties", "items", "not"]);
const WITH_SCHEMAS = new Set(["allOf", "anyOf", "oneOf"]);
const PLAIN = new Set(
  `$ref enum exclusiveMaximum exclusiveMinimum format maxItems maxLength maxProperties maximum minItems minLength
  minProperties minimum multipleOf nullable pattern required type uniqueItems`.split(/\s+/),
);
/** Keywords that change no validation result. Neither does a keyword that starts with `x-`. */
const DROPPED = new Set(
  "default deprecated description discriminator example examples externalDocs readOnly title writeOnly xml".split(" "),
);

/**
 * Reduce a description to some operations: the JSON schemas of their 2xx responses, and every schema that these refer to.
 * Paths, methods and schemas are sorted, so that two versions can be compared line by line.
 * @throws Error when an operation is not described, or a schema has a keyword that no list above has.
 */
export function prune({ openapi, info, paths, components }: Description, operations: readonly string[]): Description {
  const wanted = new Set(operations);
  const pruned = Object.entries(paths).map(([path, methods]) => {
    const chosen = Object.entries(methods).filter(([method]) => wanted.has(operationKey(method, path)));
    return [path, sorted(chosen.map(([method, operation]) => [method, pruneOperation(operation)]))] as const;
  });
  const kept = sorted(pruned.filter(([, methods]) => Object.keys(methods).length > 0));
  const found = new Set(operationsOf(kept));
  const missing = operations.filter((key) => !found.has(key));
  if (missing.length > 0) throw new Error(`the description lacks ${missing.join(", ")}`);
  const { version, license } = info;
  const schemas = closure(kept, components.schemas);
  return { openapi, info: { version, license }, paths: kept, components: { schemas } };
}

function pruneOperation({ responses }: Operation): Operation {
  const good = Object.entries(responses).filter(([status]) => status.startsWith("2"));
  return { responses: Object.fromEntries(good.map(([status, response]) => [status, pruneResponse(response)])) };
}

function pruneResponse({ $ref, content }: Response): Response {
  if ($ref !== undefined) throw new Error(`a 2xx response is a reference, which is not supported: ${$ref}`);
  const schema = content?.[JSON_TYPE]?.schema;
  return schema === undefined ? {} : { content: { [JSON_TYPE]: { schema: pruneSchema(schema) } } };
}

function pruneSchema(schema: Schema): Schema {
  const kept = Object.entries(schema).filter(([keyword]) => !DROPPED.has(keyword) && !keyword.startsWith("x-"));
  return Object.fromEntries(kept.map(([keyword, value]) => [keyword, pruneValue(keyword, value)]));
}

function pruneValue(keyword: string, value: unknown): unknown {
  if (PLAIN.has(keyword) || typeof value === "boolean") return value;
  if (WITH_SCHEMA.has(keyword)) return pruneSchema(value as Schema);
  if (WITH_SCHEMAS.has(keyword)) return (value as Schema[]).map(pruneSchema);
  if (keyword !== "properties") throw new Error(`unknown keyword "${keyword}": add it to a list in script/openapi`);
  return Object.fromEntries(Object.entries(value as object).map(([name, of]) => [name, pruneSchema(of as Schema)]));
}

/** Return every schema that `roots` refer to, directly or through another schema. */
function closure(roots: unknown, all: Readonly<Record<string, Schema>>): Record<string, Schema> {
  const kept: [string, Schema][] = [];
  const names = new Set(referred(roots));
  // A Set's loop also visits the names that are added meanwhile.
  for (const name of names) {
    const schema = all[name];
    if (schema === undefined) throw new Error(`the description lacks the schema ${name}`);
    const pruned = pruneSchema(schema);
    kept.push([name, pruned]);
    for (const other of referred(pruned)) names.add(other);
  }
  return sorted(kept);
}

function referred(value: unknown): string[] {
  return [...JSON.stringify(value).matchAll(/"\$ref":"([^"]*)"/g)].map(([, ref = ""]) => {
    if (!ref.startsWith(SCHEMA)) throw new Error(`the reference ${ref} is not one to a schema`);
    return ref.slice(SCHEMA.length);
  });
}

function sorted<T>(entries: readonly (readonly [string, T])[]): Record<string, T> {
  return Object.fromEntries([...entries].sort(([a], [b]) => (a < b ? -1 : 1)));
}
