import type { Output } from "./output.ts";
import { sentence } from "./sentence.ts";
import { painter, plain } from "./text.ts";

/** Print one warning line for the operator. `line` may contain text from strangers. */
export function warn(err: Output, line: string): void {
  sentence(err, `${painter(err.color)("yellow", "tac8: warning:")} ${plain(line)}`);
}
