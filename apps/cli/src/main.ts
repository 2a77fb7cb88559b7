import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { titleOf } from "../../../bin/lib/commandOf.mjs";
import { removeSecrets } from "@tac8/core/app/ownSecrets";
import { useProxy } from "@tac8/core/app/useProxy";
import { withExit } from "@tac8/core/config/exit";
import { runCli } from "./cli.ts";
import { contextOf } from "./processContext.ts";
import { APPS } from "./up/apps.ts";

process.title = titleOf(process.argv.slice(2));
const launcher = fileURLToPath(new URL("../../../bin/tac8.mjs", import.meta.url));
const { env: own, shown } = removeSecrets(process.env);
// Commands that need no network work without the password of the exit. If it is missing, `tac8 doctor` reports it.
const { env } = withExit(own, (path) => readFileSync(path, "utf8"));
useProxy(env);
const context = contextOf({ process, taken: { env, shown }, apps: APPS, launcher });
const code = await runCli(process.argv.slice(2), context);
// Exit explicitly, because a failed connection keeps a timer of 2 s. All output is written: Linux writes to pipes synchronously.
process.exit(code);
