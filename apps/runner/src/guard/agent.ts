import { Socket } from "node:net";
import type { Readable, Writable } from "node:stream";
import { finished } from "node:stream/promises";
import { LaunchedProgram } from "@tac8/core/isolation/launcher/client";
import { RUN_MARKER } from "@tac8/core/domain/runMarker";
import { AGENT_NICENESS, lifeOf, type Life } from "./life.ts";
import type { GuardStart } from "./protocol.ts";

/** Process of an agent that the launcher has started. */
export interface LaunchedAgent extends Life {
  /** Undefined if it was not started. */
  readonly pid: number | undefined;
  /** Send SIGTERM. */
  terminate(): void;
  /** Kill all processes of its user id. */
  kill(): void;
  /** Return the processes of its user id that were left when it ended. The launcher has killed them. */
  left(): { readonly survivors: number; readonly remaining: number };
}

/** Have the launcher start the agent with this process's standard streams. */
export function launchAgent(start: GuardStart): LaunchedAgent {
  const { socket, uid, groups } = start.launcher;
  const program = ["nice", "-n", String(AGENT_NICENESS), "--", ...start.program];
  const child = new LaunchedProgram(socket, {
    uid,
    groups: [...groups],
    program,
    env: { ...start.env, [RUN_MARKER]: start.runId },
    cwd: start.cwd,
  });
  const relayed = [
    relay(new Socket({ fd: 0, readable: true, writable: false }), child.stdin),
    relay(child.stdout, new Socket({ fd: 1, readable: false, writable: true })),
    relay(child.stderr, new Socket({ fd: 2, readable: false, writable: true })),
  ];
  const life = lifeOf(child);
  return {
    ...life,
    // The output is passed on before the end is reported.
    ended: life.ended.then(async (end) => {
      await Promise.all(relayed.slice(1));
      return end;
    }),
    get pid() {
      return child.pid;
    },
    terminate: () => void child.kill("SIGTERM"),
    kill: () => void child.kill("SIGKILL"),
    left: () => child.left,
  };
}

/** Pass all data of one stream to another. A broken stream is not reported, because the agent's end is. */
async function relay(from: Readable, to: Writable): Promise<void> {
  from.pipe(to);
  await Promise.race([finished(from), finished(to)]).catch(() => undefined);
}
