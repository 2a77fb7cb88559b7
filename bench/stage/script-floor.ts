import { execFile } from "node:child_process";
import { mkdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { promisify } from "node:util";
import type { Bench } from "../bench.ts";
import { AGENT } from "./issues.ts";
import { OWNER, type BenchStage } from "./stage.ts";
import { timed, type Timed } from "./timed.ts";

const SCRIPT = join(import.meta.dirname, "../programs/by-hand.sh");
const NAME = "by-hand";

export const SCRIPT_REPO = `${OWNER}/${NAME}`;

/** The same work as tac8's, done by a shell script in a separate repository on the same GitHub. */
export interface ScriptFloor {
  /** Folder in which the script's agents create a file when they start. */
  readonly witness: string;
  /** Run one script for each issue, several at the same time. */
  run(numbers: readonly number[], atOnce: number): Promise<Timed>;
}

/** Create the repository and its mirror. */
export async function openScriptFloor(
  bench: Bench,
  stage: BenchStage,
  files: Readonly<Record<string, string>>,
): Promise<ScriptFloor> {
  const { github, token, dir } = stage;
  await github.createRepository({ owner: OWNER, name: NAME, files });
  const home = join(dir, NAME);
  const mirror = join(home, "mirror.git");
  const trees = join(home, "trees");
  const witness = join(home, "witness");
  for (const folder of [trees, witness]) await mkdir(folder, { recursive: true });
  const header = `Authorization: Basic ${Buffer.from(`x-access-token:${token}`).toString("base64")}`;
  const settings: readonly [string, string][] = [
    [`http.${github.url}/.extraHeader`, header],
    ["gc.auto", "0"],
    ["maintenance.auto", "false"],
  ];
  const env = {
    PATH: bench.path,
    HOME: home,
    GIT_CONFIG_GLOBAL: "/dev/null",
    GIT_CONFIG_NOSYSTEM: "1",
    GIT_TERMINAL_PROMPT: "0",
    GIT_CONFIG_COUNT: String(settings.length),
    ...Object.fromEntries(
      settings.flatMap(([key, value], index) => [
        [`GIT_CONFIG_KEY_${index}`, key],
        [`GIT_CONFIG_VALUE_${index}`, value],
      ]),
    ),
    TAC8_BENCH_WITNESS: witness,
    BY_HAND_MIRROR: mirror,
    BY_HAND_TREES: trees,
    BY_HAND_TOKEN: token,
    BY_HAND_API: `${github.url}/repos/${SCRIPT_REPO}`,
    BY_HAND_AGENT: AGENT,
  };
  await promisify(execFile)("git", ["clone", "--quiet", "--bare", `${github.url}/${SCRIPT_REPO}.git`, mirror], {
    env,
  });
  return {
    witness,
    async run(numbers, atOnce) {
      const list = join(home, "numbers");
      await writeFile(list, `${numbers.join("\n")}\n`);
      const command = ["xargs", `--arg-file=${list}`, `--max-procs=${atOnce}`, "--max-args=1", "sh", SCRIPT];
      return timed({ command, env, cwd: dir, leftovers: bench.leftovers, signal: bench.signal });
    },
  };
}
