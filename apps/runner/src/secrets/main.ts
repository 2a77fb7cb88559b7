// The scanner is a separate program, because a hostile text can make a pattern run for hours. It is killed then.
import type { KnownAnswer, PatternsAnswer, ScanRequest } from "./protocol.ts";
import { Scan } from "./scan.ts";

const LINE_END = 10;
let first: Buffer[] | null = [];
let scan: Scan | null = null;
for await (const chunk of process.stdin as AsyncIterable<Buffer>) {
  if (first === null) {
    scan?.push(chunk);
    continue;
  }
  const end = chunk.indexOf(LINE_END);
  first.push(end < 0 ? chunk : chunk.subarray(0, end));
  if (end < 0) continue;
  scan = new Scan(JSON.parse(Buffer.concat(first).toString("utf8")) as ScanRequest);
  first = null;
  scan.push(chunk.subarray(end + 1));
}
if (scan === null) throw new Error("no request");
// Written before the patterns, so that this result counts even if the patterns never end.
await say({ known: scan.known() });
await say({ patterns: await scan.patterns() });

function say(answer: KnownAnswer | PatternsAnswer): Promise<void> {
  return new Promise((resolve) => {
    process.stdout.write(`${JSON.stringify(answer)}\n`, () => resolve());
  });
}
