import type { Output } from "./output.ts";
import { wrap } from "./text.ts";

/** Print a sentence for people. A terminal would break it inside a word; a path or an address longer than a line stays whole. */
export function sentence(output: Output, text: string): void {
  output.line(output.columns === null ? text : wrap(text, output.columns).join("\n"));
}
