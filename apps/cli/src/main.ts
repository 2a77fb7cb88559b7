import { fileURLToPath } from "node:url";
import { titleOf } from "../../../bin/lib/commandOf.mjs";
import { useProxy } from "@tac8/core/app/useProxy";
import { runCli } from "./cli.ts";
import { contextOf } from "./processContext.ts";
import { APPS } from "./up/apps.ts";

process.title = titleOf(process.argv.slice(2));
const launcher = fileURLToPath(new URL("../../../bin/tac8.mjs", import.meta.url));
const context = contextOf({ process, apps: APPS, launcher });
useProxy(context.env);
const code = await runCli(process.argv.slice(2), context);
// Not by itself: a connection that failed keeps a timer of 2 s. All output is written, as Linux does that at once.
process.exit(code);
