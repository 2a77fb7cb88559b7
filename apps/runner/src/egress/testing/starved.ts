// A runner without free descriptors that opens the proxy of a run, and opens it again once it has some. Argument: a folder. It prints
// the error, and then whether the second proxy has opened.
import { closeSync, openSync } from "node:fs";
import { ProcessPool } from "../../process/pool.ts";
import { startProxy } from "../process.ts";
import { startEgress } from "../start.ts";

const [folder = ""] = process.argv.slice(2);
const given = { folder, port: 41_080, env: {}, allow: [], secrets: {}, maxUsd: 0, prices: {}, proxyEnv: {} };
const proxies = new ProcessPool({ start: () => startProxy({}), maxIdle: 1 });
const open = () => startEgress({ ...given, proxies, log: { warn: () => undefined } });
const taken: number[] = [];
try {
  for (;;) taken.push(openSync("/dev/null", "r"));
} catch {
  // None is left now.
}
const error = await open().then(
  () => "none",
  (reason: unknown) => String(reason),
);
for (const fd of taken) closeSync(fd);
const opened = await open();
await opened.close();
await proxies.close();
process.stdout.write(JSON.stringify({ error, isOpened: true }));
