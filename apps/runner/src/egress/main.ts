// The proxy of one run at a time, in its own process: an agent that makes it use too much memory or time loses its own
// network, and the runner continues. A line of its input with the options of a run, which have the keys, opens the
// proxy of that run, and the line `null` closes it. The process ends with its input.
import { messageOf } from "@tac8/core/domain/messageOf";
import { createInterface } from "node:readline";
import { setTimeout as pause } from "node:timers/promises";
import type { Message } from "./message.ts";
import { openEgress, type Egress, type EgressOptions, type EgressUsage } from "./open.ts";

type Options = Omit<EgressOptions, "log" | "onUsage">;

const MAX_TEXT = 500;
/** Time for the closed connections of a run to disappear, in ms. */
const QUIET_MS = 100;
const STEP_MS = 2;

process.title = "tac8 proxy";
// The runner handles Ctrl-C and a closed terminal.
for (const signal of ["SIGINT", "SIGHUP", "SIGTERM"] as const) process.on(signal, () => undefined);

/** Everything of a run: it is dropped when the run is closed, so that the run's keys do not stay reachable. */
let run: Promise<Egress> | null = null;
const lines = createInterface({ input: process.stdin });
process.stdout.write(""); // Opens its pipe, which is one of the process's own resources.
const ownResources = resources();
lines.on("line", (line) => {
  const options = JSON.parse(line) as Options | null;
  if (options === null) {
    void closeAndReport();
  } else {
    run = open(options);
    run.catch((error: unknown) => {
      process.stderr.write(`${messageOf(error)}\n`);
      process.exit(1);
    });
  }
});
lines.once("close", () => void leave());

async function open(options: Options): Promise<Egress> {
  const warn = (facts: object, text: string): void => {
    const words = Object.entries(facts).map(([name, value]) => [name, String(value).slice(0, MAX_TEXT)] as const);
    report({ log: { text: text.slice(0, MAX_TEXT), facts: Object.fromEntries(words) } });
    if (opened !== null) report({ refused: [...opened.refused()] });
  };
  // After its end, a run reports nothing, because the messages of another run follow.
  let isClosed = false;
  const report = (message: Message): void => {
    if (!isClosed) say(message);
  };
  let opened: Egress | null = null;
  const egress = await openEgress({ ...options, log: { warn }, onUsage: (usage) => report(usageMessage(usage)) });
  opened = egress;
  say({ ready: { env: egress.env, allowed: egress.allowed } });
  return {
    ...egress,
    async close() {
      await egress.close();
      report({ refused: [...egress.refused()] });
      report(usageMessage(egress.usage()));
      isClosed = true;
    },
  };
}

async function close(): Promise<void> {
  const closing = run;
  run = null;
  await (await closing)?.close();
}

async function closeAndReport(): Promise<void> {
  await close();
  const late = Date.now() + QUIET_MS;
  while (resources() !== ownResources && Date.now() < late) await pause(STEP_MS);
  say({ closed: { isQuiet: resources() === ownResources, memory: process.memoryUsage.rss() } });
}

async function leave(): Promise<void> {
  await close();
  process.stdout.write("", () => process.exit(0));
}

/** Return a list of what the process has open: connections, servers, lookups of names. */
function resources(): string {
  const all = process.getActiveResourcesInfo().filter((name) => name !== "Timeout" && name !== "Immediate");
  return all.toSorted().join(" ");
}

function usageMessage({ unpriced, ...usage }: EgressUsage): Message {
  return { usage: { ...usage, models: { ...usage.models }, unpriced: [...unpriced] } };
}

function say(message: Message): void {
  process.stdout.write(`${JSON.stringify(message)}\n`);
}
