import { within } from "@tac8/core/app/within";
import type { Guarded } from "../guard/guarded.ts";

export interface LadderOptions {
  readonly guarded: Guarded;
  /** Message that interrupts the agent's turn; null if stdin is closed or the agent does not read it. */
  readonly interrupt: string | null;
  /** Settles when the agent has sent a result. */
  readonly result: Promise<void>;
  /** Time for all steps together, up to the kill. */
  readonly graceMs: number;
}

/**
 * Stop an agent in steps: interrupt → wait for the result, which has the cost → end of stdin → SIGTERM → kill with
 * survivors. Resolves when the guard has exited or has received the kill command. No further step follows after the
 * agent ends.
 */
export async function stopInSteps({ guarded, interrupt, result, graceMs }: LadderOptions): Promise<void> {
  const { ended } = guarded;
  const deadline = performance.now() + graceMs;
  const left = (): number => deadline - performance.now();

  if (interrupt !== null) {
    guarded.stdin.write(interrupt);
    await within(Promise.race([result, ended]), graceMs / 2);
  }
  guarded.stdin.end();
  // An interrupted agent exits by itself now. Another agent does not know of the stop yet.
  if (interrupt !== null && (await within(ended, left() / 2))) return;
  guarded.send("term");
  if (await within(ended, left())) return;
  guarded.send("kill");
}
