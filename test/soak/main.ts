// `npm run soak -- --issues 200 --runners 3 --seed 7`: see docs/reliability/soak.md.
import { dirname } from "node:path";
import { parseArgs } from "node:util";
import { ensureBuilt } from "../../packages/build/ensure.mjs";
import { ROOT } from "../programs.ts";
import { report } from "./report.ts";
import { soak } from "./soak.ts";

const { values } = parseArgs({
  options: {
    issues: { type: "string", default: "20" },
    runners: { type: "string", default: "3" },
    seed: { type: "string", default: "1" },
    /** Keep data, logs and witness files, also after a soak without problems. */
    keep: { type: "boolean", default: false },
  },
});

function whole(name: "issues" | "runners" | "seed", least: number): number {
  const value = Number(values[name]);
  if (Number.isInteger(value) && value >= least) return value;
  throw new Error(`--${name} ${values[name]}: expected a whole number of ${least} or more`);
}

const say = (line: string): void => void process.stdout.write(`${line}\n`);
await ensureBuilt({ root: ROOT, say });
const result = await soak({
  issues: whole("issues", 1),
  runners: whole("runners", 1),
  seed: whole("seed", 0),
  path: `${dirname(process.execPath)}:${process.env["PATH"] ?? ""}`,
  report: say,
});
process.stdout.write(`\n${report(result)}\n`);
if (result.findings.length > 0) {
  process.exitCode = 1;
  process.stdout.write(`\nEverything is kept in ${result.dir}\n`);
} else if (!values.keep) await result.remove();
