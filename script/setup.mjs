// `npm run setup`: installs what development and tests need, then builds dist/. `npm test` includes it. Runs on Node 18.
import { dirname } from "node:path";
import { fileURLToPath } from "node:url";
import { bootstrap } from "./bootstrap.mjs";

await bootstrap({ root: dirname(dirname(fileURLToPath(import.meta.url))), dev: true });
