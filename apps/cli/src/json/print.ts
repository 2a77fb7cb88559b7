import type { z } from "zod";
import { jsonText } from "../terminal/json.ts";

/** The output type of a schema, deeply read-only. */
type Shown<T> = T extends readonly (infer Item)[]
  ? readonly Shown<Item>[]
  : T extends object
    ? { readonly [Key in keyof T]: Shown<T[Key]> }
    : T;

/**
 * Return the JSON of a command's output. Its type and its documentation come from the schema, and tests validate the output with
 * it. `indent` 0: one line.
 */
export function jsonOf<Schema extends z.ZodType>(_schema: Schema, value: Shown<z.output<Schema>>, indent = 2): string {
  return jsonText(value, indent);
}
