import { runDemo } from "../demo/run.ts";
import type { Context } from "../context/context.ts";

/** Run the demo until it is stopped. */
export function demo(context: Context): Promise<number> {
  return runDemo(context);
}
