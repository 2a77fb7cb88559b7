import { within } from "@tac8/core/app/within";
import type { Guarded } from "../guard/guarded.ts";

export interface LadderOptions {
  readonly guarded: Guarded;
  /** What interrupts the agent's turn, or null where stdin is closed or means nothing to it. */
  readonly interrupt: string | null;
  /** Settles when the agent has given a result. */
  readonly result: Promise<void>;
  /** For all rungs together, up to the kill. */
  readonly graceMs: number;
}

/**
 * Interrupt → wait for the result (it carries the cost) → end of stdin → SIGTERM → kill with survivors.
 * Resolves when the guard ends or has been told to kill; each rung is left as soon as the agent ended.
 */
export async function climbDown({ guarded, interrupt, result, graceMs }: LadderOptions): Promise<void> {
  const { ended } = guarded;
  const deadline = performance.now() + graceMs;
  const left = (): number => deadline - performance.now();

  if (interrupt !== null) {
    guarded.stdin.write(interrupt);
    await within(Promise.race([result, ended]), graceMs / 2);
  }
  guarded.stdin.end();
  // An agent that has been interrupted ends by itself now; another one knows nothing yet.
  if (interrupt !== null && (await within(ended, left() / 2))) return;
  guarded.send("term");
  if (await within(ended, left())) return;
  guarded.send("kill");
}
