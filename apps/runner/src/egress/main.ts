// The proxy of one run, in its own process: an agent that makes it use too much memory or time loses its own network,
// and the runner continues. The proxy reads its options, with the keys, from the first line of its input, and ends with
// its input.
import { messageOf } from "@tac8/core/domain/messageOf";
import { createInterface } from "node:readline";
import type { Message } from "./message.ts";
import { openEgress, type Egress, type EgressOptions, type EgressUsage } from "./open.ts";

const MAX_TEXT = 500;

process.title = "tac8 proxy";
// The runner handles Ctrl-C and a closed terminal.
for (const signal of ["SIGINT", "SIGHUP", "SIGTERM"] as const) process.on(signal, () => undefined);

let egress: Promise<Egress> | null = null;
const lines = createInterface({ input: process.stdin });
lines.once("line", (line) => {
  egress = open(JSON.parse(line) as Omit<EgressOptions, "log" | "onUsage">);
  egress.catch((error: unknown) => {
    process.stderr.write(`${messageOf(error)}\n`);
    process.exit(1);
  });
});
lines.once("close", () => void leave());

async function open(options: Omit<EgressOptions, "log" | "onUsage">): Promise<Egress> {
  const warn = (facts: object, text: string): void => {
    const words = Object.entries(facts).map(([name, value]) => [name, String(value).slice(0, MAX_TEXT)] as const);
    say({ log: { text: text.slice(0, MAX_TEXT), facts: Object.fromEntries(words) } });
    if (opened !== null) say({ refused: [...opened.refused()] });
  };
  let opened: Egress | null = null;
  opened = await openEgress({ ...options, log: { warn }, onUsage: sayUsage });
  say({ ready: { env: opened.env, allowed: opened.allowed } });
  return opened;
}

async function leave(): Promise<void> {
  const opened = await egress;
  if (opened !== null) {
    await opened.close();
    say({ refused: [...opened.refused()] });
    sayUsage(opened.usage());
  }
  process.stdout.write("", () => process.exit(0));
}

function sayUsage({ unpriced, ...usage }: EgressUsage): void {
  say({ usage: { ...usage, models: { ...usage.models }, unpriced: [...unpriced] } });
}

function say(message: Message): void {
  process.stdout.write(`${JSON.stringify(message)}\n`);
}
