/** A field, with the selection inside it, or the selection for one type (`... on User`). */
interface Field {
  readonly kind: "field";
  readonly name: string;
  readonly args: Readonly<Record<string, unknown>>;
  readonly inside: readonly Selected[] | null;
}
interface Fragment {
  readonly kind: "fragment";
  readonly type: string;
  readonly inside: readonly Selected[];
}
type Selected = Field | Fragment;

/** An object that can be asked for its fields. A field's value is a plain value, another node, or a list of nodes. */
export interface Node {
  readonly type: string;
  readonly fields: Readonly<Record<string, (args: Readonly<Record<string, unknown>>) => unknown>>;
}

export interface GraphqlError {
  readonly message: string;
  /** As in GitHub's answers: `NOT_FOUND`, `FORBIDDEN`. */
  readonly type?: string;
  readonly path?: readonly string[];
  readonly extensions?: Readonly<Record<string, unknown>>;
}

/** Thrown by a field: its value is null then, and the answer has the error. */
export class FieldError extends Error {
  readonly type: string;
  constructor(type: string, message: string) {
    super(message);
    this.type = type;
  }
}

/** The query itself is wrong: there are no data. */
class QueryError extends Error {
  readonly code: string;
  constructor(message: string, code = "parseError") {
    super(message);
    this.code = code;
  }
}

/** Answer a GraphQL query of the part of the language that tac8 uses: one query, variables, inline fragments. */
export function answerQuery(
  { query, variables }: { readonly query: string; readonly variables: Readonly<Record<string, unknown>> },
  root: Node,
): { readonly data?: unknown; readonly errors?: readonly GraphqlError[] } {
  const errors: GraphqlError[] = [];
  try {
    const data = select(new Parser(query, variables).document(), root, { errors, path: [] });
    return errors.length === 0 ? { data } : { data, errors };
  } catch (error) {
    if (!(error instanceof QueryError)) throw error;
    return { errors: [{ message: error.message, extensions: { code: error.code } }] };
  }
}

interface Position {
  readonly errors: GraphqlError[];
  readonly path: readonly string[];
}

function select(selection: readonly Selected[], node: Node, position: Position): Record<string, unknown> {
  const result: Record<string, unknown> = {};
  for (const selected of selection) {
    if (selected.kind === "fragment") {
      if (selected.type === node.type) Object.assign(result, select(selected.inside, node, position));
    } else {
      result[selected.name] = valueOf(selected, node, { ...position, path: [...position.path, selected.name] });
    }
  }
  return result;
}

function valueOf({ name, args, inside }: Field, node: Node, position: Position): unknown {
  if (name === "__typename") return node.type;
  const field = node.fields[name];
  if (field === undefined) {
    throw new QueryError(`Field '${name}' doesn't exist on type '${node.type}'`, "undefinedField");
  }
  try {
    const value = field(args);
    const inner = (each: unknown): unknown => (isNode(each) && inside !== null ? select(inside, each, position) : each);
    return Array.isArray(value) ? value.map(inner) : inner(value);
  } catch (error) {
    if (!(error instanceof FieldError)) throw error;
    position.errors.push({ type: error.type, path: position.path, message: error.message });
    return null;
  }
}

function isNode(value: unknown): value is Node {
  return typeof value === "object" && value !== null && "fields" in value && "type" in value;
}

const TOKEN = /\.\.\.|\$?[A-Za-z_]\w*|-?\d+|"(?:[^"\\]|\\.)*"|[{}()[\]:!=]|\S/g;

class Parser {
  readonly #tokens: readonly string[];
  readonly #variables: Readonly<Record<string, unknown>>;
  #at = 0;

  constructor(query: string, variables: Readonly<Record<string, unknown>>) {
    this.#tokens = (query.match(TOKEN) ?? []).filter((token) => token !== ",");
    this.#variables = variables;
  }

  document(): readonly Selected[] {
    if (this.#is("query")) {
      this.#at += 1;
      if (!this.#is("{") && !this.#is("(")) this.#at += 1; // Its name.
      if (this.#is("(")) this.#at = this.#tokens.indexOf(")", this.#at) + 1; // Types of its variables.
    }
    const selection = this.#selection();
    if (this.#at < this.#tokens.length) throw this.#unexpected();
    return selection;
  }

  #selection(): readonly Selected[] {
    this.#take("{");
    const selected: Selected[] = [];
    while (!this.#is("}")) selected.push(this.#is("...") ? this.#fragment() : this.#field());
    this.#take("}");
    return selected;
  }

  #fragment(): Fragment {
    this.#take("...");
    this.#take("on");
    return { kind: "fragment", type: this.#name(), inside: this.#selection() };
  }

  #field(): Field {
    const name = this.#name();
    const args: Record<string, unknown> = {};
    if (this.#is("(")) {
      this.#take("(");
      while (!this.#is(")")) this.#pair(args);
      this.#take(")");
    }
    return { kind: "field", name, args, inside: this.#is("{") ? this.#selection() : null };
  }

  #pair(into: Record<string, unknown>): void {
    const name = this.#name();
    this.#take(":");
    into[name] = this.#value();
  }

  #value(): unknown {
    if (this.#is("{")) {
      const value: Record<string, unknown> = {};
      this.#take("{");
      while (!this.#is("}")) this.#pair(value);
      this.#take("}");
      return value;
    }
    if (this.#is("[")) {
      const list: unknown[] = [];
      this.#take("[");
      while (!this.#is("]")) list.push(this.#value());
      this.#take("]");
      return list;
    }
    const token = this.#next();
    if (token.startsWith("$")) return this.#variables[token.slice(1)];
    if (/^("|-?\d)/.test(token)) return JSON.parse(token) as unknown;
    return token; // Of an enumeration.
  }

  #name(): string {
    const token = this.#next();
    if (!/^[A-Za-z_]\w*$/.test(token)) throw this.#unexpected(token);
    return token;
  }

  #is(token: string): boolean {
    return this.#tokens[this.#at] === token;
  }

  #take(token: string): void {
    if (this.#next() !== token) throw this.#unexpected(this.#tokens[this.#at - 1]);
  }

  #next(): string {
    const token = this.#tokens[this.#at];
    if (token === undefined) throw this.#unexpected();
    this.#at += 1;
    return token;
  }

  #unexpected(token = this.#tokens[this.#at] ?? "end of file"): QueryError {
    return new QueryError(`Parse error on ${JSON.stringify(token)}`);
  }
}
