// The scanner is a separate program, because a hostile text can make a pattern run for hours. It is killed then. It does one search
// after the other, until its input ends.
import { FramedInput } from "./framing.ts";
import type { KnownAnswer, PatternsAnswer, ScanRequest } from "./protocol.ts";
import { Scan } from "./scan.ts";

process.title = "tac8 scanner";

const input = new FramedInput(process.stdin as AsyncIterable<Buffer>);
for (let line = await input.line(); line !== null; line = await input.line()) await search(line);

/** Nothing of a search stays for the next one. */
async function search(line: string): Promise<void> {
  const scan = new Scan(JSON.parse(line) as ScanRequest);
  for await (const piece of input.patch()) scan.push(piece);
  // Written before the patterns, so that this result counts even if the patterns never end.
  await say({ known: scan.known() });
  await say({ patterns: await scan.patterns(), memory: process.memoryUsage.rss() });
}

function say(answer: KnownAnswer | PatternsAnswer): Promise<void> {
  return new Promise((resolve) => {
    process.stdout.write(`${JSON.stringify(answer)}\n`, () => resolve());
  });
}
