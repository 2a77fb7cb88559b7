// A runner with an idle proxy, for a test that kills it.
import { ProcessPool } from "../../process/pool.ts";
import { startProxy } from "../process.ts";

new ProcessPool({ start: () => startProxy({}), maxIdle: 1 }).prepare();
setInterval(() => undefined, 1000);
