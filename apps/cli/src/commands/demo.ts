import { runDemo } from "../demo/run.ts";
import type { Context } from "../context/context.ts";

/** Runs the demo until it is stopped. */
export function demo(context: Context): Promise<number> {
  return runDemo(context);
}
