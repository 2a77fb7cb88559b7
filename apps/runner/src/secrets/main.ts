// The scanner: a program of its own, because a hostile text can make a pattern run for hours, and then it is killed.
import { requestSchema } from "./protocol.ts";
import { scan } from "./scan.ts";

const chunks: Buffer[] = [];
for await (const chunk of process.stdin) chunks.push(chunk as Buffer);
const input = Buffer.concat(chunks);
const end = input.indexOf("\n");
const request = requestSchema.parse(JSON.parse(input.toString("utf8", 0, end)));
const findings = await scan(request, input.toString("utf8", end + 1));
process.stdout.write(JSON.stringify({ findings }));
