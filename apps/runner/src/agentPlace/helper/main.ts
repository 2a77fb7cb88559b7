// The helper: works in an issue's folders for the runner. The git spawner is the same program outside of sandboxes. It reads requests
// from descriptor 0 and writes answers to descriptor 1 (see protocol.ts). The only argument is its title. Descriptor 3 may be the lock of the workspace's sandboxes. The process ends when its input ends.
import { Socket } from "node:net";
import { MAX_PAYLOAD, MAX_REQUEST_HEADER, type Numbered, type Request } from "./protocol.ts";
import { FrameReader } from "./frames.ts";
import { createServer } from "./server.ts";

// `pkill node` of an agent, with or without -f, must not match it.
process.title = process.argv[2] ?? "tac8 helper";

const input = new Socket({ fd: 0, readable: true, writable: false });
const output = new Socket({ fd: 1, readable: false, writable: true });
const server = createServer(output);
const reader = new FrameReader({ header: MAX_REQUEST_HEADER, payload: () => MAX_PAYLOAD });

input.on("data", (chunk: Buffer) => {
  for (const { header, payload } of reader.push(chunk)) server.take(header as Numbered<Request>, payload);
});
input.on("end", leave);
input.on("error", leave);
output.on("error", leave);

function leave(): void {
  void server.close().then(() => process.exit(0));
}
