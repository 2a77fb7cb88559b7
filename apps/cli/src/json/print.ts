import type { z } from "zod";
import { jsonText } from "../terminal/json.ts";

/** A value as a schema's output, where nothing is changed any more. */
type Shown<T> = T extends readonly (infer Item)[]
  ? readonly Shown<Item>[]
  : T extends object
    ? { readonly [Key in keyof T]: Shown<T[Key]> }
    : T;

/**
 * Return the JSON of a command's output. The schema is its type and makes its documentation; tests parse what commands print
 * with it. `indent` 0: one line.
 */
export function jsonOf<Schema extends z.ZodType>(_schema: Schema, value: Shown<z.output<Schema>>, indent = 2): string {
  return jsonText(value, indent);
}
