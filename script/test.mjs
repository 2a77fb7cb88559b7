// `npm test`: installs what the tests need, then runs every check and test through turbo. Runs on Node 18.
// What follows `--` goes to turbo: `npm test -- --force` runs what its cache would answer.
import { spawn } from "node:child_process";
import { rmSync } from "node:fs";
import { constants } from "node:os";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { bootstrap } from "./bootstrap.mjs";
import { ownPath } from "../bin/lib/node.mjs";
import { REPORTS, SUMMARIES, TASKS, readResults, verdict } from "./results.mjs";

const root = dirname(dirname(fileURLToPath(import.meta.url)));

if (await bootstrap({ root, dev: true })) {
  // What an earlier run left must not count for this one; turbo brings back the reports of what it need not run again.
  for (const folder of [REPORTS, SUMMARIES]) rmSync(join(root, folder), { recursive: true, force: true });
  const begin = Date.now();
  process.exitCode = await turbo(process.argv.slice(2));
  const { line, failed } = verdict(readResults(root));
  process.stdout.write(`\n${line} in ${Math.round((Date.now() - begin) / 1000)} s\n`);
  if (failed > 0) process.exitCode ||= 1;
}

function turbo(more) {
  const flags = ["--continue=always", "--summarize", "--concurrency=2", "--no-update-notifier", "--log-order=stream"];
  const env = { ...process.env, PATH: ownPath(), TURBO_TELEMETRY_DISABLED: "1", DO_NOT_TRACK: "1" };
  const program = join(root, "node_modules", ".bin", "turbo");
  const child = spawn(process.execPath, [program, "run", ...TASKS, ...flags, ...more], {
    cwd: root,
    env,
    stdio: ["ignore", "inherit", "inherit"],
  });
  // Ctrl-C reaches turbo by itself; what is asked of this process alone is passed on.
  process.on("SIGINT", () => undefined);
  process.on("SIGTERM", () => child.kill("SIGTERM"));
  return new Promise((resolve) => {
    child.once("error", (error) => {
      process.stderr.write(`turbo cannot be started: ${error.message}\n`);
      resolve(1);
    });
    child.once("exit", (code, signal) => resolve(code ?? 128 + (constants.signals[signal] ?? 0)));
  });
}
