import { fileURLToPath } from "node:url";
import { titleOf } from "../../../bin/lib/commandOf.mjs";
import { useProxy } from "@tac8/core/app/useProxy";
import { runCli } from "./cli.ts";
import { contextOf } from "./processContext.ts";
import { APPS } from "./up/apps.ts";

process.title = titleOf(process.argv.slice(2));
useProxy(process.env);
const launcher = fileURLToPath(new URL("../../../bin/tac8.mjs", import.meta.url));
const code = await runCli(process.argv.slice(2), contextOf({ process, apps: APPS, launcher }));
// Not by itself: a connection that failed keeps a timer of 2 s. All output is written, as Linux does that at once.
process.exit(code);
