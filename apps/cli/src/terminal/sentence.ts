import type { Output } from "./output.ts";
import { wrap } from "./text.ts";

/** Print a sentence, wrapped between words. A path or an address that is longer than a line is not broken. */
export function sentence(output: Output, text: string): void {
  output.line(output.columns === null ? text : wrap(text, output.columns).join("\n"));
}
