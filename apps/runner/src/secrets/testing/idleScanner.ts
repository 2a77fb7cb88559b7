// A runner with an idle scanner, for a test that kills it.
import { ProcessPool } from "../../process/pool.ts";
import { startScanner } from "../scanner.ts";

new ProcessPool({ start: startScanner, maxIdle: 1 }).prepare();
setInterval(() => undefined, 1000);
